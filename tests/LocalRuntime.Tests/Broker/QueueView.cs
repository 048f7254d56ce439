using Azure.Messaging.ServiceBus;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Tests.Broker;

/// <summary>A queue whose every feature matters, and all that can be seen of one.</summary>
internal static class QueueView
{
    private static readonly ReceiveSource DeadLetters = new(SubQueue.DeadLetter, Session: null);

    public static QueueDefinition Definition(bool sessions) => new()
    {
        Name = "q",
        RequiresSession = sessions,
        RequiresDuplicateDetection = true,
        MaxDeliveryCount = 3,
        DefaultMessageTimeToLive = TimeSpan.FromMinutes(10),
        DeadLetteringOnMessageExpiration = true,
    };

    public static List<string> Describe(QueueMachine machine) =>
    [
        $"{machine.Counts} next due {machine.NextDue:O}",
        .. machine.Peek(default, 0, BrokerLimits.MaxPeekedMessages).Select(Describe),
        .. machine.Peek(DeadLetters, 0, BrokerLimits.MaxPeekedMessages).Select(Describe),
    ];

    private static string Describe(Delivery delivery)
        => $"{delivery with { Content = new SentMessage() }} {delivery.Content.MessageId} {string.Join(' ', delivery.Content.Properties)}";

    /// <summary>Lets all locks run out and takes what is there, in the order in which the queue gives it.</summary>
    public static List<(long, string?, int)> Drain(QueueMachine machine, DateTimeOffset now)
    {
        now += machine.Definition.LockDuration;
        machine.AdvanceTo(now);
        var drained = new List<(long, string?, int)>();
        while (machine.Definition.RequiresSession && machine.TryAcceptNextSession(now, out var lease))
        {
            Take(new ReceiveSource(SubQueue.None, lease));
            machine.ReleaseSession(lease);
        }
        if (!machine.Definition.RequiresSession)
        {
            Take(default);
        }
        Take(DeadLetters);
        return drained;

        void Take(ReceiveSource source) => drained.AddRange(
            machine.Receive(source, ServiceBusReceiveMode.ReceiveAndDelete, int.MaxValue, now)
                .Select(delivery => (delivery.SequenceNumber, delivery.Content.SessionId, delivery.DeliveryCount)));
    }
}

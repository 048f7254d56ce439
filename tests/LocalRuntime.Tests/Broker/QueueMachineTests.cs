using Azure.Messaging.ServiceBus;
using CsCheck;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Tests.Broker;

public sealed class QueueMachineTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly ReceiveSource DeadLetters = new(IsDeadLetter: true, Session: null);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Replay_OfTheChangesOfAnyHistory_GivesTheSameQueue(bool sessions)
        => Gen.Int.Sample(
            seed =>
            {
                var changes = new List<QueueChange>();
                var definition = Definition(sessions);
                var original = new QueueMachine(definition, new Random(seed), changes.Add);
                var history = new RandomHistory(original, new Random(seed), Start);
                history.Run(steps: 200);

                var replayed = new QueueMachine(definition, new Random(seed + 1));
                changes.ForEach(replayed.Replay);

                Assert.Equal(Describe(original), Describe(replayed));
                Assert.Equal(Drain(original, history.Now), Drain(replayed, history.Now));
            },
            iter: 100);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Messages_AfterAnyHistory_AreAllInOneStateOrWereCompleted(bool sessions)
        => Gen.Int.Sample(
            seed =>
            {
                var machine = new QueueMachine(Definition(sessions), new Random(seed));
                var history = new RandomHistory(machine, new Random(seed), Start);
                history.Run(steps: 200);

                var counts = machine.Counts;
                Assert.Equal(history.Sent - history.Completed, counts.Active + counts.Scheduled + counts.Deferred + counts.DeadLetter);
            },
            iter: 100);

    [Fact]
    public void Apply_OfAChangeOfAnotherQueue_IsRefused()
    {
        var machine = new QueueMachine(Definition(sessions: false), new Random(1));

        Assert.Throws<InvalidOperationException>(() => machine.Replay(new MessageRemoved(new MessagePlace(1, IsDeadLetter: false))));
    }

    [Fact]
    public void Tokens_FromTheSameSeed_AreTheSame()
    {
        Assert.Equal(TokenOf(seed: 7), TokenOf(seed: 7));
        Assert.NotEqual(TokenOf(seed: 7), TokenOf(seed: 8));

        static Guid TokenOf(int seed)
        {
            var machine = new QueueMachine(Definition(sessions: false), new Random(seed));
            machine.Send([new SentMessage { MessageId = "a" }], Start);
            return Assert.Single(machine.Receive(default, ServiceBusReceiveMode.PeekLock, 1, Start)).LockToken;
        }
    }

    private static QueueDefinition Definition(bool sessions) => new()
    {
        Name = "q",
        RequiresSession = sessions,
        RequiresDuplicateDetection = true,
        MaxDeliveryCount = 3,
        DefaultMessageTimeToLive = TimeSpan.FromMinutes(10),
        DeadLetteringOnMessageExpiration = true,
    };

    private static List<string> Describe(QueueMachine machine) =>
    [
        $"{machine.Counts} next due {machine.NextDue:O}",
        .. machine.Peek(default, 0, BrokerLimits.MaxPeekedMessages).Select(Describe),
        .. machine.Peek(DeadLetters, 0, BrokerLimits.MaxPeekedMessages).Select(Describe),
    ];

    private static string Describe(Delivery delivery)
        => $"{delivery with { Content = new SentMessage() }} {delivery.Content.MessageId} {string.Join(' ', delivery.Content.Properties)}";

    /// <summary>Lets all locks run out and takes what is there, in the order in which the queue gives it.</summary>
    private static List<(long, string?, int)> Drain(QueueMachine machine, DateTimeOffset now)
    {
        now += machine.Definition.LockDuration;
        machine.AdvanceTo(now);
        var drained = new List<(long, string?, int)>();
        while (machine.Definition.RequiresSession && machine.TryAcceptNextSession(now, out var lease))
        {
            Take(new ReceiveSource(IsDeadLetter: false, lease));
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

using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.Time.Testing;

namespace ModelJobs.Functions.Tests.Support;

/// <summary>
/// A client on whose sessions no one waits: where a receive would, the fake clock jumps to the end of the wait. So time passes exactly
/// where the code under test lets it pass, and input and output, which are real, take none.
/// </summary>
internal sealed class JumpingClient(ServiceBusClient inner, FakeTimeProvider time) : ServiceBusClient
{
    /// <summary>What is sent during the waits, one after another: such a wait ends without time passing.</summary>
    public Queue<Func<Task>> Arrivals { get; } = [];

    /// <summary>How long each wait was, at most.</summary>
    public List<TimeSpan> Waits { get; } = [];

    public override async Task<ServiceBusSessionReceiver> AcceptSessionAsync(
        string queueName, string sessionId, ServiceBusSessionReceiverOptions? options = null, CancellationToken cancellationToken = default) =>
        new JumpingSession(this, await inner.AcceptSessionAsync(queueName, sessionId, options, cancellationToken));

    public override ServiceBusReceiver CreateReceiver(string queueName) => inner.CreateReceiver(queueName);

    private Task PassAsync(TimeSpan wait)
    {
        if (Arrivals.TryDequeue(out var arrive))
        {
            return arrive();
        }

        time.Advance(wait);
        return Task.CompletedTask;
    }

    private sealed class JumpingSession(JumpingClient client, ServiceBusSessionReceiver session) : ServiceBusSessionReceiver
    {
        public override async Task<IReadOnlyList<ServiceBusReceivedMessage>> ReceiveMessagesAsync(
            int maxMessages, TimeSpan? maxWaitTime = null, CancellationToken cancellationToken = default)
        {
            var receive = session.ReceiveMessagesAsync(maxMessages, maxWaitTime, cancellationToken);
            if (!receive.IsCompleted && maxWaitTime is { } wait)
            {
                client.Waits.Add(wait);
                await client.PassAsync(wait);
            }

            return await receive.BoundedAsync();
        }

        public override string EntityPath => session.EntityPath;

        public override Task<ServiceBusReceivedMessage?> PeekMessageAsync(long? fromSequenceNumber = null, CancellationToken cancellationToken = default) =>
            session.PeekMessageAsync(fromSequenceNumber, cancellationToken);

        public override Task<IReadOnlyList<ServiceBusReceivedMessage>> PeekMessagesAsync(
            int maxMessages, long? fromSequenceNumber = null, CancellationToken cancellationToken = default) =>
            session.PeekMessagesAsync(maxMessages, fromSequenceNumber, cancellationToken);

        public override Task CompleteMessageAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default) =>
            session.CompleteMessageAsync(message, cancellationToken);

        public override Task DeadLetterMessageAsync(
            ServiceBusReceivedMessage message,
            string? deadLetterReason,
            string? deadLetterErrorDescription = null,
            CancellationToken cancellationToken = default) =>
            session.DeadLetterMessageAsync(message, deadLetterReason, deadLetterErrorDescription, cancellationToken);

        public override Task RenewSessionLockAsync(CancellationToken cancellationToken = default) => session.RenewSessionLockAsync(cancellationToken);

        public override Task CloseAsync(CancellationToken cancellationToken = default) => session.CloseAsync(cancellationToken);
    }
}

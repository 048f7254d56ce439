using Azure.Messaging.ServiceBus;

namespace ModelJobs.LocalRuntime.Broker;

internal sealed class BrokerQueue(QueueDefinition definition, TimeProvider time, Random random) : IDisposable
{
    public string Name => definition.Name;
    public ValueTask<IReadOnlyList<long>> SendAsync(IReadOnlyList<SentMessage> messages) => throw new NotSupportedException(time.ToString() + random);
    public ValueTask CancelScheduledAsync(IReadOnlyList<long> sequenceNumbers) => throw new NotSupportedException();
    public ValueTask<Delivery[]> ReceiveAsync(ReceiveSource source, ServiceBusReceiveMode mode, int maxMessages, TimeSpan maxWait, CancellationToken cancellationToken) => throw new NotSupportedException();
    public ValueTask<Delivery[]> ReceiveDeferredAsync(ReceiveSource source, ServiceBusReceiveMode mode, IReadOnlyList<long> sequenceNumbers) => throw new NotSupportedException();
    public ValueTask<Delivery[]> PeekAsync(ReceiveSource source, long fromSequenceNumber, int maxMessages) => throw new NotSupportedException();
    public ValueTask SettleAsync(ReceiveSource source, Guid lockToken, Settlement settlement) => throw new NotSupportedException();
    public ValueTask<DateTimeOffset> RenewLockAsync(ReceiveSource source, Guid lockToken) => throw new NotSupportedException();
    public ValueTask<SessionLease> AcceptSessionAsync(string sessionId) => throw new NotSupportedException();
    public ValueTask<SessionLease> AcceptNextSessionAsync(TimeSpan maxWait, CancellationToken cancellationToken) => throw new NotSupportedException();
    public ValueTask<DateTimeOffset> RenewSessionLockAsync(SessionLease lease) => throw new NotSupportedException();
    public ValueTask ReleaseSessionAsync(SessionLease lease) => throw new NotSupportedException();
    public ValueTask<ReadOnlyMemory<byte>?> GetSessionStateAsync(SessionLease lease) => throw new NotSupportedException();
    public ValueTask SetSessionStateAsync(SessionLease lease, ReadOnlyMemory<byte>? state) => throw new NotSupportedException();
    public void Dispose() { }
}

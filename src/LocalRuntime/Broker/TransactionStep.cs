namespace ModelJobs.LocalRuntime.Broker;

/// <summary>One operation of a transaction, to be done at its commit, inside <see cref="BrokerQueue.TryTogether"/>.</summary>
internal abstract record TransactionStep(BrokerQueue Queue)
{
    /// <summary>Refuses what cannot be done now.</summary>
    /// <returns>Bytes for which the queue must have room.</returns>
    public abstract long Check(DateTimeOffset now);

    /// <summary>Does it; does not fail after a check of all steps at the same moment.</summary>
    public abstract void Apply(DateTimeOffset now);
}

internal sealed record SendStep(BrokerQueue Queue, IReadOnlyList<SentMessage> Messages, IReadOnlyList<long>? Reserved) : TransactionStep(Queue)
{
    public override long Check(DateTimeOffset now) => Queue.Machine.CheckSend(Messages);

    public override void Apply(DateTimeOffset now) => Queue.Machine.SendChecked(Messages, Reserved, now);
}

internal sealed record CancelStep(BrokerQueue Queue, IReadOnlyList<long> SequenceNumbers) : TransactionStep(Queue)
{
    public override long Check(DateTimeOffset now)
    {
        Queue.Machine.CheckScheduled(SequenceNumbers);
        return 0;
    }

    public override void Apply(DateTimeOffset now) => Queue.Machine.CancelScheduled(SequenceNumbers);
}

internal sealed record SettleStep(
    BrokerQueue Queue, ReceiveSource Source, Guid LockToken, Settlement Settlement, BrokerTransaction Transaction) : TransactionStep(Queue)
{
    public override long Check(DateTimeOffset now)
    {
        Queue.Machine.CheckSettle(Source, LockToken, now, Transaction);
        return 0;
    }

    public override void Apply(DateTimeOffset now) => Queue.Machine.Settle(Source, LockToken, Settlement, now, Transaction);
}

internal sealed record SessionStateStep(BrokerQueue Queue, SessionLease Lease, ReadOnlyMemory<byte>? State) : TransactionStep(Queue)
{
    public override long Check(DateTimeOffset now) => Queue.Machine.CheckSessionState(Lease, State);

    public override void Apply(DateTimeOffset now) => Queue.Machine.SetSessionStateChecked(Lease, State);
}

namespace ModelJobs.LocalRuntime.Tests.Broker.Model;

/// <summary>Begins a transaction that sends through a queue, or, if its number is negative, directly.</summary>
internal sealed record BeginTransaction(int Slot, int Via) : IOperation
{
    public void Do(BrokerWorld world) => world.Begin(Slot, Via < 0 ? null : world.Pick(Via).Name);
}

internal sealed record EndTransaction(int Slot, bool Commits) : IOperation
{
    public void Do(BrokerWorld world)
    {
        if (world.Transactions[Slot] is not { } transaction)
        {
            return;
        }
        world.Transactions[Slot] = null;
        world.Ask(
            model =>
            {
                if (Commits)
                {
                    model.Commit(transaction.Model);
                }
                else
                {
                    transaction.Model.Rollback();
                }
                return "ended";
            },
            broker =>
            {
                if (Commits)
                {
                    BrokerWorld.Get(new ValueTask(transaction.Real.CommitAsync()));
                }
                else
                {
                    transaction.Real.Rollback();
                }
                return "ended";
            });
    }
}

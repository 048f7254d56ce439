namespace ModelJobs.LocalRuntime.Tests.Broker.Model;

internal sealed record Advance(int Minutes) : IOperation
{
    public void Do(BrokerWorld world) => world.AdvanceTo(world.Now + TimeSpan.FromMinutes(Minutes));
}

internal sealed record AdvanceToNextMoment(int PlusMilliseconds) : IOperation
{
    public void Do(BrokerWorld world) => world.AdvanceToNextMoment(TimeSpan.FromMilliseconds(PlusMilliseconds));
}

internal sealed record Restart : IOperation
{
    public void Do(BrokerWorld world) => world.Restart();
}

internal sealed record Crash(int Operations) : IOperation
{
    public void Do(BrokerWorld world) => world.Crash(Operations);
}

internal sealed record CrashWithin(IOperation Operation) : IOperation
{
    public void Do(BrokerWorld world) => world.CrashWithin(Operation);
}

using Azure.Messaging.ServiceBus;

namespace ModelJobs.LocalRuntime.Tests.Broker.Model;

internal sealed record AcceptSession(int Queue, int Session) : IOperation
{
    public void Do(BrokerWorld world) => world.Accept(
        world.Pick(Queue).Name, (model, queue) => model.AcceptSession(queue, $"s{Session}"), queue => queue.AcceptSessionAsync($"s{Session}"));
}

internal sealed record AcceptNextSession(int Queue) : IOperation
{
    public void Do(BrokerWorld world) => world.Accept(
        world.Pick(Queue).Name, (model, queue) => model.AcceptNextSession(queue),
        queue => queue.AcceptNextSessionAsync(TimeSpan.Zero, CancellationToken.None));
}

internal enum SessionAction
{
    Release,
    Renew,
    GetState,
    SetState,
    ClearState,
}

/// <summary>Does something with a session, and forgets it unless it shall be used again later.</summary>
internal sealed record OnSession(int Lease, SessionAction Action, int Transaction, bool Again) : IOperation
{
    private const string State = "a state that takes some room in the queue";

    public void Do(BrokerWorld world)
    {
        if (world.Leases.Count == 0)
        {
            return;
        }
        var held = world.Leases[^((Lease % world.Leases.Count) + 1)];
        var (lease, real) = held;
        var transaction = world.PickTransaction(Transaction);
        var state = Action == SessionAction.SetState ? State : null;
        var answer = world.Ask(
            model =>
            {
                switch (Action)
                {
                    case SessionAction.Release:
                        model.Release(lease);
                        return "";
                    case SessionAction.Renew:
                        return $"{model.RenewSession(lease):O}";
                    case SessionAction.GetState:
                        return model.GetState(lease) ?? "none";
                    default:
                        model.SetState(lease, state, transaction?.Model);
                        return "";
                }
            },
            broker =>
            {
                var queue = broker.Find(lease.Queue);
                ReadOnlyMemory<byte>? bytes = state is null ? default(ReadOnlyMemory<byte>?) : System.Text.Encoding.ASCII.GetBytes(state);
                switch (Action)
                {
                    case SessionAction.Release:
                        queue.ReleaseSession(real);
                        return "";
                    case SessionAction.Renew:
                        return $"{BrokerWorld.Get(queue.RenewSessionLockAsync(real)):O}";
                    case SessionAction.GetState:
                        return BrokerWorld.Get(queue.GetSessionStateAsync(real)) is { } found ? System.Text.Encoding.ASCII.GetString(found.Span) : "none";
                    default:
                        if (transaction is { } given)
                        {
                            given.Real.SetSessionState(queue, real, bytes);
                        }
                        else
                        {
                            BrokerWorld.Get(queue.SetSessionStateAsync(real, bytes));
                        }
                        return "";
                }
            });
        if (!Again && (Action == SessionAction.Release || answer == nameof(ServiceBusFailureReason.SessionLockLost)))
        {
            world.Leases.Remove(held);
        }
    }
}

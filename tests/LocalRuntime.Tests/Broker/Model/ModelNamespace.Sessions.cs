namespace ModelJobs.LocalRuntime.Tests.Broker.Model;

/// <content>Sessions.</content>
internal sealed partial class ModelNamespace
{
    public ModelLease AcceptSession(string name, string id)
    {
        var queue = SessionQueue(name);
        return queue.Session(id).Lock is null ? Hold(queue, queue.Session(id)) : throw new ModelRefusal("SessionCannotBeLocked");
    }

    public ModelLease AcceptNextSession(string name)
    {
        var queue = SessionQueue(name);
        var next = queue.Sessions.Where(session => session.Turn is not null).MinBy(session => session.Turn);
        return next is not null ? Hold(queue, next) : throw new ModelRefusal("ServiceTimeout");
    }

    public DateTimeOffset RenewSession(ModelLease lease)
        => Held(lease).LockedUntil = Now + Queue(lease.Queue).Settings.LockDuration;

    public void Release(ModelLease lease)
    {
        var session = Queue(lease.Queue).Session(lease.Session);
        if (session.Lock == lease.Lock)
        {
            Then(() => Queue(lease.Queue).EndHold(session, failed: false));
        }
    }

    public string? GetState(ModelLease lease) => Held(lease).State;

    public void SetState(ModelLease lease, string? state, ModelTransaction? transaction)
    {
        transaction?.Join(lease.Queue);
        var queue = Queue(lease.Queue);
        CheckRoom(queue, Growth());
        if (transaction is null)
        {
            Held(lease).State = state;
        }
        else
        {
            transaction.Add(queue, Growth, () => Held(lease).State = state);
        }

        long Growth() => Math.Max(0, (state?.Length ?? 0) - (Held(lease).State?.Length ?? 0));
    }

    private ModelQueue SessionQueue(string name) => Queue(name) is { Settings.Sessions: true } queue ? queue : throw new ModelRefusal("InvalidOperation");

    private ModelLease Hold(ModelQueue queue, ModelSession session)
    {
        session.Lock = ++_locks[0];
        session.LockedUntil = Now + queue.Settings.LockDuration;
        queue.Touch(session.Id);
        return new ModelLease(queue.Settings.Name, session.Id, _locks[0]);
    }

    private ModelSession Held(ModelLease lease)
        => Queue(lease.Queue).Session(lease.Session) is var session && session.Lock == lease.Lock ? session : throw new ModelRefusal("SessionLockLost");
}

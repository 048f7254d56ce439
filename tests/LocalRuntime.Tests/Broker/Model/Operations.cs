using Azure.Messaging.ServiceBus;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Tests.Broker.Model;

/// <summary>
/// Something that is done to a broker and its model. Whom it concerns (a queue, a received message, a session) is a number, taken modulo
/// how many there are, so that every operation makes sense at any time.
/// </summary>
internal interface IOperation
{
    void Do(BrokerWorld world);
}

/// <summary>What the message of an operation is made from; minutes are 0 for "not set".</summary>
internal sealed record MessageSeed(int Id, int Session, int Subject, int Body, int LiveMinutes, int DueMinutes)
{
    public ModelMessage Make(BrokerWorld world, ModelSettings queue) => new()
    {
        Id = $"m{Id}",
        Session = Session < 0 ? null : $"s{Session}",
        Subject = Subject switch { 0 => null, 1 => "a", _ => "b" },
        BodyBytes = Body * 100,
        SentTimeToLive = LiveMinutes == 0 ? null : TimeSpan.FromMinutes(LiveMinutes),
        // A queue to which others forward has no times of its own to enqueue at: which of two came first would not be known.
        DueAt = DueMinutes == 0 || world.Settings.Any(other => queue.Name == other.ForwardTo || queue.Name == other.ForwardDeadLettersTo)
            ? null
            : world.Now + TimeSpan.FromMinutes(DueMinutes),
    };
}

internal sealed record Send(int Queue, MessageSeed[] Messages, int Transaction, bool Schedules) : IOperation
{
    public void Do(BrokerWorld world)
    {
        var queue = world.Pick(Queue);
        var transaction = world.PickTransaction(Transaction);
        // The broker's messages are made first: the model changes its own.
        var messages = Messages.Select(seed => seed.Make(world, queue)).ToList();
        var sent = messages.ConvertAll(BrokerWorld.ToSent);
        world.Ask(
            model => string.Join(' ', model.Send(queue.Name, messages, transaction?.Model, Schedules, transaction?.Via)),
            broker =>
            {
                IReadOnlyList<long> numbers = [];
                if (transaction is null)
                {
                    numbers = BrokerWorld.Get(broker.Find(queue.Name).SendAsync(sent));
                }
                else if (Schedules)
                {
                    numbers = transaction.Value.Real.Schedule(broker.Find(queue.Name), sent, transaction.Value.Via);
                }
                else
                {
                    transaction.Value.Real.Send(broker.Find(queue.Name), sent, transaction.Value.Via);
                }
                world.Numbers.AddRange(numbers.Select(number => (queue.Name, number)));
                return string.Join(' ', numbers);
            });
    }
}

internal sealed record Cancel(int Number, int Transaction) : IOperation
{
    public void Do(BrokerWorld world)
    {
        if (world.Numbers.Count > 0)
        {
            var (queue, number) = world.Numbers[^((Number % world.Numbers.Count) + 1)];
            var transaction = world.PickTransaction(Transaction);
            world.Ask(
                model =>
                {
                    model.Cancel(queue, number, transaction?.Model, transaction?.Via);
                    return "done";
                },
                broker =>
                {
                    if (transaction is { } given)
                    {
                        given.Real.CancelScheduled(broker.Find(queue), [number], given.Via);
                    }
                    else
                    {
                        BrokerWorld.Get(broker.Find(queue).CancelScheduledAsync([number]));
                    }
                    return "done";
                });
        }
    }
}

/// <summary>Receives from a part of a queue: 0 is the queue itself, or a session of it, and others are its sub-queues.</summary>
internal sealed record Receive(int Queue, int Part, int Lease, int Max, bool Deletes) : IOperation
{
    public void Do(BrokerWorld world)
    {
        var (queue, part, lease) = world.PickSource(Queue, Part, Lease);
        IReadOnlyList<(ModelMessage, ModelHandle?)> expected = [];
        world.Ask(
            model => string.Join('\n', BrokerWorld.Describe(expected = model.Receive(queue, (ModelPart)part, lease?.Model, Max, Deletes))),
            broker =>
            {
                var request = new ReceiveRequest(
                    new ReceiveSource(part, lease?.Real), Deletes ? ServiceBusReceiveMode.ReceiveAndDelete : ServiceBusReceiveMode.PeekLock, Max);
                var deliveries = BrokerWorld.Get(broker.Find(queue).ReceiveAsync(request, TimeSpan.Zero, CancellationToken.None));
                return string.Join('\n', world.Take(queue, deliveries, expected));
            });
    }
}

/// <summary>Asks for one that was deferred, and perhaps for another message of the queue.</summary>
internal sealed record ReceiveDeferred(int Deferred, int Lease, int? Other) : IOperation
{
    public void Do(BrokerWorld world)
    {
        if (world.Deferred.Count == 0)
        {
            return;
        }
        var (queue, modelPart, number) = world.Deferred[^((Deferred % world.Deferred.Count) + 1)];
        var part = (SubQueue)modelPart;
        var lease = part == SubQueue.None ? world.PickLease(queue, Lease) : null;
        var numbers = new List<long> { number };
        if (Other is { } other)
        {
            var known = world.Numbers.Where(number => number.Queue == queue).Select(number => number.Number).ToList();
            numbers.Add(known[^((other % known.Count) + 1)]);
        }
        IReadOnlyList<(ModelMessage, ModelHandle?)> expected = [];
        world.Ask(
            model => string.Join('\n', BrokerWorld.Describe(expected = model.ReceiveDeferred(queue, (ModelPart)part, lease?.Model, numbers))),
            broker =>
            {
                var deliveries = BrokerWorld.Get(
                    broker.Find(queue).ReceiveDeferredAsync(new ReceiveSource(part, lease?.Real), ServiceBusReceiveMode.PeekLock, numbers));
                return string.Join('\n', world.Take(queue, deliveries, expected));
            });
    }
}

/// <summary>Begins to wait for a message of the first queue.</summary>
internal sealed record WaitForMessage(int Minutes) : IOperation
{
    public void Do(BrokerWorld world)
    {
        var queue = world.Settings[0].Name;
        var atMost = TimeSpan.FromMinutes(Minutes);
        ModelWait? waiting = null;
        world.Ask(
            model =>
            {
                waiting = model.Wait(queue, atMost);
                return "";
            },
            broker =>
            {
                var request = new ReceiveRequest(default, ServiceBusReceiveMode.PeekLock, MaxMessages: 1);
                world.Wait(waiting!, broker.Find(queue).ReceiveAsync(request, atMost, CancellationToken.None).AsTask());
                return "";
            });
    }
}

internal sealed record Peek(int Queue, int Part, int Lease, int From, int Max) : IOperation
{
    public void Do(BrokerWorld world)
    {
        var (queue, part, lease) = world.PickSource(Queue, Part, Lease);
        world.Ask(
            model => string.Join('\n', model.Peek(queue, (ModelPart)part, lease?.Model, From, Max)),
            broker => string.Join('\n', BrokerWorld.Get(broker.Find(queue).PeekAsync(new ReceiveSource(part, lease?.Real), From, Max))
                .Select(delivery => BrokerWorld.Describe(delivery, delivery.DeliveryCount))));
    }
}

/// <summary>Settles a message, and forgets it unless it shall be tried again later.</summary>
internal sealed record Settle(int Handle, ModelSettlement How, bool WithChange, int Transaction, bool Again) : IOperation
{
    public void Do(BrokerWorld world)
    {
        if (world.Handles.Count == 0)
        {
            return;
        }
        var held = world.Handles[^((Handle % world.Handles.Count) + 1)];
        var (handle, number, token) = held;
        if (!Again)
        {
            world.Handles.Remove(held);
        }
        if (How == ModelSettlement.Defer)
        {
            world.Deferred.Add((handle.Queue, handle.Part, number));
        }
        var source = world.SourceOf(handle);
        var transaction = world.PickTransaction(Transaction);
        var changes = WithChange ? new Dictionary<string, object> { ["changed"] = $"{How}" } : SentMessage.NoProperties;
        var settlement = How switch
        {
            ModelSettlement.Complete => Settlement.Complete,
            ModelSettlement.Abandon => Settlement.Abandon(changes),
            ModelSettlement.Defer => Settlement.Defer(changes),
            _ => Settlement.DeadLetter(changes, "reason", description: null),
        };
        world.Ask(
            model =>
            {
                model.SettleMessage(handle, How, WithChange, transaction?.Model);
                return "done";
            },
            broker =>
            {
                var queue = broker.Find(handle.Queue);
                if (transaction is { } given)
                {
                    given.Real.Settle(queue, source, token, settlement);
                }
                else
                {
                    BrokerWorld.Get(queue.SettleAsync(source, token, settlement));
                }
                return "done";
            });
    }
}

internal sealed record RenewLock(int Handle) : IOperation
{
    public void Do(BrokerWorld world)
    {
        // Messages of a session have no lock of their own to renew.
        var own = world.Handles.Where(handle => handle.Model.Lease is null).ToList();
        if (own.Count > 0)
        {
            var (handle, _, token) = own[^((Handle % own.Count) + 1)];
            world.Ask(
                model => $"{model.RenewLock(handle):O}",
                broker => $"{BrokerWorld.Get(broker.Find(handle.Queue).RenewLockAsync(world.SourceOf(handle), token)):O}");
        }
    }
}

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

using Azure.Messaging.ServiceBus;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Tests.Broker.Model;

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

namespace ModelJobs.LocalRuntime.Tests.Broker.Model;

/// <summary>
/// What the broker shall do, written to be plainly right rather than fast: lists that are searched from end to end, for all queues of a
/// namespace. It shares no code with the broker. An operation throws <see cref="ModelRefusal"/> if it is to be refused.
/// </summary>
internal sealed partial class ModelNamespace
{
    private readonly List<ModelQueue> _queues;
    private readonly Func<ModelMessage, long> _measure;
    private readonly List<ModelWait> _waits = [];
    private readonly int[] _locks;

    public ModelNamespace(IEnumerable<ModelSettings> queues, Func<ModelMessage, long> measure, DateTimeOffset start)
    {
        _queues = [.. queues.Select(settings => new ModelQueue(settings, measure))];
        _measure = measure;
        _locks = [0];
        Now = start;
    }

    private ModelNamespace(ModelNamespace other)
    {
        _queues = other._queues.ConvertAll(queue => queue.Clone());
        _measure = other._measure;
        // Shared, so that a lock that was lost is never given again.
        _locks = other._locks;
        Now = other.Now;
    }

    public DateTimeOffset Now { get; private set; }

    /// <summary>Whether messages that belong elsewhere stay where they are for now.</summary>
    public bool HoldsBack { get; set; }

    public ModelNamespace Clone() => new(this);

    public IEnumerable<string> Describe() => _queues.SelectMany(queue => queue.Describe());

    /// <summary>The next moment at which it matters what time it is exactly: something happens, or an id is forgotten.</summary>
    public DateTimeOffset? NextMoment => _queues
        .SelectMany(queue => queue.Events().Select(due => due.At)
            .Concat(queue.Seen.Select(seen => seen.At + queue.Settings.DuplicateWindow!.Value)))
        .Where(at => at > Now).Order().Select(at => (DateTimeOffset?)at).FirstOrDefault();

    /// <summary>When something happens next by itself.</summary>
    public DateTimeOffset? NextEvent => _queues
        .SelectMany(queue => queue.Events().Select(due => due.At))
        .Concat(_waits.Where(wait => wait.IsOpen).Select(wait => wait.Until))
        .Order().Select(at => (DateTimeOffset?)at).FirstOrDefault();

    /// <summary>Lets time pass, at most until the next event.</summary>
    public void AdvanceTo(DateTimeOffset to)
    {
        Now = to;
        Settle();
        _waits.ForEach(wait => wait.TimeOut(Now));
    }

    public List<long> Send(string name, List<ModelMessage> messages, ModelTransaction? transaction, bool schedule, string? via)
    {
        var queue = Queue(name);
        if (transaction is null)
        {
            CheckRoom(queue, CheckSend(queue, messages));
            return Then(() => messages.ConvertAll(message => queue.Accept(message, Now)));
        }
        transaction.Join(via ?? name);
        transaction.CountSends(messages.Count);
        CheckRoom(queue, CheckSend(queue, messages));
        var reserved = schedule ? messages.ConvertAll(_ => queue.Next++) : null;
        transaction.Add(
            queue,
            () => CheckSend(queue, messages),
            () =>
            {
                for (var i = 0; i < messages.Count; i++)
                {
                    queue.Accept(messages[i], Now, reserved?[i]);
                }
            },
            messages.Count);
        return reserved ?? [];
    }

    public void Cancel(string name, long number, ModelTransaction? transaction, string? via)
    {
        var queue = Queue(name);
        if (transaction is null)
        {
            var scheduled = Scheduled(queue, number);
            Then(() => queue.Remove(scheduled));
            return;
        }
        transaction.Join(via ?? name);
        if (transaction.Cancelled.Contains((queue, number)))
        {
            throw new ModelRefusal("MessageNotFound");
        }
        Scheduled(queue, number);
        transaction.Cancelled.Add((queue, number));
        transaction.Add(
            queue,
            () =>
            {
                Scheduled(queue, number);
                return 0;
            },
            () => queue.Remove(Scheduled(queue, number)));
    }

    public List<(ModelMessage Seen, ModelHandle? Handle)> Receive(string name, ModelPart part, ModelLease? lease, int max, bool delete)
    {
        var queue = Queue(name);
        CheckSource(queue, part, lease);
        return Then(() => Hand(queue, part, lease, queue.Available(part, lease?.Session).Take(max).ToList(), delete));
    }

    /// <summary>Begins to wait for one message of a queue without sessions.</summary>
    public ModelWait Wait(string name, TimeSpan atMost)
    {
        var queue = Queue(name);
        CheckSource(queue, ModelPart.Main, lease: null);
        var wait = new ModelWait(name, Now + atMost);
        _waits.Add(wait);
        Settle();
        return wait;
    }

    public List<(ModelMessage Seen, ModelHandle? Handle)> ReceiveDeferred(string name, ModelPart part, ModelLease? lease, List<long> numbers)
    {
        var queue = Queue(name);
        CheckSource(queue, part, lease);
        var found = new List<ModelMessage>();
        foreach (var number in numbers.Distinct())
        {
            var message = queue.In(part).FirstOrDefault(message => message.Number == number
                && message.State == ModelState.Deferred && message.Lock is null && (lease is null || message.Session == lease.Session));
            if (message is not null && part == ModelPart.Main && message.ExpiresAt <= Now)
            {
                // A deferred message expires when it is asked for.
                Then(() => queue.Expire(message));
                message = null;
            }
            found.Add(message ?? throw new ModelRefusal("MessageNotFound"));
        }
        return Then(() => Hand(queue, part, lease, found, delete: false));
    }

    public List<ModelMessage> Peek(string name, ModelPart part, ModelLease? lease, long from, int max)
    {
        if (lease is not null)
        {
            Held(lease);
        }
        return [.. Queue(name).In(part).Where(message => message.Number >= from && (lease is null || message.Session == lease.Session)).Take(max)];
    }

    public void SettleMessage(ModelHandle handle, ModelSettlement settlement, bool withChange, ModelTransaction? transaction)
    {
        transaction?.Join(handle.Queue);
        var message = Locked(handle, by: null);
        if (transaction is null)
        {
            Then(() => Apply(message));
            return;
        }
        message.Transaction = transaction;
        transaction.Add(
            Queue(handle.Queue),
            () =>
            {
                Locked(handle, transaction);
                return 0;
            },
            () => Apply(Locked(handle, transaction)));

        void Apply(ModelMessage message) => End(Queue(handle.Queue), message, settlement, withChange);
    }

    public DateTimeOffset RenewLock(ModelHandle handle)
    {
        var message = Locked(handle);
        return message.LockedUntil = Now + Queue(handle.Queue).Settings.LockDuration;
    }

    public void Commit(ModelTransaction transaction) => Then(transaction.Commit);

    /// <summary>The process is gone, and another one begins with what was kept.</summary>
    /// <param name="now">When it begins.</param>
    public void Restart(DateTimeOffset now)
    {
        Now = now;
        _waits.Clear();
        foreach (var message in _queues.SelectMany(queue => queue.Messages))
        {
            message.Transaction = null;
        }
        _queues.ForEach(queue => queue.Restart());
        Settle();
    }

    public void CheckRoom(ModelQueue queue, long bytes)
    {
        if (bytes > 0 && queue.Bytes + bytes > queue.Settings.MaxBytes)
        {
            throw new ModelRefusal("QuotaExceeded");
        }
    }

    private ModelQueue Queue(string name) => _queues.Single(queue => queue.Settings.Name == name);

    private void Then(Action change)
    {
        change();
        Settle();
    }

    private T Then<T>(Func<T> change)
    {
        var result = change();
        Settle();
        return result;
    }

    private long CheckSend(ModelQueue queue, List<ModelMessage> messages)
    {
        if (queue.Settings.Topic is not null || (queue.Settings.Sessions && messages.Exists(message => message.Session is null)))
        {
            throw new ModelRefusal("InvalidOperation");
        }
        return messages.Sum(_measure);
    }

    private static ModelMessage Scheduled(ModelQueue queue, long number)
        => queue.In(ModelPart.Main).FirstOrDefault(message => message.Number == number && message.State == ModelState.Scheduled)
            ?? throw new ModelRefusal("MessageNotFound");

    private void CheckSource(ModelQueue queue, ModelPart part, ModelLease? lease)
    {
        var settings = queue.Settings;
        var handsOn = part switch
        {
            ModelPart.Main => settings.ForwardTo is not null || settings.IsTopic,
            ModelPart.DeadLetter => settings.ForwardDeadLettersTo is not null,
            _ => false,
        };
        if (handsOn)
        {
            throw new ModelRefusal("InvalidOperation");
        }
        if (lease is not null)
        {
            Held(lease);
        }
        else if (settings.Sessions && part == ModelPart.Main)
        {
            throw new ModelRefusal("InvalidOperation");
        }
    }

    private List<(ModelMessage Seen, ModelHandle? Handle)> Hand(
        ModelQueue queue, ModelPart part, ModelLease? lease, List<ModelMessage> messages, bool delete)
        => messages.ConvertAll(message =>
        {
            var seen = message.Clone();
            if (delete)
            {
                queue.Remove(message);
                return (seen, (ModelHandle?)null);
            }
            message.Lock = seen.Lock = ++_locks[0];
            message.LockedUntil = seen.LockedUntil = lease is null ? Now + queue.Settings.LockDuration : Held(lease).LockedUntil;
            queue.Touch(message.Session);
            return (seen, new ModelHandle(queue.Settings.Name, part, lease, _locks[0]));
        });

    private static void End(ModelQueue queue, ModelMessage message, ModelSettlement settlement, bool withChange)
    {
        KeyValuePair<string, string>[] changes = withChange ? [KeyValuePair.Create("changed", $"{settlement}")] : [];
        switch (settlement)
        {
            case ModelSettlement.Complete:
                queue.Remove(message);
                break;
            case ModelSettlement.Abandon:
                queue.Fail(message, changes);
                break;
            case ModelSettlement.Defer:
                message.State = ModelState.Deferred;
                queue.GiveBack(message, changes);
                break;
            case ModelSettlement.DeadLetter when message.Part == ModelPart.Main:
                queue.DeadLetter(message, ModelPart.DeadLetter, "reason", description: null, changes);
                break;
            case ModelSettlement.DeadLetter:
                queue.GiveBack(message, [.. changes, KeyValuePair.Create("DeadLetterReason", "reason")]);
                break;
        }
    }

    private ModelMessage Locked(ModelHandle handle, ModelTransaction? by)
    {
        var message = Locked(handle);
        return message.Transaction is not { } other || other == by || !other.IsOpen ? message : throw new ModelRefusal("MessageLockLost");
    }

    private ModelMessage Locked(ModelHandle handle)
    {
        if (handle.Lease is { } lease)
        {
            Held(lease);
        }
        return Queue(handle.Queue).In(handle.Part).FirstOrDefault(message => message.Lock == handle.Lock) ?? throw new ModelRefusal("MessageLockLost");
    }
}

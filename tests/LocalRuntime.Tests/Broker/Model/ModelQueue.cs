namespace ModelJobs.LocalRuntime.Tests.Broker.Model;

/// <summary>One queue of the model: lists, and the rules that concern no other queue.</summary>
internal sealed class ModelQueue(ModelSettings settings, Func<ModelMessage, long> measure)
{
    private long _turns;

    public ModelSettings Settings => settings;

    public List<ModelMessage> Messages { get; private init; } = [];

    public List<ModelSession> Sessions { get; private init; } = [];

    /// <summary>Ids that were accepted.</summary>
    public List<(string Id, DateTimeOffset At, long Number)> Seen { get; private init; } = [];

    public long Next { get; set; } = 1;

    /// <summary>What <see cref="Next"/> is after a restart: numbers that were only reserved are forgotten.</summary>
    public long NextKept { get; set; } = 1;

    public long Bytes => Messages.Sum(measure) + Sessions.Sum(session => session.State?.Length ?? 0);

    public ModelQueue Clone() => new(settings, measure)
    {
        Messages = Messages.ConvertAll(message => message.Clone()),
        Sessions = Sessions.ConvertAll(session => session.Clone()),
        Seen = [.. Seen],
        Next = Next,
        NextKept = NextKept,
        _turns = _turns,
    };

    public IEnumerable<ModelMessage> In(ModelPart part) => Messages.Where(message => message.Part == part).OrderBy(message => message.Number);

    public IEnumerable<ModelMessage> Available(ModelPart part, string? session = null) => In(part).Where(message
        => message.State == ModelState.Active && message.Lock is null && (part != ModelPart.Main || !settings.Sessions || message.Session == session));

    public ModelSession Session(string id)
    {
        var session = Sessions.Find(session => session.Id == id);
        if (session is null)
        {
            session = new ModelSession(id);
            Sessions.Add(session);
        }
        return session;
    }

    /// <summary>Accepts a message from a sender or another queue.</summary>
    /// <returns>Its number, or that of the message that it repeats.</returns>
    public long Accept(ModelMessage message, DateTimeOffset now, long? reserved = null)
    {
        if (settings.DuplicateWindow is { } window)
        {
            var first = Seen.FindLast(seen => seen.Id == message.Id && seen.At + window > now);
            if (first != default)
            {
                return first.Number;
            }
        }
        var isScheduled = message.DueAt > now;
        var number = isScheduled && reserved is { } given ? given : Next;
        if (settings.DuplicateWindow is not null)
        {
            Seen.Add((message.Id, now, number));
        }
        message.FirstNumber = message.FirstNumber == 0 ? number : message.FirstNumber;
        Put(message, number, now, isScheduled ? ModelState.Scheduled : ModelState.Active);
        return number;
    }

    /// <summary>Does one thing that is due.</summary>
    public bool FireDue(DateTimeOffset now)
    {
        var due = Events().Where(due => due.At <= now).OrderBy(due => due.At).ThenBy(due => due.Order).FirstOrDefault();
        due.Fire?.Invoke(now);
        return due.Fire is not null;
    }

    /// <summary>What time will do.</summary>
    public IEnumerable<(DateTimeOffset At, long Order, Action<DateTimeOffset> Fire)> Events()
    {
        foreach (var session in Sessions.Where(session => session.Lock is not null))
        {
            yield return (session.LockedUntil, 0, _ => EndHold(session, failed: true));
        }
        foreach (var message in Messages)
        {
            if (message.State == ModelState.Scheduled)
            {
                yield return (message.DueAt!.Value, message.Number, now => Enqueue(message, now));
            }
            else if (message.Lock is not null)
            {
                // A message of a session is held as long as the session is.
                if (!settings.Sessions || message.Part != ModelPart.Main)
                {
                    yield return (message.LockedUntil, message.Number, _ => Fail(message, []));
                }
            }
            else if (message.State == ModelState.Active && message.Part == ModelPart.Main)
            {
                yield return (message.ExpiresAt, message.Number, _ => Expire(message));
            }
        }
    }

    public void Expire(ModelMessage message)
    {
        if (settings.DeadLettersExpired)
        {
            DeadLetter(message, ModelPart.DeadLetter, "TTLExpiredException", "The message's time to live ran out before it was settled.", []);
        }
        else
        {
            Remove(message);
        }
    }

    /// <summary>Ends a delivery that failed.</summary>
    public void Fail(ModelMessage message, IEnumerable<KeyValuePair<string, string>> changes)
    {
        message.FailedDeliveries++;
        if (message.Part == ModelPart.Main && message.FailedDeliveries >= settings.MaxDeliveryCount)
        {
            DeadLetter(
                message, ModelPart.DeadLetter, "MaxDeliveryCountExceeded",
                $"The message could not be consumed after {settings.MaxDeliveryCount} deliveries.", changes);
        }
        else
        {
            GiveBack(message, changes);
        }
    }

    public void GiveBack(ModelMessage message, IEnumerable<KeyValuePair<string, string>> changes)
    {
        message.Set(changes);
        Unlock(message);
    }

    public void DeadLetter(
        ModelMessage message, ModelPart part, string reason, string? description, IEnumerable<KeyValuePair<string, string>> changes)
    {
        message.Set(changes);
        message.Set([KeyValuePair.Create("DeadLetterReason", reason)]);
        if (description is not null)
        {
            message.Set([KeyValuePair.Create("DeadLetterErrorDescription", description)]);
        }
        message.Part = part;
        message.State = ModelState.Active;
        Unlock(message);
    }

    public void Remove(ModelMessage message)
    {
        Messages.Remove(message);
        Touch(message.Session);
    }

    public void EndHold(ModelSession session, bool failed)
    {
        foreach (var message in In(ModelPart.Main).Where(message => message.Session == session.Id && message.Lock is not null).ToList())
        {
            if (failed)
            {
                Fail(message, []);
            }
            else
            {
                Unlock(message);
            }
        }
        session.Lock = null;
        Touch(session.Id);
    }

    public void Unlock(ModelMessage message)
    {
        message.Lock = null;
        message.LockedUntil = default;
        message.Transaction = null;
        Touch(message.Session);
    }

    /// <summary>Lets a session take its turn at the end when it becomes ready, and lose it when it no longer is.</summary>
    public void Touch(string? sessionId)
    {
        if (!settings.Sessions || sessionId is null)
        {
            return;
        }
        var session = Session(sessionId);
        var isReady = session.Lock is null && Available(ModelPart.Main, sessionId).Any();
        session.Turn = isReady ? session.Turn ?? ++_turns : null;
    }

    /// <summary>Everyone who held something is gone.</summary>
    public void Restart()
    {
        Next = NextKept;
        var held = Sessions.Where(session => session.Lock is not null).OrderBy(session => session.Id, StringComparer.Ordinal).ToList();
        foreach (var session in Sessions)
        {
            session.Turn = null;
        }
        // In the order of what can be received first; those that were held come after the others.
        foreach (var message in In(ModelPart.Main).Where(message => message.State == ModelState.Active && message.Lock is null).ToList())
        {
            Touch(message.Session);
        }
        held.ForEach(session => EndHold(session, failed: true));
        foreach (var message in Messages.Where(message => message.Lock is not null).ToList())
        {
            Fail(message, []);
        }
    }

    public IEnumerable<string> Describe()
    {
        var main = In(ModelPart.Main).ToList();
        var scheduled = main.Count(message => message.State == ModelState.Scheduled);
        var deferred = main.Count(message => message.State == ModelState.Deferred);
        yield return $"{settings.Name}: {main.Count - scheduled - deferred} active, {scheduled} scheduled, {deferred} deferred, " +
            $"{In(ModelPart.DeadLetter).Count()} dead, {In(ModelPart.TransferDeadLetter).Count()} kept, {Bytes} bytes";
        foreach (var part in Enum.GetValues<ModelPart>())
        {
            foreach (var message in In(part))
            {
                yield return $"  {part} {message}";
            }
        }
    }

    private void Enqueue(ModelMessage message, DateTimeOffset now)
    {
        Messages.Remove(message);
        Put(message.Again(), Next, now, ModelState.Active);
    }

    private void Put(ModelMessage message, long number, DateTimeOffset now, ModelState state)
    {
        message.Number = number;
        message.EnqueuedAt = now;
        message.TimeToLive = message.SentTimeToLive is { } sent && sent < settings.TimeToLive ? sent : settings.TimeToLive;
        message.State = state;
        Messages.Add(message);
        Next = Math.Max(Next, number + 1);
        NextKept = Math.Max(NextKept, number + 1);
        Touch(message.Session);
    }
}

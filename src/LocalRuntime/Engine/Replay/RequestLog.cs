using DurableTask.Core.History;

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>
/// The orchestrator's requests, in the order of their numbers. Those that the history has are held against it; those that it has not, as
/// this turn makes them or as they were held back until now, are to be written down.
/// </summary>
internal sealed class RequestLog(string orchestrator, string instanceId)
{
    private readonly Queue<Request> _made = [];

    // Requests of a rewound execution that are to be made again: the history may have them later, out of order.
    private readonly Dictionary<int, Request> _madeAgain = [];
    private int _position = -1;

    /// <summary>Whether the history may lack requests that were made: those that failed were taken out of it.</summary>
    public bool IsRewound { get; init; }

    public int NextTaskId { get; private set; }

    public int TakeTaskId() => NextTaskId++;

    /// <param name="key">What replay compares.</param>
    /// <param name="make">Makes the event, should it be written down.</param>
    public void Add(ActionKey key, Func<HistoryEvent> make) => _made.Enqueue(new Request(key, make));

    /// <summary>Whether a request has not been found in the history so far.</summary>
    public bool IsPending(int taskId) => _madeAgain.ContainsKey(taskId) || (_made.TryPeek(out var next) && next.Key.TaskId <= taskId);

    /// <summary>Where in the history replay is.</summary>
    /// <param name="position">Index of an event.</param>
    public void MoveTo(int position) => _position = position;

    /// <summary>The history has this request next.</summary>
    public void Expect(ActionKey recorded)
    {
        if (IsRewound)
        {
            SetAside(recorded.TaskId);
        }

        if (!_madeAgain.Remove(recorded.TaskId, out var found) && !_made.TryDequeue(out found))
        {
            throw Mismatch(recorded.ToString(), "nothing more");
        }

        if (!recorded.Matches(found!.Key))
        {
            throw Mismatch(recorded.ToString(), found.Key.ToString());
        }
    }

    /// <summary>The history has no further requests in this turn.</summary>
    /// <param name="orchestratorEnded">Whether the code has returned and nothing is open, although the history goes on.</param>
    public void ExpectEndOfTurn(bool orchestratorEnded)
    {
        if (IsRewound)
        {
            return;
        }

        if (_made.TryPeek(out var extra))
        {
            throw Mismatch("nothing more in this turn", extra.Key.ToString());
        }

        if (orchestratorEnded)
        {
            throw Mismatch("another turn", "nothing more and returned");
        }
    }

    /// <summary>The requests that the history lacks.</summary>
    public IEnumerable<HistoryEvent> TakePending()
    {
        var pending = _madeAgain.Values.OrderBy(static request => request.Key.TaskId).Concat(_made).ToList();
        _madeAgain.Clear();
        _made.Clear();
        return pending.Select(static request => request.Make());
    }

    private void SetAside(int before)
    {
        while (_made.TryPeek(out var earlier) && earlier.Key.TaskId < before)
        {
            _madeAgain.Add(earlier.Key.TaskId, _made.Dequeue());
        }
    }

    private NonDeterministicOrchestrationException Mismatch(string expected, string found)
        => new($"Non-deterministic orchestrator '{orchestrator}', instance '{instanceId}': its history expects {expected} at event "
            + $"{_position}, but the replayed code asked for {found}. An orchestrator must do the same in every replay: was its code changed while this "
            + "instance was running, or does it use the clock, randomness or I/O other than through its context?");

    private sealed record Request(ActionKey Key, Func<HistoryEvent> Make);
}

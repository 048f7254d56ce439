namespace ModelJobs.LocalRuntime.Engine;

/// <summary>The orchestrator's requests: those of past turns are held against the history, those of this turn are collected.</summary>
internal sealed class RequestLog(string orchestrator, string instanceId)
{
    private readonly Queue<ActionKey> _repeated = [];

    /// <summary>Requests of this turn.</summary>
    public List<ActionEvent> New { get; } = [];

    public int NextTaskId { get; private set; }

    public int TakeTaskId() => NextTaskId++;

    /// <summary>A request of a past turn was made again.</summary>
    public void Repeat(ActionKey key) => _repeated.Enqueue(key);

    /// <summary>The history has this request next.</summary>
    public void Expect(ActionEvent recorded)
    {
        if (!_repeated.TryDequeue(out var found))
        {
            throw Mismatch(recorded.Key.ToString(), "nothing more");
        }

        if (!recorded.Key.Matches(found))
        {
            throw Mismatch(recorded.Key.ToString(), found.ToString());
        }
    }

    /// <summary>The history has no further requests in this turn.</summary>
    /// <param name="orchestratorEnded">Whether the code has returned, although the history goes on.</param>
    public void ExpectEndOfTurn(bool orchestratorEnded)
    {
        if (_repeated.TryPeek(out var extra))
        {
            throw Mismatch("nothing more in this turn", extra.ToString());
        }

        if (orchestratorEnded)
        {
            throw Mismatch("another turn", "nothing more and returned");
        }
    }

    private NonDeterministicOrchestrationException Mismatch(string expected, string found)
        => new($"Non-deterministic orchestrator '{orchestrator}', instance '{instanceId}': its history expects {expected}, but the "
            + $"replayed code asked for {found}. An orchestrator must do the same in every replay: was its code changed while this "
            + "instance was running, or does it use the clock, randomness or I/O other than through its context?");
}

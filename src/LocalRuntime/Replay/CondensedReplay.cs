using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Replay;

/// <summary>
/// Replays a condensed history: runs the orchestrator from its start and gives it the recorded answers one by one, each to the oldest open
/// request that fits. What is compared is which requests were made and how often, and how the execution ends; not their order, and
/// the orchestrator's clock shows the times of the answers.
/// </summary>
internal sealed class CondensedReplay(OrchestrationHistory history, ReplayTurns turns)
{
    private readonly ExecutionStarted _started =
        DurableHistory.Started(history.Events.First(e => e.EventType == nameof(ExecutionStarted)));

    private readonly List<HistoryEvent> _past = [];
    private readonly List<ActionEvent> _open = [];
    private readonly List<ActionEvent> _requested = [];
    private readonly List<string> _recorded = [];
    private readonly List<DateTime> _timers = [.. history.Events.Where(e => e.EventType == nameof(TimerCreated)).Select(e => e.FireAt ?? default)];
    private HistoryEvent? _recordedEnding;
    private ReplayedTurn? _last;

    public void Run()
    {
        foreach (var e in history.Events)
        {
            Take(e);
        }

        CompareRequests();
        turns.CheckEnding(_recordedEnding, _last?.Ending);
    }

    private void Take(DurableEvent e)
    {
        switch (e.EventType)
        {
            case nameof(ExecutionStarted):
                Turn(_started, e.Timestamp);
                break;
            case nameof(TaskCompleted) or nameof(TaskFailed):
                Answer(e, ActionKind.Activity);
                break;
            case nameof(SubOrchestrationInstanceCompleted) or nameof(SubOrchestrationInstanceFailed):
                Answer(e, ActionKind.SubOrchestration);
                break;
            case nameof(TimerFired):
                Fire(e);
                break;
            case nameof(TaskScheduled):
                _recorded.Add(Word(ActionKind.Activity, e.Name));
                break;
            case nameof(SubOrchestrationInstanceCreated):
                _recorded.Add(Word(ActionKind.SubOrchestration, e.Name));
                break;
            case nameof(TimerCreated):
                _recorded.Add(Word(ActionKind.Timer, null));
                break;
            case nameof(EventSent):
                _recorded.Add(Word(ActionKind.Event, e.Name));
                break;
            default:
                if (DurableHistory.ToEngine(e) is { } message)
                {
                    End(message, e);
                }

                break;
        }
    }

    private void End(HistoryEvent message, DurableEvent e)
    {
        if (message is ContinueAsNew or ExecutionCompleted)
        {
            _recordedEnding = message;
        }
        else
        {
            Turn(message, e.Timestamp);
        }
    }

    private void Answer(DurableEvent e, ActionKind kind)
    {
        if (e.EventType.EndsWith("Completed", StringComparison.Ordinal) && e.Result is null)
        {
            throw new FormatException(
                $"The event {e.EventType} at {e.Timestamp:o} has no 'Result': fetch the history with showHistoryOutput=true.");
        }

        var word = Word(kind, e.FunctionName);
        _recorded.Add(word);
        var fitting = _open.FindAll(request => Word(request) == word);
        var request = fitting.Find(request => e.Input is not null && e.Input == InputOf(request)) ?? fitting.FirstOrDefault();
        if (request is not null)
        {
            Turn(DurableHistory.Outcome(e, request.TaskId), e.Timestamp, request);
        }
        else if (_last?.Ending is null)
        {
            var open = string.Join(", ", _open.Select(request => request.Key));
            throw turns.Mismatch(
                $"has an answer to {word} at {e.Timestamp:o}", $"did not ask for it; it waits for {(open.Length == 0 ? "nothing" : open)}");
        }
    }

    /// <summary>Timers carry no number here: which one fired is known by its time, the code's own by their order.</summary>
    private void Fire(DurableEvent e)
    {
        var number = _timers.IndexOf(e.FireAt ?? default);
        var created = _requested.OfType<TimerCreated>().ElementAtOrDefault(number);
        if (created is not null && _open.Contains(created))
        {
            _timers[number] = DateTime.MaxValue;
            Turn(new TimerFired(e.Timestamp, created.TaskId, created.FireAt), e.Timestamp, created);
        }
        else if (created is null && _last?.Ending is null)
        {
            throw turns.Mismatch($"has a timer that fired at {e.Timestamp:o}", "did not ask for it");
        }
    }

    private void Turn(HistoryEvent message, DateTime now, ActionEvent? answered = null)
    {
        if (_last?.Ending is not null)
        {
            return;
        }

        if (answered is not null)
        {
            _open.Remove(answered);
        }

        _last = turns.Run(_started, [.. _past], [message], now);
        _past.AddRange(_last.Events);
        _open.AddRange(_last.Requests);
        _requested.AddRange(_last.Requests);
    }

    private void CompareRequests()
    {
        var replayed = _requested.CountBy(Word).ToDictionary();
        var recorded = _recorded.CountBy(word => word).ToDictionary();
        foreach (var word in recorded.Keys.Union(replayed.Keys))
        {
            var (expected, found) = (recorded.GetValueOrDefault(word), replayed.GetValueOrDefault(word));
            if (expected != found)
            {
                throw turns.Mismatch($"asks {expected} times for {word}", $"asks {found} times");
            }
        }
    }

    private static string Word(ActionEvent request) => Word(request.Key.Kind, request.Key.Name);

    private static string Word(ActionKind kind, string? name) => kind switch
    {
        ActionKind.Activity => $"activity '{name}'",
        ActionKind.Timer => "a timer",
        ActionKind.SubOrchestration => $"sub-orchestration '{name}'",
        _ => $"event '{name}'",
    };

    private static string? InputOf(ActionEvent request) => request switch
    {
        TaskScheduled task => task.Input,
        SubOrchestrationInstanceCreated child => child.Input,
        _ => null,
    };
}

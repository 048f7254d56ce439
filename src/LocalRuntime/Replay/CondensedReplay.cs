using System.Text.Json;
using DurableTask.Core;
using DurableTask.Core.History;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Replay;

/// <summary>
/// Replays a condensed history: runs the orchestrator from its start and gives it the recorded answers one by one, each to the oldest open
/// request that fits. What is compared is which requests were made and how often, and how the execution ends; not their order, and
/// the orchestrator's clock shows the times of the answers.
/// </summary>
internal sealed class CondensedReplay
{
    private readonly OrchestrationHistory _history;
    private readonly ReplayTurns _turns;
    private readonly ExecutionStartedEvent _started;
    private readonly List<HistoryEvent> _past = [];
    private readonly List<HistoryEvent> _open = [];
    private readonly List<HistoryEvent> _requested = [];
    private readonly List<string> _recorded = [];
    private readonly List<DateTime> _timers;
    private OrchestrationStatus? _recordedEnding;
    private ReplayedTurn? _last;

    public CondensedReplay(OrchestrationHistory history, ReplayTurns turns)
    {
        (_history, _turns) = (history, turns);
        var started = history.Condensed.First(e => e.EventType == nameof(EventType.ExecutionStarted));
        _started = new ExecutionStartedEvent(HistoryEvent.NoId, started.Input)
        {
            Name = history.Name,
            Timestamp = started.Timestamp,
            OrchestrationInstance = new OrchestrationInstance { InstanceId = history.InstanceId },
        };
        _timers = [.. history.Condensed.Where(e => e.EventType == nameof(EventType.TimerCreated)).Select(e => e.FireAt ?? default)];
    }

    public void Run()
    {
        foreach (var e in _history.Condensed)
        {
            Take(e);
        }

        CompareRequests();
        _turns.CheckEnding(_recordedEnding, _last?.Ending);
    }

    private void Take(CondensedEvent e)
    {
        switch (Enum.TryParse<EventType>(e.EventType, out var kind) ? kind : EventType.GenericEvent)
        {
            case EventType.ExecutionStarted:
                Turn(_started);
                break;
            case EventType.TaskCompleted:
                Answer(e, ActionKind.Activity, id => new TaskCompletedEvent(HistoryEvent.NoId, id, Payload(e)));
                break;
            case EventType.TaskFailed:
                Answer(e, ActionKind.Activity, id => new TaskFailedEvent(HistoryEvent.NoId, id, e.Reason, e.Details, Failure(e)));
                break;
            case EventType.SubOrchestrationInstanceCompleted:
                Answer(e, ActionKind.SubOrchestration, id => new SubOrchestrationInstanceCompletedEvent(HistoryEvent.NoId, id, Payload(e)));
                break;
            case EventType.SubOrchestrationInstanceFailed:
                Answer(
                    e, ActionKind.SubOrchestration, id => new SubOrchestrationInstanceFailedEvent(HistoryEvent.NoId, id, e.Reason, e.Details, Failure(e)));
                break;
            case EventType.TimerFired:
                Fire(e);
                break;
            case EventType.TaskScheduled:
                _recorded.Add(Word(ActionKind.Activity, e.Name));
                break;
            case EventType.SubOrchestrationInstanceCreated:
                _recorded.Add(Word(ActionKind.SubOrchestration, e.Name));
                break;
            case EventType.TimerCreated:
                _recorded.Add(Word(ActionKind.Timer, null));
                break;
            case EventType.EventSent:
                _recorded.Add(Word(ActionKind.Event, e.Name));
                break;
            case EventType.EventRaised:
                Turn(new EventRaisedEvent(HistoryEvent.NoId, e.Input) { Name = e.Name ?? "", Timestamp = e.Timestamp });
                break;
            case EventType.ExecutionSuspended:
                Turn(new ExecutionSuspendedEvent(HistoryEvent.NoId, e.Reason) { Timestamp = e.Timestamp });
                break;
            case EventType.ExecutionResumed:
                Turn(new ExecutionResumedEvent(HistoryEvent.NoId, e.Reason) { Timestamp = e.Timestamp });
                break;
            case EventType.ExecutionTerminated:
                Turn(new ExecutionTerminatedEvent(HistoryEvent.NoId, e.Input) { Timestamp = e.Timestamp });
                break;
            case EventType.ExecutionCompleted or EventType.ContinueAsNew:
                _recordedEnding = Enum.Parse<OrchestrationStatus>(e.OrchestrationStatus ?? nameof(OrchestrationStatus.Completed));
                break;
        }
    }

    private void Answer(CondensedEvent e, ActionKind kind, Func<int, HistoryEvent> make)
    {
        var word = Word(kind, e.FunctionName);
        _recorded.Add(word);
        var fitting = _open.FindAll(request => Word(request) == word);
        var request = fitting.Find(request => e.Input is not null && e.Input == InputOf(request)) ?? fitting.FirstOrDefault();
        if (request is not null)
        {
            var answer = make(request.EventId);
            answer.Timestamp = e.Timestamp;
            Turn(answer, request);
        }
        else if (_last?.Ending is null)
        {
            var open = string.Join(", ", _open.Select(request => ActionKey.Of(request)));
            throw _turns.Mismatch(
                $"has an answer to {word} at {e.Timestamp:o}", $"did not ask for it; it waits for {(open.Length == 0 ? "nothing" : open)}");
        }
    }

    /// <summary>Timers carry no number here: which one fired is known by its time, the code's own by their order.</summary>
    private void Fire(CondensedEvent e)
    {
        var number = _timers.IndexOf(e.FireAt ?? default);
        var created = _requested.OfType<TimerCreatedEvent>().ElementAtOrDefault(number);
        if (created is not null && _open.Contains(created))
        {
            _timers[number] = DateTime.MaxValue;
            Turn(new TimerFiredEvent(HistoryEvent.NoId, created.FireAt) { TimerId = created.EventId, Timestamp = e.Timestamp }, created);
        }
        else if (created is null && _last?.Ending is null)
        {
            throw _turns.Mismatch($"has a timer that fired at {e.Timestamp:o}", "did not ask for it");
        }
    }

    private void Turn(HistoryEvent message, HistoryEvent? answered = null)
    {
        if (_last?.Ending is not null)
        {
            return;
        }

        if (answered is not null)
        {
            _open.Remove(answered);
        }

        _last = _turns.Run(_started, [.. _past], [message], message.Timestamp);
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
                throw _turns.Mismatch($"asks {expected} times for {word}", $"asks {found} times");
            }
        }
    }

    private static string? Payload(CondensedEvent e) => e.Result.ValueKind switch
    {
        JsonValueKind.Undefined => throw new FormatException(
            $"The event {e.EventType} at {e.Timestamp:o} has no 'Result': fetch the history with showHistoryOutput=true."),
        JsonValueKind.Null => null,
        _ => e.Result.GetRawText(),
    };

    /// <summary>In-process apps on Azure have a reason and details where isolated ones have failure details.</summary>
    private static FailureDetails Failure(CondensedEvent e)
        => e.FailureDetails ?? new FailureDetails("(unknown)", e.Reason ?? "", e.Details, null, isNonRetriable: false);

    private static string Word(HistoryEvent request)
    {
        var key = ActionKey.Of(request)!.Value;
        return Word(key.Kind, key.Name);
    }

    private static string Word(ActionKind kind, string? name) => kind switch
    {
        ActionKind.Activity => $"activity '{name}'",
        ActionKind.Timer => "a timer",
        ActionKind.SubOrchestration => $"sub-orchestration '{name}'",
        _ => $"event '{name}'",
    };

    private static string? InputOf(HistoryEvent request) => request switch
    {
        TaskScheduledEvent task => task.Input,
        SubOrchestrationInstanceCreatedEvent child => child.Input,
        _ => null,
    };
}

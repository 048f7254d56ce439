using DurableTask.Core;
using DurableTask.Core.History;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>
/// One turn of an orchestrator: replays the history, then gives it the new messages, and says what came of it. Runs on one thread
/// from beginning to end.
/// </summary>
internal sealed class OrchestratorTurn
{
    private readonly Instance _instance;
    private readonly IReadOnlyList<HistoryEvent> _inbox;
    private readonly DateTime _now;
    private readonly long _execution;
    private readonly Func<string, Func<TaskOrchestrationContext, Task<object?>>?> _findOrchestrator;
    private readonly DataConverter _converter;
    private readonly OrchestratorScheduler _scheduler;
    private readonly ReplayContext _context;
    private readonly Queue<HistoryEvent> _held = [];
    private Task<object?>? _task;
    private bool _isSuspended;
    private ExecutionTerminatedEvent? _termination;

    /// <param name="instance">Its history and input must not change during the turn.</param>
    /// <param name="inbox">The messages to consume, a copy.</param>
    /// <param name="now">The time of the turn, UTC.</param>
    /// <param name="defaultVersion">Of sub-orchestrations that are called without a version.</param>
    /// <param name="findOrchestrator">Finds the code by name; the instance fails if there is none.</param>
    /// <param name="converter">Reads and writes payloads.</param>
    /// <param name="loggerFactory">Where the orchestrator's loggers write.</param>
    public OrchestratorTurn(
        Instance instance,
        IReadOnlyList<HistoryEvent> inbox,
        DateTime now,
        string defaultVersion,
        Func<string, Func<TaskOrchestrationContext, Task<object?>>?> findOrchestrator,
        DataConverter converter,
        ILoggerFactory loggerFactory)
    {
        (_instance, _inbox, _now, _findOrchestrator, _converter) = (instance, inbox, now, findOrchestrator, converter);
        _execution = instance.Execution;
        var (name, id) = (instance.Name, instance.Id);
        _scheduler = new OrchestratorScheduler(() => loggerFactory.CreateLogger<OrchestratorTurn>().LogError(
            "Orchestrator '{Name}', instance '{InstanceId}', awaited a task that is not durable; what followed was not run.", name, id));
        var isRewound = instance.History.Concat(inbox).Any(static appended => appended is ExecutionRewoundEvent);
        _context = new ReplayContext(instance, isRewound, defaultVersion, _scheduler, converter, loggerFactory);
    }

    /// <summary>Whether the code has returned and nothing that it started is open.</summary>
    private bool HasEnded => _task is { IsCompleted: true } && !_context.HasOpenTasks;

    public TurnCommitted Run()
    {
        List<HistoryEvent> events = [TurnBegins(), .. _inbox];
        try
        {
            Process(_instance.History, isReplaying: true);
            _context.Requests.MoveTo(_instance.History.Count);
            Process(events, isReplaying: false);
            ThrowIfNeverWoken();
            _scheduler.Close();
            return _context.Fault is { } fault ? Fail(events, fault) : Conclude([.. events]);
        }
        catch (Exception exception)
        {
            // Whatever it is, the instance must hear of it: one whose turn is lost would hang for ever.
            _scheduler.Close();
            return Fail(events, exception);
        }
    }

    /// <summary>Ends the orchestration without running its code.</summary>
    public TurnCommitted Refuse(FailureDetails reason)
    {
        _scheduler.Close();
        return Commit([TurnBegins(), .. _inbox, Failed(reason), TurnEnds()], null);
    }

    private TurnCommitted Fail(IEnumerable<HistoryEvent> received, Exception failure)
        => Commit([.. received, Failed(failure), TurnEnds()], null);

    private void Process(List<HistoryEvent> events, bool isReplaying)
    {
        for (var i = 0; i < events.Count && _termination is null; i++)
        {
            if (isReplaying)
            {
                _context.Requests.MoveTo(i);
            }

            switch (events[i])
            {
                case OrchestratorStartedEvent started:
                    BeginTurn(started.Timestamp, isReplaying);
                    break;
                case OrchestratorCompletedEvent or ExecutionRewoundEvent:
                    break;
                case ExecutionTerminatedEvent terminated:
                    _termination = terminated;
                    break;
                case ExecutionSuspendedEvent:
                    _isSuspended = true;
                    break;
                case ExecutionResumedEvent:
                    Resume();
                    break;
                case var recorded when isReplaying && ActionKey.Of(recorded) is { } key:
                    _context.Requests.Expect(key);
                    break;
                case var message when _isSuspended:
                    _held.Enqueue(message);
                    break;
                case var message:
                    Deliver(message);
                    break;
            }
        }
    }

    private void BeginTurn(DateTime now, bool isReplaying)
    {
        // A turn that ends suspended keeps what the code asked for until it is resumed.
        if (!_isSuspended)
        {
            _context.Requests.ExpectEndOfTurn(HasEnded);
        }

        _context.BeginTurn(now, isReplaying);
    }

    private void Resume()
    {
        _isSuspended = false;
        while (_held.TryDequeue(out var message))
        {
            Deliver(message);
        }
    }

    private void Deliver(HistoryEvent message)
    {
        switch (message)
        {
            case ExecutionStartedEvent:
                _task = _scheduler.Run(RunOrchestrator);
                break;
            case EventRaisedEvent raised:
                _context.Raise(raised);
                break;
            default:
                _context.Answer(message);
                break;
        }

        _scheduler.Drain();
    }

    private Task<object?> RunOrchestrator()
    {
        var orchestrator = _findOrchestrator(_instance.Name)
            ?? throw new FunctionNotFoundException($"There is no orchestrator function named '{_instance.Name}'.");
        return orchestrator(_context);
    }

    /// <summary>An orchestrator that nothing durable can wake would hang for ever.</summary>
    private void ThrowIfNeverWoken()
    {
        var isWaiting = _task is { IsCompleted: false } && !_isSuspended && _termination is null;
        if (_scheduler.SawForeignWork || (isWaiting && !_context.CanBeWoken))
        {
            throw new InvalidOperationException(
                $"Orchestrator '{_instance.Name}', instance '{_instance.Id}', awaits a task that its context did not create. Orchestrators "
                + "may await durable tasks only: use CreateTimer instead of Task.Delay, and activities for I/O and other work.");
        }
    }

    private TurnCommitted Conclude(List<HistoryEvent> events)
    {
        if (!_isSuspended || HasEnded || _termination is not null)
        {
            events.AddRange(_context.Requests.TakePending());
        }

        if (_termination is { } termination)
        {
            events.Add(Completed(termination.Input, OrchestrationStatus.Terminated));
        }
        else if (HasEnded)
        {
            try
            {
                var result = _task!.GetAwaiter().GetResult();
                if (_context.Next is { } next)
                {
                    events.Add(new ContinueAsNewEvent(_context.Requests.TakeTaskId(), next.Input) { Timestamp = _now });
                    return Commit(events, FirstMessages(next));
                }

                events.Add(Completed(_converter.Serialize(result), OrchestrationStatus.Completed));
            }
            catch (Exception exception)
            {
                events.Add(Failed(exception));
            }
        }

        events.Add(TurnEnds());
        return Commit(events, null);
    }

    /// <summary>What the next execution begins with: a suspension stays, and so do the events.</summary>
    private List<HistoryEvent> FirstMessages(NextExecution next)
    {
        var started = new ExecutionStartedEvent(HistoryEvent.NoId, next.Input)
        {
            Name = _instance.Name,
            Version = next.Version,
            ParentInstance = _instance.Parent,
            Tags = _instance.Started.Tags,
            ParentTraceContext = _instance.Started.ParentTraceContext,
            Timestamp = _now,
        };
        List<HistoryEvent> first = _isSuspended ? [new ExecutionSuspendedEvent(HistoryEvent.NoId, null) { Timestamp = _now }, started] : [started];
        return [.. first, .. next.Events, .. _held.OfType<EventRaisedEvent>()];
    }

    private ExecutionCompletedEvent Completed(string? output, OrchestrationStatus status)
        => new(_context.Requests.TakeTaskId(), output, status) { Timestamp = _now };

    private ExecutionCompletedEvent Failed(Exception exception) => Failed(FailureDetails.Of(exception, exception is FunctionNotFoundException));

    private ExecutionCompletedEvent Failed(FailureDetails failure)
        => new(_context.Requests.TakeTaskId(), failure.ErrorMessage, OrchestrationStatus.Failed, failure) { Timestamp = _now };

    private OrchestratorStartedEvent TurnBegins() => new(HistoryEvent.NoId) { Timestamp = _now };

    private OrchestratorCompletedEvent TurnEnds() => new(HistoryEvent.NoId) { Timestamp = _now };

    /// <summary>A status that the execution before has set lasts through the first turn of the next, as in Azure.</summary>
    private TurnCommitted Commit(IReadOnlyList<HistoryEvent> events, IReadOnlyList<HistoryEvent>? next)
    {
        var status = _context.CustomStatus ?? (_instance.History.Count == 0 ? _instance.CustomStatus : null);
        return new TurnCommitted(_instance.Id, _execution, _inbox.Count, events, _context.CanceledTimers, status, next);
    }
}

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
    private readonly Func<string, Func<TaskOrchestrationContext, Task<object?>>?> _findOrchestrator;
    private readonly DataConverter _converter;
    private readonly OrchestratorScheduler _scheduler;
    private readonly ReplayContext _context;
    private readonly Queue<HistoryEvent> _held = [];
    private Task<object?>? _task;
    private bool _isSuspended;
    private ExecutionTerminated? _termination;

    /// <param name="instance">Its history and input must not change during the turn.</param>
    /// <param name="inbox">The messages to consume, a copy.</param>
    /// <param name="now">The time of the turn, UTC.</param>
    /// <param name="findOrchestrator">Finds the code by name; the instance fails if there is none.</param>
    /// <param name="converter">Reads and writes payloads.</param>
    /// <param name="loggerFactory">Where the orchestrator's loggers write.</param>
    public OrchestratorTurn(
        Instance instance,
        IReadOnlyList<HistoryEvent> inbox,
        DateTime now,
        Func<string, Func<TaskOrchestrationContext, Task<object?>>?> findOrchestrator,
        DataConverter converter,
        ILoggerFactory loggerFactory)
    {
        (_instance, _inbox, _now, _findOrchestrator, _converter) = (instance, inbox, now, findOrchestrator, converter);
        _scheduler = new OrchestratorScheduler(() => loggerFactory.CreateLogger<OrchestratorTurn>().LogError(
            "Orchestrator '{Name}', instance '{InstanceId}', awaited a task that is not durable; what followed was not run.",
            instance.Name,
            instance.Id));
        _context = new ReplayContext(instance, instance.Input, _scheduler, converter, loggerFactory);
    }

    public TurnCommitted Run()
    {
        List<HistoryEvent> events = [new OrchestratorStarted(_now), .. _inbox];
        Exception? fault = null;
        try
        {
            Process(_instance.History, isReplaying: true);
            Process(events, isReplaying: false);
            ThrowIfNeverWoken();
        }
        catch (Exception exception)
        {
            fault = exception;
        }

        _scheduler.Close();
        return fault is null ? Conclude(events) : Commit([.. events, Failed(fault)], null);
    }

    private void Process(List<HistoryEvent> events, bool isReplaying)
    {
        for (var i = 0; i < events.Count && _termination is null; i++)
        {
            switch (events[i])
            {
                case OrchestratorStarted started:
                    _context.Requests.ExpectEndOfTurn(_task is { IsCompleted: true });
                    _context.BeginTurn(started.Timestamp, isReplaying);
                    break;
                case ActionEvent recorded when isReplaying:
                    _context.Requests.Expect(recorded);
                    break;
                case ExecutionTerminated terminated:
                    _termination = terminated;
                    break;
                case ExecutionSuspended:
                    _isSuspended = true;
                    break;
                case ExecutionResumed:
                    Resume();
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
            case ExecutionStarted:
                _task = _scheduler.Run(RunOrchestrator);
                break;
            case OutcomeEvent outcome:
                _context.Answer(outcome);
                break;
            case EventRaised raised when _task is { IsCompleted: true }:
                _context.Events.Keep(raised);
                break;
            case EventRaised raised:
                _context.Events.Raise(raised);
                break;
        }

        _scheduler.Drain();
    }

    private Task<object?> RunOrchestrator()
    {
        var orchestrator = _findOrchestrator(_instance.Name)
            ?? throw new InvalidOperationException($"There is no orchestrator function named '{_instance.Name}'.");
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
        events.AddRange(_context.Requests.New);
        if (_termination is { } termination)
        {
            events.Add(new ExecutionCompleted(_now, CompletionStatus.Terminated, termination.Output, null));
            return Commit(events, null);
        }

        if (_task is not { IsCompleted: true })
        {
            return Commit(events, null);
        }

        try
        {
            var result = _task.GetAwaiter().GetResult();
            if (_context.Again is { } again)
            {
                events.Add(new ContinueAsNew(_now, again.Input));
                return Commit(events, Next(again.Input, again.PreserveEvents));
            }

            events.Add(new ExecutionCompleted(_now, CompletionStatus.Completed, _converter.Serialize(result), null));
        }
        catch (Exception exception)
        {
            events.Add(Failed(exception));
        }

        return Commit(events, null);
    }

    /// <summary>What the next execution begins with: a suspension stays, and so do the events if they are to be preserved.</summary>
    private List<HistoryEvent> Next(string? input, bool preserveEvents)
    {
        var started = new ExecutionStarted(_now, _instance.Name, input)
        {
            Version = _instance.Version,
            Parent = _instance.Parent,
            Tags = _instance.Tags,
        };
        List<HistoryEvent> next = _isSuspended ? [new ExecutionSuspended(_now, null), started] : [started];
        if (preserveEvents)
        {
            next.AddRange(_context.Events.Unclaimed);
            next.AddRange(_held.OfType<EventRaised>());
        }

        return next;
    }

    private ExecutionCompleted Failed(Exception exception)
        => new(_now, CompletionStatus.Failed, null, TaskFailureDetails.FromException(exception));

    private TurnCommitted Commit(IReadOnlyList<HistoryEvent> events, IReadOnlyList<HistoryEvent>? next)
        => new(_instance.Id, _inbox.Count, events, _context.CanceledTimers, _context.CustomStatus, next);
}

using DurableTask.Core.History;
using DurableTask.Core.Tracing;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>
/// The context that an orchestrator sees during one turn. Requests made while replaying are only compared with the history; their
/// payloads are not serialized again.
/// </summary>
internal sealed partial class ReplayContext : TaskOrchestrationContext
{
    /// <summary>Azure's limit of a custom status: 16 KB as UTF-16.</summary>
    public const int MaxCustomStatusBytes = 16 * 1024;

    /// <summary>Longer timers are made of shorter ones, as Azure's worker does it.</summary>
    public static readonly TimeSpan MaxTimerInterval = TimeSpan.FromDays(3);

    private readonly ExecutionStartedEvent _started;
    private readonly string _instanceId;
    private readonly string _defaultVersion;
    private readonly OrchestratorScheduler _scheduler;
    private readonly DataConverter _converter;
    private readonly ILoggerFactory _loggerFactory;
    private readonly Dictionary<int, IOpenTask> _open = [];
    private DateTime _now;
    private bool _isReplaying = true;
    private int _guids;

    /// <param name="instance">The instance; only what does not change during a turn is used of it.</param>
    /// <param name="isRewound">Whether failures were taken out of its history.</param>
    /// <param name="defaultVersion">Of sub-orchestrations that are called without a version.</param>
    /// <param name="scheduler">Knows the orchestrator's thread.</param>
    /// <param name="converter">Reads and writes payloads.</param>
    /// <param name="loggerFactory">Where the orchestrator's loggers write.</param>
    public ReplayContext(
        Instance instance,
        bool isRewound,
        string defaultVersion,
        OrchestratorScheduler scheduler,
        DataConverter converter,
        ILoggerFactory loggerFactory)
    {
        (_started, _instanceId, _defaultVersion) = (instance.Started, instance.Id, defaultVersion);
        (_scheduler, _converter, _loggerFactory) = (scheduler, converter, loggerFactory);
        Parent = _started.ParentInstance is { } parent
            ? new ParentOrchestrationInstance(parent.Name, parent.OrchestrationInstance.InstanceId)
            : null;
        Requests = new RequestLog(instance.Name, instance.Id) { IsRewound = isRewound };
        Events = new ExternalEvents(converter);
    }

    /// <summary>The trace that the orchestration belongs to; null if it belongs to none.</summary>
    public DistributedTraceContext? Trace => _started.ParentTraceContext;

    public override TaskName Name => _started.Name;

    public override string InstanceId => _instanceId;

    public override string Version => _started.Version ?? "";

    public override ParentOrchestrationInstance? Parent { get; }

    public override DateTime CurrentUtcDateTime => _now;

    public override bool IsReplaying => _isReplaying;

    /// <summary>Requests, checked against the history.</summary>
    public RequestLog Requests { get; }

    public ExternalEvents Events { get; }

    /// <summary>Timers that the orchestrator canceled in this turn, and perhaps others that were canceled before.</summary>
    public List<int> CanceledTimers { get; } = [];

    /// <summary>Set once the orchestrator has asked to begin anew.</summary>
    public NextExecution? Next { get; private set; }

    /// <summary>What the execution has set so far; null if it has set none.</summary>
    public string? CustomStatus { get; private set; }

    /// <summary>What of the orchestrator's requests cannot be written down: the orchestration cannot go on.</summary>
    public Exception? Fault { get; private set; }

    /// <summary>Whether calls or timers are open. As in Azure, an orchestration does not end before they do.</summary>
    public bool HasOpenTasks => _open.Count > 0;

    /// <summary>Whether anything durable can still wake the orchestrator.</summary>
    public bool CanBeWoken => HasOpenTasks || Events.HasWaiter;

    protected override ILoggerFactory LoggerFactory => _loggerFactory;

    public void BeginTurn(DateTime now, bool isReplaying) => (_now, _isReplaying) = (now, isReplaying);

    /// <summary>Gives an answer to whoever awaits it; an answer to a canceled timer is nobody's.</summary>
    public void Answer(HistoryEvent outcome)
    {
        if (!_open.Remove(Outcome.TaskOf(outcome)!.Value, out var task))
        {
            return;
        }

        switch (outcome)
        {
            case TaskCompletedEvent completed:
                task.Complete(completed.Result);
                break;
            case SubOrchestrationInstanceCompletedEvent completed:
                task.Complete(completed.Result);
                break;
            case TaskFailedEvent failed:
                task.Fail(failed.FailureDetails!);
                break;
            case SubOrchestrationInstanceFailedEvent failed:
                task.Fail(failed.FailureDetails!);
                break;
            default:
                task.Complete(null);
                break;
        }
    }

    /// <summary>Gives an event to whoever waits for it, now, later, or in the next execution.</summary>
    public void Raise(EventRaisedEvent raised)
    {
        if (Next is { } next)
        {
            next.Events.Add(raised);
        }
        else
        {
            Events.Raise(raised);
        }
    }

    public override T? GetInput<T>()
        where T : default
        => _converter.Deserialize<T>(_started.Input);

    public override Task<TResult> CallActivityAsync<TResult>(TaskName name, object? input = null, TaskOptions? options = null)
    {
        ThrowIfMisplaced(input, options);
        return RetryLoop.Run(this, options?.Retry, () => Request<TResult>(
            name,
            taskId => new ActionKey(taskId, ActionKind.Activity, name),
            () => _converter.Serialize(input),
            (taskId, text) => new TaskScheduledEvent(taskId, name, NullIfEmpty(options?.Version?.Version ?? Version), text)
            {
                Tags = options?.Tags is { Count: > 0 } tags ? new Dictionary<string, string>(tags) : null,
                Timestamp = _now,
            }));
    }

    public override Task<TResult> CallSubOrchestratorAsync<TResult>(
        TaskName orchestratorName, object? input = null, TaskOptions? options = null)
    {
        ThrowIfMisplaced(input, options);
        ThrowIfForeignThread();
        var instanceId = (options as SubOrchestrationOptions)?.InstanceId ?? NewGuid().ToString("N");
        return RetryLoop.Run(this, options?.Retry, () => Request<TResult>(
            orchestratorName,
            taskId => new ActionKey(taskId, ActionKind.SubOrchestration, orchestratorName, instanceId),
            () => _converter.Serialize(input),
            (taskId, text) => new SubOrchestrationInstanceCreatedEvent(taskId)
            {
                Name = orchestratorName,
                Version = NullIfEmpty(options?.Version?.Version ?? _defaultVersion),
                InstanceId = instanceId,
                Input = text,
                Tags = MergedTags(options?.Tags),
                Timestamp = _now,
            }));
    }

    public override Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken)
    {
        var fireAtUtc = fireAt.ToUniversalTime();
        return fireAtUtc - _now <= MaxTimerInterval ? CreateOneTimer(fireAtUtc, cancellationToken) : CreateLongTimer(fireAtUtc, cancellationToken);
    }

    public override Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellationToken = default)
    {
        ThrowIfForeignThread();
        return Events.Wait<T>(eventName, cancellationToken);
    }

    public override void SendEvent(string instanceId, string eventName, object payload)
    {
        ThrowIfForeignThread();
        ArgumentException.ThrowIfNullOrWhiteSpace(instanceId);
        Request(
            taskId => new ActionKey(taskId, ActionKind.Event, eventName, instanceId),
            () => _converter.Serialize(payload),
            (taskId, text) => new EventSentEvent(taskId) { InstanceId = instanceId, Name = eventName, Input = text, Timestamp = _now });
    }

    /// <exception cref="ArgumentException">It is larger than <see cref="MaxCustomStatusBytes"/>.</exception>
    public override void SetCustomStatus(object? customStatus)
    {
        ThrowIfForeignThread();

        // Serialized in replays too: whether this throws must not depend on replaying.
        var text = _converter.Serialize(customStatus);
        var bytes = sizeof(char) * (text?.Length ?? 0);
        if (bytes > MaxCustomStatusBytes)
        {
            throw new ArgumentException(
                $"The custom status of '{_instanceId}' has {bytes} bytes as UTF-16 JSON; at most {MaxCustomStatusBytes} are allowed.",
                nameof(customStatus));
        }

        CustomStatus = text;
    }

    public override void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true)
        => ContinueAsNew(new ContinueAsNewOptions { NewInput = newInput, PreserveUnprocessedEvents = preserveUnprocessedEvents });

    public override void ContinueAsNew(ContinueAsNewOptions options)
    {
        ThrowIfForeignThread();
        ArgumentNullException.ThrowIfNull(options);
        List<EventRaisedEvent> kept = [.. Next?.Events ?? [], .. options.PreserveUnprocessedEvents ? Events.TakeUnclaimed() : []];
        var version = string.IsNullOrWhiteSpace(options.NewVersion) ? _started.Version : options.NewVersion;
        Next = new NextExecution(_converter.Serialize(options.NewInput), version, kept);
    }

    public override Guid NewGuid() => DeterministicGuid.Create(_instanceId, _now, _guids++);
}

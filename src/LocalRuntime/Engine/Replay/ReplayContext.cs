using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>
/// The context that an orchestrator sees during one turn. Requests made while replaying are only compared with the history; their
/// payloads are not serialized again.
/// </summary>
internal sealed class ReplayContext(
    Instance instance, string? input, OrchestratorScheduler scheduler, DataConverter converter, ILoggerFactory loggerFactory)
    : TaskOrchestrationContext
{
    /// <summary>Azure's limit of a custom status: 16 KB as UTF-16.</summary>
    public const int MaxCustomStatusBytes = 16 * 1024;

    private readonly Dictionary<int, IOpenTask> _open = [];
    private readonly RequestLog _requests = new(instance.Name, instance.Id);
    private DateTime _now;
    private bool _isReplaying = true;
    private int _guids;

    public override TaskName Name => instance.Name;

    public override string InstanceId => instance.Id;

    public override string Version => instance.Version;

    public override ParentOrchestrationInstance? Parent { get; } =
        instance.Parent is { } parent ? new ParentOrchestrationInstance(parent.Name, parent.InstanceId) : null;

    public override DateTime CurrentUtcDateTime => _now;

    public override bool IsReplaying => _isReplaying;

    /// <summary>Requests, checked against the history.</summary>
    public RequestLog Requests => _requests;

    public ExternalEvents Events { get; } = new(converter);

    /// <summary>Timers that the orchestrator canceled in this turn.</summary>
    public List<int> CanceledTimers { get; } = [];

    /// <summary>Set once the orchestrator has asked to begin anew; the input is serialized.</summary>
    public (string? Input, bool PreserveEvents)? Again { get; private set; }

    public string? CustomStatus { get; private set; } = instance.CustomStatus;

    /// <summary>Whether anything durable can still wake the orchestrator.</summary>
    public bool CanBeWoken => _open.Count > 0 || Events.HasWaiter;

    protected override ILoggerFactory LoggerFactory => loggerFactory;

    public void BeginTurn(DateTime now, bool isReplaying) => (_now, _isReplaying) = (now, isReplaying);

    /// <summary>Gives an answer to whoever awaits it; an answer to a canceled timer is nobody's.</summary>
    public void Answer(OutcomeEvent outcome)
    {
        if (!_open.Remove(outcome.TaskId, out var task))
        {
            return;
        }

        switch (outcome)
        {
            case TaskCompleted completed:
                task.Complete(completed.Result);
                break;
            case SubOrchestrationInstanceCompleted completed:
                task.Complete(completed.Result);
                break;
            case TaskFailed failed:
                task.Fail(failed.Failure);
                break;
            case SubOrchestrationInstanceFailed failed:
                task.Fail(failed.Failure);
                break;
            default:
                task.Complete(null);
                break;
        }
    }

    public override T? GetInput<T>()
        where T : default
        => converter.Deserialize<T>(input);

    public override Task<TResult> CallActivityAsync<TResult>(TaskName name, object? input = null, TaskOptions? options = null)
    {
        ThrowIfMisplaced(input, options);
        return RetryLoop.Run(this, options?.Retry, () =>
        {
            var (taskId, task) = Open<TResult>(name);
            Request(
                new ActionKey(taskId, ActionKind.Activity, name),
                () => new TaskScheduled(_now, taskId, name, converter.Serialize(input)));
            return task;
        });
    }

    public override Task<TResult> CallSubOrchestratorAsync<TResult>(
        TaskName orchestratorName, object? input = null, TaskOptions? options = null)
    {
        ThrowIfMisplaced(input, options);
        ThrowIfForeignThread();
        var instanceId = (options as SubOrchestrationOptions)?.InstanceId ?? NewGuid().ToString("N");
        return RetryLoop.Run(this, options?.Retry, () =>
        {
            var (taskId, task) = Open<TResult>(orchestratorName);
            Request(
                new ActionKey(taskId, ActionKind.SubOrchestration, orchestratorName, instanceId),
                () => new SubOrchestrationInstanceCreated(_now, taskId, orchestratorName, instanceId, converter.Serialize(input))
                {
                    Version = options?.Version?.Version ?? "",
                    Tags = options?.Tags?.ToDictionary(),
                });
            return task;
        });
    }

    public override Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken)
    {
        var (taskId, task) = Open<object?>("timer");
        var fireAtUtc = fireAt.ToUniversalTime();
        Request(new ActionKey(taskId, ActionKind.Timer), () => new TimerCreated(_now, taskId, fireAtUtc));
        cancellationToken.Register(() => Cancel(taskId, cancellationToken));
        return task;
    }

    public override Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellationToken = default)
    {
        ThrowIfForeignThread();
        return Events.Wait<T>(eventName, cancellationToken);
    }

    public override void SendEvent(string instanceId, string eventName, object payload)
    {
        ThrowIfForeignThread();
        var taskId = _requests.TakeTaskId();
        Request(
            new ActionKey(taskId, ActionKind.Event, eventName, instanceId),
            () => new EventSent(_now, taskId, instanceId, eventName, converter.Serialize(payload)));
    }

    /// <exception cref="ArgumentException">It is larger than <see cref="MaxCustomStatusBytes"/>.</exception>
    public override void SetCustomStatus(object? customStatus)
    {
        ThrowIfForeignThread();

        // Serialized in replays too: whether this throws must not depend on replaying.
        var text = converter.Serialize(customStatus);
        var bytes = sizeof(char) * (text?.Length ?? 0);
        if (bytes > MaxCustomStatusBytes)
        {
            throw new ArgumentException(
                $"The custom status of '{instance.Id}' has {bytes} bytes as UTF-16 JSON; at most {MaxCustomStatusBytes} are allowed.",
                nameof(customStatus));
        }

        CustomStatus = text;
    }

    public override void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true)
    {
        ThrowIfForeignThread();
        Again = (converter.Serialize(newInput), preserveUnprocessedEvents);
    }

    public override Guid NewGuid() => DeterministicGuid.Create(instance.Id, _now, _guids++);

    private (int TaskId, Task<T> Task) Open<T>(string name)
    {
        ThrowIfForeignThread();
        var taskId = _requests.TakeTaskId();
        var task = new OpenTask<T>(name, taskId, converter);
        _open.Add(taskId, task);
        return (taskId, task.Task);
    }

    private void Request(ActionKey key, Func<ActionEvent> make)
    {
        if (_isReplaying)
        {
            _requests.Repeat(key);
        }
        else
        {
            _requests.New.Add(make());
        }
    }

    private void Cancel(int timer, CancellationToken cancellationToken)
    {
        // Never throws: a token that some other thread sets runs this on that thread, where nobody would catch it.
        if (scheduler.IsOwnThread && _open.Remove(timer, out var task))
        {
            if (!_isReplaying)
            {
                CanceledTimers.Add(timer);
            }

            ((OpenTask<object?>)task).TrySetCanceled(cancellationToken);
        }
    }

    private void ThrowIfForeignThread()
    {
        if (!scheduler.IsOwnThread)
        {
            throw new InvalidOperationException(
                $"The context of orchestrator '{instance.Name}', instance '{instance.Id}', was used outside of its orchestrator's thread. "
                + "Orchestrators must not use Task.Run, threads or I/O; such work belongs in an activity.");
        }
    }

    private static void ThrowIfMisplaced(object? input, TaskOptions? options)
    {
        if (input is TaskOptions && options is null)
        {
            throw new ArgumentException($"A {nameof(TaskOptions)} was given as the input; name the parameter: options: ...", nameof(input));
        }
    }
}

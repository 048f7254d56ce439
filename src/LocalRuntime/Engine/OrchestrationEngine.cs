using DurableTask.Core;
using DurableTask.Core.History;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Converters;
using Microsoft.Extensions.Logging;

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>
/// Runs orchestrations and activities from a task hub. Every change of the hub is made by <see cref="Commit"/>; the rest is about
/// when: turns of one instance one after another, timers when they are due, no more at once than the options allow.
/// </summary>
internal sealed class OrchestrationEngine : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly TaskHub _hub;
    private readonly InstanceWaits _waits = new();
    private readonly HashSet<string> _dispatched = new(StringComparer.Ordinal);
    private readonly HashSet<string> _inTurn = new(StringComparer.Ordinal);
    private readonly VersionMatch _versions;
    private readonly EngineOptions _options;
    private readonly ITaskInvoker _invoker;
    private readonly TimeProvider _time;
    private readonly ILoggerFactory _loggerFactory;
    private readonly ILogger _logger;
    private readonly DataConverter _converter;
    private readonly Alarm _alarm;
    private readonly IHubJournal? _journal;
    private Task _written = Task.CompletedTask;
    private CancellationTokenSource _stopping = new();
    private WorkQueue<string>? _turns;
    private WorkQueue<ActivityWork>? _activities;

    /// <param name="options">Limits.</param>
    /// <param name="invoker">Finds the functions. Called first by <see cref="StartAsync"/>.</param>
    /// <param name="time">The clock of everything.</param>
    /// <param name="loggerFactory">Where engine and orchestrators log.</param>
    /// <param name="converter">Reads and writes payloads; JSON unless given.</param>
    /// <param name="journal">Keeps the hub, and what it held before; null: it lives in memory only.</param>
    public OrchestrationEngine(
        EngineOptions options,
        ITaskInvoker invoker,
        TimeProvider time,
        ILoggerFactory loggerFactory,
        DataConverter? converter = null,
        IHubJournal? journal = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxConcurrentActivityFunctions);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxConcurrentOrchestratorFunctions);
        (_options, _invoker, _time, _loggerFactory) = (options, invoker, time, loggerFactory);
        _hub = new TaskHub(options.StoreInputsInOrchestrationHistory);
        _logger = loggerFactory.CreateLogger<OrchestrationEngine>();
        _versions = new VersionMatch(options, _logger);
        _converter = converter ?? JsonDataConverter.Default;
        _alarm = new Alarm(time, FireTimers);
        _journal = journal;
        if (journal is not null)
        {
            _hub.Restore(journal.Load());
        }

        Client = new EngineClient(this, options, time, _converter);
    }

    private DateTime Now => _time.GetUtcNow().UtcDateTime;

    /// <summary>Raised after each change, under the engine's lock: handlers must be quick, and may read the engine.</summary>
    public event Action<HubChange>? Changed;

    public DurableTaskClient Client { get; }

    /// <summary>How many history events were ever written, those of past executions and purged instances too.</summary>
    public long HistoryEventsAppended => Read(hub => hub.HistoryEventsAppended);

    /// <returns>A copy of the current execution's history; empty if there is no such instance.</returns>
    public IReadOnlyList<HistoryEvent> GetHistory(string instanceId)
        => Read<IReadOnlyList<HistoryEvent>>(hub => hub.Find(instanceId) is { } instance ? [.. instance.History] : []);

    /// <summary>Starts, or goes on with, whatever the hub has to do.</summary>
    public Task StartAsync(CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (_turns is not null)
            {
                throw new InvalidOperationException("The engine runs already.");
            }

            _stopping = new CancellationTokenSource();
            _turns = new WorkQueue<string>(_options.MaxConcurrentOrchestratorFunctions, RunTurn);
            _activities = new WorkQueue<ActivityWork>(_options.MaxConcurrentActivityFunctions, RunActivity);
            _dispatched.Clear();
            foreach (var work in _hub.Activities)
            {
                _activities.Add(work);
            }

            foreach (var instance in _hub.Instances)
            {
                Dispatch(instance);
            }

            _turns.Start();
            _activities.Start();
            _alarm.Set(_hub.NextTimer?.FireAt, hasRung: true);
        }

        return Task.CompletedTask;
    }

    /// <summary>
    /// Tells running activities to stop and waits for them, at most <see cref="EngineOptions.StopTimeout"/>. Those that do not finish
    /// are run again after the next start.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        Task running;
        CancellationTokenSource stopping;
        lock (_gate)
        {
            if (_turns is null || _activities is null)
            {
                return;
            }

            running = Task.WhenAll(_turns.Stop(), _activities.Stop());
            (_turns, _activities) = (null, null);
            stopping = _stopping;
            _alarm.Set(null, hasRung: false);
        }

        await stopping.CancelAsync();
        try
        {
            await running.WaitAsync(_options.StopTimeout, _time, cancellationToken);
        }
        catch (TimeoutException)
        {
            _logger.LogWarning("Activities were still running {Timeout} after they were told to stop.", _options.StopTimeout);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _alarm.DisposeAsync();
    }

    /// <summary>Ends when everything is on disk that happened so far.</summary>
    public Task Written
    {
        get
        {
            lock (_gate)
            {
                return _written;
            }
        }
    }

    /// <summary>Reads the hub; nothing of it but copies and immutable parts may leave the function.</summary>
    public T Read<T>(Func<TaskHub, T> read)
    {
        lock (_gate)
        {
            return read(_hub);
        }
    }

    /// <summary>Changes the hub by what the function makes of its present state; nothing comes in between.</summary>
    public void Change(Func<TaskHub, IEnumerable<HubChange>> decide)
    {
        lock (_gate)
        {
            foreach (var change in decide(_hub))
            {
                Commit(change);
            }
        }
    }

    /// <exception cref="ArgumentException">There is no such instance.</exception>
    public Task<Instance> WaitFor(string instanceId, InstanceMilestone milestone)
    {
        lock (_gate)
        {
            return _hub.Find(instanceId) is { } instance
                ? _waits.For(instance, milestone)
                : throw new ArgumentException($"No orchestration with the instance id '{instanceId}' was found.", nameof(instanceId));
        }
    }

    /// <summary>The one place where durable state changes. The lock is held.</summary>
    private void Commit(HubChange change)
    {
        var effects = _hub.Apply(change);
        if (_journal is not null)
        {
            _written = _journal.Append(effects.Rows);
        }

        foreach (var work in effects.Activities)
        {
            _activities?.Add(work);
        }

        foreach (var instance in effects.Touched)
        {
            Dispatch(instance);
            _waits.Notify(instance);
        }

        if (_turns is not null)
        {
            _alarm.Set(_hub.NextTimer?.FireAt, hasRung: false);
        }

        Changed?.Invoke(change);
    }

    /// <summary>Queues a turn, unless one is queued or running: that one looks for further messages when it ends.</summary>
    private void Dispatch(Instance instance)
    {
        if (_turns is not null && instance.IsRunnable && _versions.Accepts(instance) && _dispatched.Add(instance.Id))
        {
            _turns.Add(instance.Id);
        }
    }

    private Func<TaskOrchestrationContext, Task<object?>>? FindOrchestrator(string name) => _invoker.FindOrchestrator(name);

    private Task RunTurn(string instanceId)
    {
        OrchestratorTurn? turn = null;
        FailureDetails? refusal = null;
        lock (_gate)
        {
            if (!_inTurn.Add(instanceId))
            {
                // A turn from before a stop that did not wait long enough; the instance is dispatched again when it ends.
                return Task.CompletedTask;
            }

            if (_hub.Find(instanceId) is { IsRunnable: true } instance)
            {
                turn = new OrchestratorTurn(
                    instance, [.. instance.Inbox], Now, _options.DefaultVersion, FindOrchestrator, _converter, _loggerFactory);
                refusal = _versions.Matches(instance) ? null : _versions.Failure(instance);
            }
        }

        var committed = refusal is null ? turn?.Run() : turn?.Refuse(refusal);
        lock (_gate)
        {
            if (committed is not null)
            {
                Commit(committed);
            }

            _inTurn.Remove(instanceId);
            _dispatched.Remove(instanceId);
            if (_hub.Find(instanceId) is { } instance)
            {
                Dispatch(instance);
            }
        }

        return Task.CompletedTask;
    }

    private async Task RunActivity(ActivityWork work)
    {
        var stopping = _stopping.Token;
        HistoryEvent outcome;
        try
        {
            // What an activity does cannot be taken back, so the turn that called it must not be either.
            await Written;
            var result = await _invoker.RunActivityAsync(work.Name, work.Key.InstanceId, work.Input, stopping);
            outcome = new TaskCompletedEvent(HistoryEvent.NoId, work.Key.TaskId, result) { Timestamp = Now };
        }
        catch (Exception exception) when (stopping.IsCancellationRequested)
        {
            _logger.LogInformation(exception, "Activity '{Name}' stopped with the host; it will run again.", work.Name);
            return;
        }
        catch (Exception exception)
        {
            var failure = FailureDetails.Of(exception, exception is FunctionNotFoundException);
            outcome = new TaskFailedEvent(HistoryEvent.NoId, work.Key.TaskId, failure.ErrorMessage, null, failure) { Timestamp = Now };
        }

        lock (_gate)
        {
            Commit(new ActivityFinished(work.Key, outcome));
        }
    }

    private void FireTimers()
    {
        lock (_gate)
        {
            if (_turns is null)
            {
                return;
            }

            var now = Now;
            while (_hub.NextTimer is { } timer && timer.FireAt <= now)
            {
                Commit(new TimerElapsed(timer.InstanceId, timer.TaskId, now));
            }

            _alarm.Set(_hub.NextTimer?.FireAt, hasRung: true);
        }
    }
}

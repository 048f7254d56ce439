using System.Text.Json;
using DurableTask.Core.History;
using DurableTask.Core.Tracing;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Tests.Engine.Crash;

/// <summary>
/// A family of random orchestrations on the engine, in one thread and fake time, with an order of steps, crashes, repeated deliveries and
/// pauses that all follow from a seed.
/// </summary>
#pragma warning disable CA1001 // A process that crashes disposes of nothing, and neither does this.
internal sealed class Simulation : ITaskInvoker
#pragma warning restore CA1001
{
    private const int MaxSteps = 50_000;
    private const int MaxStepsBeforeACrash = 60;
    private const int MaxLives = 6;
    private const string RootId = "root";

    private readonly Random _random;
    private readonly bool _hasTrouble;
    private readonly RandomFamily _family;
    private readonly ProgramOrchestrator _orchestrator;
    private readonly MemoryDisk _disk = new();
    private readonly Dictionary<int, int> _flaky = [];
    private readonly HashSet<string> _sent = [];
    private readonly List<HubChange> _delivered = [];
    private FakeTimeProvider _time = new(EngineHarness.StartOfTime);
    private SimulatedScheduler _scheduler = null!;
    private SimulatedJournal _journal = null!;
    private OrchestrationEngine _engine = null!;
    private int _steps;

    /// <param name="seed">Of everything.</param>
    /// <param name="hasTrouble">Whether there are crashes, repeated deliveries and pauses.</param>
    public Simulation(int seed, bool hasTrouble)
    {
        _family = new RandomFamily(new Random(seed));
        _random = new Random(seed);
        _hasTrouble = hasTrouble;
        _orchestrator = new ProgramOrchestrator(_family);
    }

    public int Crashes { get; private set; }

    public string ExpectedOutcome => Expected.Of(_family.Root);

    public OrchestrationEngine Engine => _engine;

    /// <summary>Runs the family to its end.</summary>
    /// <returns>As <see cref="Expected.Of"/>.</returns>
    public string Run()
    {
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            for (var lives = _hasTrouble ? _random.Next(2, MaxLives) : 1; lives > 0; lives--)
            {
                Live(lives > 1 ? _random.Next(1, MaxStepsBeforeACrash) : MaxSteps);
            }

            return Outcome();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    public Func<TaskOrchestrationContext, Task<object?>>? FindOrchestrator(string name)
    {
        if (_random.Next(4) == 0 && OpenEvents() is [var (instance, sent), ..])
        {
            // While the turn runs.
            var raised = new EventRaisedEvent(HistoryEvent.NoId, JsonSerializer.Serialize(sent)) { Name = sent };
            _engine.Change(_ => [new MessageSent(instance, raised)]);
            _ = NoteAsync(sent, _engine.Written);
        }

        return _orchestrator.Run;
    }

    public Task<string?> RunActivityAsync(string name, string instanceId, string? input, DistributedTraceContext? trace, CancellationToken cancellationToken)
    {
        Assert.True(_disk.HasCall(instanceId, name, input), $"Activity {name} of {instanceId} runs before the turn that called it is on disk.");
        var value = JsonSerializer.Deserialize<int>(input!);
        return name switch
        {
            ProgramOrchestrator.Double => Answer(value * 2),
            ProgramOrchestrator.Bad => throw new InvalidOperationException($"bad {value}"),
            _ => (_flaky[value] = _flaky.GetValueOrDefault(value) + 1) > ProgramOrchestrator.FlakyFailures
                ? Answer(value)
                : throw new InvalidOperationException("not yet"),
        };

        static async Task<string?> Answer(int value)
        {
            await Task.Yield();
            return JsonSerializer.Serialize(value);
        }
    }

    /// <summary>From a start to a crash, or to the end.</summary>
    private void Live(int steps)
    {
        _time = new FakeTimeProvider(_time.GetUtcNow());
        _scheduler = new SimulatedScheduler(_random);
        _journal = new SimulatedJournal(_disk, _scheduler);
        var options = new EngineOptions
        {
            MaxConcurrentActivityFunctions = _random.Next(1, 5),
            MaxConcurrentOrchestratorFunctions = _random.Next(1, 4),
            StoreInputsInOrchestrationHistory = _random.Next(2) == 0,
        };
        _engine = new OrchestrationEngine(options, this, _time, NullLoggerFactory.Instance, journal: _journal, scheduler: _scheduler);
        _engine.Changed += Remember;

        // An answer may be delivered again after a crash too, but not one to an execution whose number is given out anew.
        _delivered.RemoveAll(change => change is not ActivityFinished { Key.Execution: var execution } || execution > _disk.Executions);
        _ = _engine.StartAsync(CancellationToken.None);
        _ = _scheduler.Run(StartAsync);
        while (steps-- > 0)
        {
            Assert.True(++_steps < MaxSteps, "The orchestrations do not come to an end.");
            MakeTrouble();
            if (!_scheduler.Step() && !Idle())
            {
                return;
            }
        }

        Crashes++;
        _journal.Crash(_random);
    }

    /// <summary>Nothing is ready: time passes, or clients do something.</summary>
    /// <returns>False if everything has ended.</returns>
    private bool Idle()
    {
        if (SendEvent() || ResumeAll())
        {
            return true;
        }

        if (_engine.Read(hub => hub.NextTimer) is { } timer)
        {
            _time.SetUtcNow(timer.FireAt > _time.GetUtcNow() ? timer.FireAt : _time.GetUtcNow());
            return true;
        }

        Assert.True(_engine.Read(hub => hub.Find(RootId)) is { Completion: not null }, "Nothing is left to do, but the orchestration has not ended.");
        return false;
    }

    private async Task StartAsync()
    {
        if (_engine.Read(hub => hub.Find(RootId)) is null)
        {
            await _engine.Client.ScheduleNewOrchestrationInstanceAsync(
                ProgramOrchestrator.Name, new ProgramOrchestrator.State(_family.Root.Index, 0, ""), new StartOrchestrationOptions(RootId));
        }
    }

    private void MakeTrouble()
    {
        if (_random.Next(8) == 0)
        {
            SendEvent();
        }

        if (!_hasTrouble || _random.Next(8) != 0)
        {
            return;
        }

        switch (_random.Next(3))
        {
            case 0 when _delivered.Count > 0:
                _engine.Change(_ => [_delivered[_random.Next(_delivered.Count)]]);
                break;
            case 1:
                _ = _scheduler.Run(() => _engine.Client.SuspendInstanceAsync(RootId, "trouble"));
                break;
            default:
                ResumeAll();
                break;
        }
    }

    /// <summary>Sends one of the events that an instance that runs may wait for; what is not acknowledged is sent again after a crash.</summary>
    private bool SendEvent()
    {
        var open = OpenEvents();
        if (open.Count == 0)
        {
            return false;
        }

        var (instance, name) = open[_random.Next(open.Count)];
        _ = _scheduler.Run(async () =>
        {
            await NoteAsync(name, _engine.Client.RaiseEventAsync(instance, name, name));
        });
        return true;
    }

    /// <summary>Once it is known to be on disk, it is not sent again.</summary>
    private Task NoteAsync(string name, Task written) => _scheduler.Run(async () =>
    {
        await written;
        _sent.Add(name);
    });

    private List<(string Instance, string Name)> OpenEvents() => [.. _family.Events
        .Where(e => !_sent.Contains(e.Name) && _engine.Read(hub => hub.Find(e.Instance)) is { Completion: null })];

    private bool ResumeAll()
    {
        var suspended = _engine.Read(hub => hub.Instances.Where(instance => instance.IsSuspended && instance.Completion is null).ToList());
        suspended.ForEach(instance => _ = _scheduler.Run(() => _engine.Client.ResumeInstanceAsync(instance.Id)));
        return suspended.Count > 0;
    }

    private void Remember(HubChange change)
    {
        if (change is ActivityFinished or TimerElapsed)
        {
            _delivered.Add(change);
        }
    }

    private string Outcome()
    {
        var root = _engine.Read(hub => hub.Find(RootId)!.ToMetadata(Microsoft.DurableTask.Converters.JsonDataConverter.Default));
        return root.RuntimeStatus == OrchestrationRuntimeStatus.Completed
            ? root.ReadOutputAs<string>()!
            : $"!{ProgramOrchestrator.Cause(root.FailureDetails!)}";
    }
}

namespace ModelJobs.Simulation.Tests.Support;

/// <summary>Something that runs on a clock of its own.</summary>
internal interface ISimulation
{
    SimulatedTime Time { get; }

    /// <summary>Whether something of it is under way outside of the thread pool.</summary>
    bool IsBusy { get; }

    /// <summary>Runs it to its end; called once, on the thread pool.</summary>
    Task RunAsync();
}

/// <summary>
/// Runs simulations side by side and moves their clocks: whenever nothing is left to run in the process, each clock jumps to its next timer. Nothing waits on
/// real time, so a simulated hour takes as long as what happens in it.
/// <para>
/// That nothing is left to run is seen from the thread pool, by a thread that is not of it: no work item waits, and none runs. That is exact as long as
/// everything of the simulations runs on the pool: no sockets, no system timers, no threads of their own. Should a clock move while something still runs, then
/// that has happened on a slow machine, which must be borne as well.
/// </para>
/// </summary>
internal sealed class SimulationPump
{
    /// <summary>Simulated time after which a simulation is taken to hang.</summary>
    private static readonly TimeSpan MaxElapsed = TimeSpan.FromDays(3);

    /// <summary>Real time for which the pool may be busy without a pause.</summary>
    private static readonly TimeSpan MaxBusy = TimeSpan.FromSeconds(60);

    /// <summary>Real time for which a simulation may wait for nothing that the pump can see.</summary>
    private static readonly TimeSpan MaxStuck = TimeSpan.FromSeconds(10);

    /// <summary>Failures after which no simulation is begun any more.</summary>
    private const int MaxFailures = 3;

    /// <summary>Real time for which the pool is watched at the start, if it never rests.</summary>
    private static readonly TimeSpan Calibration = TimeSpan.FromSeconds(3);

    /// <summary>Looks at the pool that follow each other closely; a step that takes longer is waited for with a millisecond's patience.</summary>
    private const int SpinsBeforeSleep = 100;

    private readonly Queue<ISimulation> _waiting;
    private readonly List<Running> _running = [];
    private readonly List<Exception> _failures = [];
    private readonly int _sideBySide;
    private int _others = int.MaxValue;

    private SimulationPump(IEnumerable<ISimulation> simulations, int sideBySide)
    {
        _waiting = new(simulations);
        _sideBySide = sideBySide;
    }

    /// <summary>Jumps of clocks.</summary>
    public long Jumps { get; private set; }

    /// <summary>The simulation whose clock jumped most often, and how often.</summary>
    public (ISimulation? Simulation, long Jumps) Longest { get; private set; }

    /// <summary>Runs simulations to their ends. One pump in the process at a time.</summary>
    /// <param name="simulations">Begun in this order.</param>
    /// <param name="sideBySide">How many at once; 1 to look at one closely.</param>
    /// <exception cref="AggregateException">Some failed.</exception>
    public static async Task<SimulationPump> RunAsync(IEnumerable<ISimulation> simulations, int sideBySide)
    {
        var pump = new SimulationPump(simulations, sideBySide);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                pump.Run();
                ended.SetResult();
            }
            catch (Exception exception)
            {
                ended.SetException(exception);
            }
        })
        {
            IsBackground = true,
            Name = "Simulation pump",
        };
        thread.Start();
        await ended.Task;
        return pump._failures.Count == 0 ? pump : throw new AggregateException(pump._failures);
    }

    private void Run()
    {
        // Nothing of a simulation runs yet: what is busy now is the test runner's.
        var begin = TimeProvider.System.GetTimestamp();
        var spin = default(SpinWait);
        do
        {
            spin.SpinOnce(SpinsBeforeSleep);
            IsIdle();
        }
        while (_others > 0 && TimeProvider.System.GetElapsedTime(begin) < Calibration);

        do
        {
            WaitUntilIdle();
            TakeEnded();
            if (!Begin())
            {
                _running.ForEach(Jump);
            }
        }
        while (_running.Count > 0);
    }

    private void WaitUntilIdle()
    {
        var start = TimeProvider.System.GetTimestamp();
        var spin = default(SpinWait);
        while (!IsIdle() || _running.Exists(run => run.Simulation.IsBusy))
        {
            spin.SpinOnce(SpinsBeforeSleep);
            if (TimeProvider.System.GetElapsedTime(start) > MaxBusy)
            {
                throw new TimeoutException(
                    $"The process was busy for {MaxBusy} without a pause; something blocks, or waits on real time. Running: " +
                    string.Join("; ", _running.Select(run => $"{run.Simulation}{(run.Simulation.IsBusy ? " (busy)" : "")}")));
            }
        }
    }

    /// <summary>Threads of the pool that the test runner holds for good do not count.</summary>
    private bool IsIdle()
    {
        if (ThreadPool.PendingWorkItemCount > 0)
        {
            return false;
        }

        ThreadPool.GetMaxThreads(out var most, out _);
        ThreadPool.GetAvailableThreads(out var free, out _);
        var busy = most - free;
        _others = Math.Min(_others, busy);
        return busy <= _others;
    }

    private void TakeEnded()
    {
        _failures.AddRange(_running.Where(run => run.End.IsFaulted).Select(run => run.End.Exception!.InnerException!));
        _running.RemoveAll(run => run.End.IsCompleted);
    }

    private bool Begin()
    {
        var before = _running.Count;
        while (_running.Count < _sideBySide && _failures.Count < MaxFailures && _waiting.TryDequeue(out var next))
        {
            _running.Add(new Running(next, Task.Run(next.RunAsync)));
        }

        return _running.Count > before;
    }

    private void Jump(Running run)
    {
        var time = run.Simulation.Time;
        if (run.End.IsCompleted)
        {
            return;
        }

        if (time.Elapsed > MaxElapsed)
        {
            Fail(run, "does not end");
        }
        else if (time.NextDue is { } due)
        {
            Jumps++;
            Longest = ++run.Jumps > Longest.Jumps ? (run.Simulation, run.Jumps) : Longest;
            run.StuckSince = null;
            // One that is due already has not fired for want of a jump.
            time.SetUtcNow(due > time.GetUtcNow() ? due : time.GetUtcNow() + TimeSpan.FromMilliseconds(1));
        }
        else
        {
            run.StuckSince ??= TimeProvider.System.GetTimestamp();
            if (TimeProvider.System.GetElapsedTime(run.StuckSince.Value) > MaxStuck)
            {
                Fail(run, "waits for nothing");
            }
        }
    }

    private void Fail(Running run, string how)
    {
        _failures.Add(new TimeoutException($"{run.Simulation} {how}, after {run.Simulation.Time.Elapsed} on its clock."));
        run.End = Task.CompletedTask;
    }

    private sealed class Running(ISimulation simulation, Task end)
    {
        public ISimulation Simulation => simulation;

        public Task End { get; set; } = end;

        public long Jumps { get; set; }

        /// <summary>Since when there is nothing that it could wait for.</summary>
        public long? StuckSince { get; set; }
    }
}

using System.Globalization;
using ModelJobs.Contracts;
using ModelJobs.EndToEnd.Tests.Support;
using ModelJobs.LocalRuntime.Faults;
using ModelJobs.Simulation.Tests.Support;

namespace ModelJobs.Simulation.Tests;

/// <summary>
/// Runs some small jobs on the whole app while faults strike it, up to its death, and checks the design's invariants. All is drawn from the
/// plan's seed.
/// </summary>
internal sealed class FaultSimulation : ISimulation
{
    private const int MaxJobs = 3;

    /// <summary>How far a crash may be from the start: the passing of its point.</summary>
    private const int MaxCrashPass = 12;

    /// <summary>How much each minute may add to histories, in what a fault may add.</summary>
    private const int WaitsPerMinute = 2;

    private readonly FaultPlan _plan;
    private readonly World _world;
    private readonly IReadOnlyList<JobScript> _scripts;
    private volatile SimulatedApp? _app;
    private int _faults;

    /// <param name="plan">Seed and profile, with the point to crash at if there is one.</param>
    /// <param name="log">Takes what the app logs; null: nobody does.</param>
    public FaultSimulation(FaultPlan plan, SimulationLog? log = null)
    {
        _plan = plan;
        _world = new World(log);
        var random = new Random(plan.Seed);
        // While a chunk of a lane is missing, all that follow it go round every second: hundreds of them would make a simulation take seconds.
        var mayBeLong = plan.Profile.ProbabilityOf(FaultKind.SettleLost) == 0;
        _scripts = [.. Enumerable.Range(0, random.Next(1, MaxJobs + 1)).Select(number => JobScript.Draw(random, number, mayBeLong))];
    }

    public SimulatedTime Time => _world.Time;

    public bool IsBusy => _app?.IsWriting ?? false;

    /// <summary>A plan of the profile with a crash at some point, drawn from the seed.</summary>
    public static FaultPlan WithCrash(int seed, FaultProfile profile)
    {
        var random = new Random(seed);
        var points = Enum.GetValues<CrashPoint>();
        return new FaultPlan(seed, profile, points[random.Next(points.Length)], random.Next(1, MaxCrashPass + 1));
    }

    /// <exception cref="Exception">An invariant does not hold; the message has the command that runs this simulation alone.</exception>
    public async Task RunAsync()
    {
        // What is to outlive a crash is on disk; all else is faster in memory.
        var folder = _plan.CrashAt is null ? null : Directory.CreateTempSubdirectory("modeljobs-simulation-");
        _world.Folder = folder?.FullName;
        try
        {
            await RunLivesAsync();
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"{this}: {failure.Message}", failure);
        }
        finally
        {
            folder?.Delete(recursive: true);
        }
    }

    public override string ToString() =>
        $"MODELJOBS_SIM_SEED={_plan} dotnet test tests/Simulation.Tests --filter {nameof(FaultSimulationTests)}";

    private async Task RunLivesAsync()
    {
        var app = _app = await SimulatedApp.StartAsync(_world, _plan);
        try
        {
            var work = WorkAsync(app);
            if (await Task.WhenAny(work, app.Crashed) != work)
            {
                await EndLifeAsync(app);
                // The faults stay; the crash comes once.
                app = _app = await SimulatedApp.StartAsync(_world, _plan with { CrashAt = null });
                work = WorkAsync(app);
            }

            await work;
        }
        finally
        {
            await EndLifeAsync(app);
        }
    }

    private async Task EndLifeAsync(SimulatedApp app)
    {
        _faults += app.Faults?.Count ?? 0;
        _app = null;
        await app.DisposeAsync();
    }

    private async Task WorkAsync(SimulatedApp app)
    {
        var view = app.View();
        var caller = new PatientCaller(view, Time);
        var jobs = new List<Job>();
        foreach (var script in _scripts)
        {
            jobs.Add(await caller.SubmitAsync(script));
        }

        foreach (var job in jobs)
        {
            await app.Durable.WaitForInstanceCompletionAsync(job.Id, CancellationToken.None);
        }

        // A page that waits is asked after slice by slice, and looked into now and then.
        var waits = WaitsPerMinute * (int)Time.Elapsed.TotalMinutes;
        await Rest.OfAsync(view, Time);
        await CheckAsync(view, _faults + (app.Faults?.Count ?? 0), waits, jobs);
    }

    private async Task CheckAsync(LocalApp view, int faults, int waits, IReadOnlyList<Job> submitted)
    {
        foreach (var (script, job) in _scripts.Zip(submitted))
        {
            var ended = (await view.Jobs.ListAsync()).Single(listed => listed.Id == job.Id);
            await Invariants.CheckLinesAsync(view.Jobs, ended);
            await CheckOutcomesAsync(view.Jobs, ended, script);
        }

        CheckOrder(submitted);
        QueueInvariants.CheckAtRest(view, faults);
        Assert.Empty(_world.LossWatch.Losses);
        await HistoryInvariants.CheckAsync(view, faults + waits);
    }

    /// <summary>Who had to fail did, and nobody else but with a chunk that was given up.</summary>
    private static async Task CheckOutcomesAsync(JobsApi jobs, Job job, JobScript script)
    {
        var failed = new HashSet<long>();
        await foreach (var error in jobs.ErrorsAsync(job.Id))
        {
            failed.Add(error.Index);
            Assert.True(
                script.MustFail.Contains(error.Index) || script.MayFail.Contains(error.Index) || error.Error!.Code is "dead_lettered" or "worker_lost",
                string.Create(CultureInfo.InvariantCulture, $"Item {error.Index} of {script.Name} failed: {error.Error!.Code} {error.Error.Message}"));
        }

        Assert.Superset(script.MustFail.ToHashSet(), failed);
    }

    private void CheckOrder(IReadOnlyList<Job> jobs)
    {
        const long LifeTime = 1_000_000_000;
        var ordered = _scripts.Zip(jobs).Where(pair => pair.Second.Options.OrderByKey).Select(pair => pair.First.Name + "-").ToList();
        var attempts = _world.Lives.Index()
            .SelectMany(life => life.Item.Attempts.Select(attempt => attempt with
            {
                Start = attempt.Start + (life.Index * LifeTime),
                End = attempt.End + (life.Index * LifeTime),
            }))
            .Where(attempt => ordered.Exists(name => attempt.Key?.StartsWith(name, StringComparison.Ordinal) ?? false))
            .ToList();
        if (_plan.Profile.Name == "calm" && _plan.CrashAt is null)
        {
            OrderInvariants.Check(attempts);
        }
        else
        {
            OrderInvariants.CheckWithRepetitions(attempts, _plan.Profile.ProbabilityOf(FaultKind.SessionLockExpired) > 0);
        }
    }
}

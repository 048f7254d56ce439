using ModelJobs.EndToEnd.Tests.Support;
using ModelJobs.Functions.Process.Runners;
using ModelJobs.LocalRuntime.Faults;
using ModelJobs.Tests.Support.Blobs;

namespace ModelJobs.Simulation.Tests.Support;

/// <summary>What outlives the app: the clock, the blobs, the folder with its state, and what is known of its runs.</summary>
internal sealed class World
{
    private readonly Lock _gate = new();
    private readonly List<RecordingRunner> _lives = [];

    /// <param name="log">Takes what the app logs; null: nobody does.</param>
    public World(SimulationLog? log)
    {
        Blobs = new InMemoryBlobService(Time);
        Log = log;
        log?.Time = Time;
    }

    public SimulatedTime Time { get; } = new();

    public InMemoryBlobService Blobs { get; }

    /// <summary>Where queues and orchestrations are kept; null: they go with the app.</summary>
    public string? Folder { get; set; }

    /// <summary>Settings of the app besides those of every simulation, as <c>Name=value</c>.</summary>
    public IReadOnlyList<string> Settings { get; set; } = [];

    public SimulationLog? Log { get; }

    public LossWatch LossWatch { get; } = new();

    /// <summary>The model's runs in each life of the app, in order.</summary>
    public IReadOnlyList<RecordingRunner> Lives
    {
        get
        {
            lock (_gate)
            {
                return [.. _lives];
            }
        }
    }

    /// <summary>Makes the models of a new life. Their runs end with the life.</summary>
    /// <param name="faults">What ends the life; null if nothing does.</param>
    /// <returns>The model that does what its items ask for, and the one that always succeeds.</returns>
    public (RecordingRunner Recorded, RecordingRunner Mended) BeginLife(Func<FaultInjector?> faults)
    {
        var recorded = new RecordingRunner(new MortalRunner(new SimulateRunner(Time), faults));
        lock (_gate)
        {
            _lives.Add(recorded);
        }

        return (recorded, new RecordingRunner(new MortalRunner(new MendedRunner(), faults)));
    }

    /// <summary>Runs on as long as its app has not crashed.</summary>
    private sealed class MortalRunner(IModelRunner inner, Func<FaultInjector?> faults) : IModelRunner
    {
        public async Task<IReadOnlyList<ItemOutcome>> RunAsync(IReadOnlyList<ItemCall> items, CancellationToken cancellationToken)
        {
            var outcomes = await inner.RunAsync(items, cancellationToken);
            if (faults() is { } injector)
            {
                await injector.WhileAliveAsync();
            }

            return outcomes;
        }
    }
}

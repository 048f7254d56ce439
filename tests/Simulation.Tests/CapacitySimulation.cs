using System.Globalization;
using ModelJobs.Contracts;
using ModelJobs.Simulation.Tests.Support;

namespace ModelJobs.Simulation.Tests;

/// <summary>
/// Runs a job of events of one length on so many nodes, to which messages take some time, and holds what it does against what the capacity model predicts
/// from those three numbers, and at a fifth of it, against what its status says is left.
/// </summary>
/// <param name="nodes">N.</param>
/// <param name="task">Tc, in seconds.</param>
/// <param name="delay">Tp, in seconds; on a simulated clock nothing else of a cycle takes time.</param>
internal sealed class CapacitySimulation(int nodes, double task, double delay) : ISimulation
{
    /// <summary>How many events each node runs: enough that how the job begins and ends does not count.</summary>
    private const int Cycles = 60;

    /// <summary>How far predictions may be from what happens.</summary>
    private const double Tolerance = 0.1;

    /// <summary>When the time that is left is asked for, in percent of the items.</summary>
    private const double Asked = 20;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.25);

    private readonly World _world = new(log: null);

    public SimulatedTime Time => _world.Time;

    public bool IsBusy => false;

    public async Task RunAsync()
    {
        var delivery = TimeSpan.FromSeconds(delay).ToString("c", CultureInfo.InvariantCulture);
        _world.Settings =
        [
            string.Create(CultureInfo.InvariantCulture, $"AzureFunctionsJobHost:extensions:serviceBus:maxConcurrentCalls={nodes}"),
            .. delay > 0 ? (string[])[$"LocalRuntime:DeliveryDelay={delivery}"] : [],
        ];
        await using var app = await SimulatedApp.StartAsync(_world, plan: null);
        var view = app.View();
        var line = string.Create(CultureInfo.InvariantCulture, $$$"""{"input":{"id":1,"duration":{{{task}}}}}""");
        var job = await view.Jobs.SubmitAsync("?model=simulate&chunkItems=1", Enumerable.Repeat(line, nodes * Cycles));

        var caller = new PatientCaller(view, Time);
        while (job.Percent < Asked || job.EtaSeconds is null)
        {
            await Task.Delay(Interval, Time);
            job = await caller.GetAsync(job.Id);
        }

        var (left, asked) = (job.EtaSeconds.Value, Time.GetTimestamp());
        await app.Durable.WaitForInstanceCompletionAsync(job.Id, CancellationToken.None);
        var actual = Time.GetElapsedTime(asked).TotalSeconds;
        job = await caller.GetAsync(job.Id);
        Check(job.Capacity!, left, actual);
        Assert.Equal((nodes * Cycles, nodes * Cycles), (job.Usage!.ChunkRuns, job.Usage.Attempts));
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"N {nodes}, Tc {task}, Tp {delay}");

    private void Check(JobCapacity capacity, double left, double actual)
    {
        var model = new CapacityModel(nodes, task, delay, BalanceSeconds: 0);
        Near("nodes", nodes, capacity.Nodes);
        Near("P by its own times", model.Parallelism, capacity.Parallelism);
        Near("P observed", model.Parallelism, capacity.ParallelismObserved ?? 0);
        Near("time left", left, actual);

        void Near(string what, double predicted, double observed) => Assert.True(
            Math.Abs(observed - predicted) <= Tolerance * predicted,
            string.Create(CultureInfo.InvariantCulture, $"{this}: {what} was predicted to be {predicted:0.00} and was {observed:0.00}. {capacity}"));
    }
}

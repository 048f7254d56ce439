using System.Diagnostics;
using ModelJobs.Bench.WholePath;
using ModelJobs.Contracts;

namespace ModelJobs.Bench.Capacity;

/// <summary>Runs jobs of events that take some time, one in a chunk, on an app of so many nodes.</summary>
internal sealed class CapacityRun : IAsyncDisposable
{
    /// <summary>How far a job is when it is asked for the time that is left, in percent.</summary>
    private const double Asked = 20;

    /// <summary>Of the job without a delay: long enough that its waits are means, and its start does not count.</summary>
    private const double BaselineSeconds = 10;

    private static readonly TimeSpan BaselineTask = TimeSpan.FromSeconds(0.25);

    private readonly ServedJobs _app;
    private readonly int _nodes;
    private readonly TimeSpan _delay;
    private readonly JobCapacity _baseline;

    private CapacityRun(ServedJobs app, int nodes, TimeSpan delay, JobCapacity baseline) => (_app, _nodes, _delay, _baseline) = (app, nodes, delay, baseline);

    /// <summary>What Tp and Tq are by themselves: of a job whose messages are not delayed.</summary>
    public static async Task<JobCapacity> BaselineAsync(int nodes)
    {
        await using var app = await ServedJobs.StartAsync("Disk", nodes);
        await WarmUpAsync(app, nodes);
        var ended = await app.WaitAsync((await app.SubmitAsync(EventsOf(nodes, BaselineTask.TotalSeconds, BaselineSeconds), 1, BaselineTask)).Id);
        return CapacityOf(ended);
    }

    /// <summary>Starts an app.</summary>
    public static async Task<CapacityRun> StartAsync(int nodes, TimeSpan delay, JobCapacity baseline)
    {
        var app = await ServedJobs.StartAsync("Disk", nodes, delay);
        await WarmUpAsync(app, nodes);
        return new CapacityRun(app, nodes, delay, baseline);
    }

    /// <summary>Runs a job.</summary>
    /// <param name="task">How long each event takes (Tc).</param>
    /// <param name="seconds">How long the job takes, about.</param>
    public async Task<CapacityMeasurement> MeasureAsync(TimeSpan task, double seconds)
    {
        var model = new CapacityModel(_nodes, task.TotalSeconds, _baseline.QueueSeconds + _delay.TotalSeconds, _baseline.BalanceSeconds);
        var job = await _app.SubmitAsync(EventsOf(_nodes, model.Nodes / model.EventsPerSecond, seconds), 1, task);
        while (job.Percent < Asked || job.EtaSeconds is null)
        {
            job = await _app.ReadAsync(job.Id, waitSeconds: 1);
        }

        var (left, asked) = (job.EtaSeconds.Value, Stopwatch.GetTimestamp());
        job = await _app.WaitAsync(job.Id);
        var actual = Stopwatch.GetElapsedTime(asked).TotalSeconds;
        var capacity = CapacityOf(job);
        return new CapacityMeasurement(
            _nodes, model.TaskSeconds, model.QueueSeconds, model.BalanceSeconds, model.Parallelism, capacity.Parallelism, capacity.ParallelismObserved ?? 0, left,
            actual);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static async Task WarmUpAsync(ServedJobs app, int nodes) =>
        await app.WaitAsync((await app.SubmitAsync(20 * nodes, 1, TimeSpan.FromMilliseconds(10))).Id);

    private static int EventsOf(int nodes, double cycle, double seconds) => nodes * Math.Max(1, (int)Math.Round(seconds / cycle));

    private static JobCapacity CapacityOf(Job job) => job is { Status: JobStatus.Succeeded, Capacity: { } capacity }
        ? capacity
        : throw new InvalidDataException($"The job ended as {job.Status} and measured nothing: {job.Error?.Message}");
}

using Microsoft.DurableTask.Client;
using ModelJobs.Contracts;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Orchestrate;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Status;

/// <summary>What a job's status says of what its runs measured: of pages done, of pages in flight, and of the rounds before.</summary>
public sealed class JobReaderCapacityTests(StorageEmulator storage) : FlowTest(storage)
{
    private StatusBench Status => field ??= new StatusBench(Bench);

    [Fact]
    public async Task Read_NothingMeasured_HasNeither()
    {
        await Status.CommitAsync(page: 1, Samples.Succeeded(30));
        Status.IsRunning(StatusBench.Progress(completed: 0, succeeded: 0, failed: 0, inFlight: [1]));

        var job = await Status.ReadAsync();

        Assert.Equal((null, null), (job.Capacity, job.Usage));
    }

    [Fact]
    public async Task Read_PagesDoneAndInFlight_AddsUpWhatTheyMeasured()
    {
        // Two nodes of one instance, which take ten items in a second, a quarter of which they do not compute.
        await Status.CommitAsync(1, 0, Sums(runs: 2, from: 2), [.. Enumerable.Range(20, 20).Select(index => Samples.Succeeded(index))]);
        Status.IsRunning(StatusBench.Progress(completed: 1, succeeded: 40, failed: 0, inFlight: [1]) with { Sums = Sums(runs: 4, from: 0) });
        Bench.Time.SetUtcNow(StatusBench.Planned.AddSeconds(3.5));

        var job = await Status.ReadAsync();

        Assert.Equal(
            new JobCapacity
            {
                Nodes = 2,
                TaskSeconds = 0.75,
                QueueSeconds = 0.05,
                BalanceSeconds = 0.2,
                QueueWaitSeconds = 30,
                Parallelism = 1.5,
                ParallelismObserved = 1.5,
                EventsPerSecond = 2,
                EventsPerSecondObserved = 2,
            },
            job.Capacity);
        // 40 items are left, ten a run, two runs a second, as of half a second ago: not the rate since the plan, of 60 in 3.5 seconds.
        Assert.Equal(1.5, job.EtaSeconds);
        Assert.Equal((6L, 60L, 12L, 36L, 4.5), (job.Usage!.ChunkRuns, job.Usage.Attempts, job.Usage.Messages, job.Usage.ServiceBusOperations, job.Usage.BusySeconds));
        Assert.Equal([("serviceBusOperations", 36L), ("executions", 6L)], job.Usage.Cost!.Lines.Select(line => (line.Name, line.Count)));
        var listed = await Status.Jobs.ListAsync((await Status.Durable.GetInstanceAsync(Job, Token))!, Token);
        Assert.Equal((null, null), (listed.Capacity, listed.Usage));
    }

    [Fact]
    public async Task Read_Redriven_CountsTheCapacityOfTheRoundAndTheUsageOfAll()
    {
        var before = new Totals(60, 40, 0, 0);
        var run = StatusBench.Run with { Before = before, Totals = before, Round = 100, Pages = 4, SumsBefore = Sums(runs: 10, from: 0) };
        Status.Durable.Set(run, OrchestrationRuntimeStatus.Running, new JobProgress(4, 0, before, StatusBench.Planned, [], 100) { Sums = Sums(runs: 4, from: 100) });

        var job = await Status.ReadAsync();

        Assert.Equal((14L, 140L), (job.Usage!.ChunkRuns, job.Usage.Attempts));
        Assert.Equal(2, job.Capacity!.EventsPerSecondObserved);
    }

    [Fact]
    public async Task Read_ModelThatCountsTokens_TellsThem()
    {
        Status.HasEnded(StatusBench.Progress(4, 100, 0) with { Sums = Sums(4, 0) with { InputTokens = 900, OutputTokens = 80 } }, StatusBench.Planned);

        Assert.Equal(new TokenCounts(900, 80), (await Status.ReadAsync()).Usage!.Tokens);
    }

    [Fact]
    public async Task Read_ExternalWorkers_HasTheirUsageAndNoCapacity()
    {
        var sums = new RunSums { Answers = 5, Items = 50, Attempts = 55 };
        Status.HasEnded(StatusBench.Progress(4, 100, 0) with { Sums = sums }, StatusBench.Planned);

        var job = await Status.ReadAsync();

        Assert.Equal((null, null, null, 55L, 10L), (job.Capacity, job.Usage!.ChunkRuns, job.Usage.BusySeconds, job.Usage.Attempts, job.Usage.Messages));
    }

    /// <summary>Runs on two nodes, one after another from some seconds after the plan.</summary>
    private static RunSums Sums(int runs, double from)
    {
        var sums = RunSums.None;
        for (var run = 0; run < runs; run++)
        {
            var received = StatusBench.Planned.AddSeconds(from + (run / 2));
            sums += RunSums.Of(
                new RunTiming
                {
                    Instance = "instance",
                    Slot = run % 2,
                    Runs = 1,
                    Attempts = 10,
                    Task = TimeSpan.FromSeconds(0.75),
                    Idle = TimeSpan.FromSeconds(0.05),
                    Balance = TimeSpan.FromSeconds(0.2),
                    Wait = TimeSpan.FromSeconds(30),
                    ReceivedAt = received.ToUnixTimeMilliseconds(),
                    AnsweredAt = received.AddSeconds(1).ToUnixTimeMilliseconds(),
                },
                items: 10);
        }

        return sums;
    }
}

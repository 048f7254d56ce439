using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using ModelJobs.Contracts;
using ModelJobs.Functions.Http;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Status;

public sealed class JobReaderTests(StorageEmulator storage) : FlowTest(storage)
{
    private StatusBench Status => field ??= new StatusBench(Bench);

    [Fact]
    public async Task Read_NotPlannedYet_HasNoNumbersButTheTotal()
    {
        Status.IsRunning();

        var job = await Status.ReadAsync();

        Assert.Equal((new ItemCounts(100, 0, 0), new PageCounts(0, 0), 0.0), (job.Items, job.Pages, job.Percent));
        Assert.Equal((null, null, null, null), (job.ItemsPerSecond, job.EtaSeconds, job.CompletedAt, job.Error));
        Assert.Equal((Job, "model", StatusBench.Created), (job.Id, job.Model, job.CreatedAt));
        Assert.Equal(new JobLinks($"/api/jobs/{Job}", $"/api/jobs/{Job}/results", $"/api/jobs/{Job}/errors"), job.Links);
    }

    [Fact]
    public async Task Read_PagesDoneAndInFlight_AddsUpTheirItems()
    {
        await Status.CommitAsync(page: 1, chunk: 0, Samples.Succeeded(30), Samples.Failed(31));
        await Status.CommitAsync(page: 1, chunk: 1, Samples.Succeeded(32));
        await Status.CommitAsync(page: 3, chunk: 0, Samples.Succeeded(90));
        Status.IsRunning(StatusBench.Progress(completed: 1, succeeded: 20, failed: 5, inFlight: [1, 2, 3]));

        var job = await Status.ReadAsync();

        Assert.Equal(new ItemCounts(100, Succeeded: 23, Failed: 6), job.Items);
        Assert.Equal(new PageCounts(Total: 4, Completed: 1), job.Pages);
        Assert.Equal(29, job.Percent);
    }

    [Fact]
    public async Task Read_PartsOfAPageThatIsDone_AreNotCountedAgain()
    {
        await Status.CommitAsync(page: 0, chunk: 0, Samples.Succeeded(0));
        Status.IsRunning(StatusBench.Progress(completed: 1, succeeded: 1, failed: 0, inFlight: [1]));

        Assert.Equal(1, (await Status.ReadAsync()).Items.Succeeded);
    }

    [Fact]
    public async Task Read_Running_CountsRateAndEtaFromThePlan()
    {
        Status.IsRunning(StatusBench.Progress(completed: 1, succeeded: 20, failed: 5, inFlight: [1]));
        Bench.Time.SetUtcNow(StatusBench.Planned.AddSeconds(50));

        var job = await Status.ReadAsync();

        Assert.Equal((0.5, 150.0), (job.ItemsPerSecond, job.EtaSeconds));
    }

    [Fact]
    public async Task Read_NoResultYet_HasNoRateAndNoEta()
    {
        Status.IsRunning(StatusBench.Progress(completed: 0, succeeded: 0, failed: 0, inFlight: [0]));
        Bench.Time.SetUtcNow(StatusBench.Planned.AddSeconds(50));

        var job = await Status.ReadAsync();

        Assert.Equal((null, null), (job.ItemsPerSecond, job.EtaSeconds));
    }

    [Fact]
    public async Task Read_Ended_CountsTheRateUpToTheEnd()
    {
        var end = StatusBench.Planned.AddSeconds(200);
        Status.HasEnded(StatusBench.Progress(completed: 4, succeeded: 90, failed: 10), end);
        Bench.Time.SetUtcNow(end.AddDays(1));

        var job = await Status.ReadAsync();

        Assert.Equal((JobStatus.Succeeded, 100.0, 0.5, null), (job.Status, job.Percent, job.ItemsPerSecond, job.EtaSeconds));
        Assert.Equal(end, job.CompletedAt);
    }

    [Fact]
    public async Task Read_Failed_SaysWhy()
    {
        var failure = new TaskFailureDetails("InvalidDataException", "Page 3 has 9 results for 10 items.", null, null, null);
        Status.Durable.Set(StatusBench.Run, OrchestrationRuntimeStatus.Failed, failure: failure);

        var job = await Status.ReadAsync();

        Assert.Equal(JobStatus.Failed, job.Status);
        Assert.Equal(new JobError("job_failed", "InvalidDataException: Page 3 has 9 results for 10 items."), job.Error);
    }

    [Theory]
    [InlineData(OrchestrationRuntimeStatus.Pending, JobStatus.NotStarted, false)]
    [InlineData(OrchestrationRuntimeStatus.Running, JobStatus.Running, false)]
    [InlineData(OrchestrationRuntimeStatus.Suspended, JobStatus.Paused, false)]
    [InlineData(OrchestrationRuntimeStatus.Completed, JobStatus.Succeeded, true)]
    [InlineData(OrchestrationRuntimeStatus.Failed, JobStatus.Failed, true)]
    [InlineData(OrchestrationRuntimeStatus.Terminated, JobStatus.Canceled, true)]
    public async Task Read_StatusOfTheOrchestration_IsTheJobs(OrchestrationRuntimeStatus orchestration, JobStatus status, bool ended)
    {
        Status.Durable.Set(StatusBench.Run, orchestration);

        var job = await Status.ReadAsync();

        Assert.Equal((status, ended), (job.Status, job.CompletedAt is not null));
    }

    [Theory]
    [InlineData("job-ffffffffffffffffffffffffffffffff")]
    [InlineData("../secrets")]
    public async Task Read_NoSuchJob_IsRefused(string id)
    {
        Status.IsRunning();

        var refused = await Assert.ThrowsAsync<ProblemException>(() => Status.Jobs.ReadAsync(Status.Durable, id, Token));

        Assert.Equal(404, refused.Problem.Status);
    }
}

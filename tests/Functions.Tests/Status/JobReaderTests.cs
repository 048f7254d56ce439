using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using ModelJobs.Contracts;
using ModelJobs.Functions.Control;
using ModelJobs.Functions.Http;
using ModelJobs.Functions.Notify;
using ModelJobs.Functions.Orchestrate;
using ModelJobs.Functions.Process.Balance;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Status;

public sealed class JobReaderTests(StorageEmulator storage) : FlowTest(storage)
{
    private static readonly JobRun WithWebhook = StatusBench.Run with
    {
        Round = 100,
        Job = StatusBench.Run.Job with { Options = new JobOptions { Webhook = "https://hooks.example.org/jobs?token=secret" } },
    };

    private StatusBench Status => field ??= new StatusBench(Bench);

    [Fact]
    public async Task Read_NotPlannedYet_HasNoNumbersButTheTotal()
    {
        Status.IsRunning();

        var job = await Status.ReadAsync();

        Assert.Equal((new ItemCounts(100, 0, 0), new PageCounts(0, 0), 0.0), (job.Items, job.Pages, job.Percent));
        Assert.Equal((null, null, null, null), (job.ItemsPerSecond, job.EtaSeconds, job.CompletedAt, job.Error));
        Assert.Equal((Job, "model", StatusBench.Created), (job.Id, job.Model, job.CreatedAt));
        Assert.Equal(new JobLinks($"/api/jobs/{Job}", $"/api/jobs/{Job}/results", $"/api/jobs/{Job}/errors", $"/api/jobs/{Job}/parked"), job.Links);
    }

    [Fact]
    public async Task Read_PagesDoneAndInFlight_AddsUpTheirItems()
    {
        await Status.CommitAsync(page: 1, Samples.Succeeded(30), Samples.Failed(31));
        await Status.CommitAsync(page: 1, Samples.Succeeded(32));
        await Status.CommitAsync(page: 3, Samples.Succeeded(90));
        Status.IsRunning(StatusBench.Progress(completed: 1, succeeded: 20, failed: 5, inFlight: [1, 2, 3]));

        var job = await Status.ReadAsync();

        Assert.Equal(new ItemCounts(100, Succeeded: 23, Failed: 6), job.Items);
        Assert.Equal(new PageCounts(Total: 4, Completed: 1), job.Pages);
        Assert.Equal(29, job.Percent);
    }

    [Fact]
    public async Task Read_RunningOnAModelThatInstancesUse_AddsUpTheirBalance()
    {
        var state = new LimiterSnapshot
        {
            Window = 8,
            InFlight = 3,
            Waiting = 20,
            WaitingJobs = 2,
            WaitingWeight = 20,
            Calls = 100,
            Throttled = 1,
            Tokens = 0,
            RequestsPerMinute = 400,
            TokensPerMinute = null,
            EndpointRequestsPerMinute = 600,
            EndpointTokensPerMinute = null,
            Latency = TimeSpan.FromSeconds(1),
            PausedFor = TimeSpan.Zero,
        };
        await Status.Balances.WriteAsync("model", new BalanceEntry("a", Bench.Time.GetUtcNow(), state), Token);
        await Status.Balances.WriteAsync(
            "model",
            new BalanceEntry("b", Bench.Time.GetUtcNow(), state with { Calls = 300, Latency = TimeSpan.FromSeconds(2), PausedFor = TimeSpan.FromSeconds(4) }),
            Token);
        Status.IsRunning();

        var balance = (await Status.ReadAsync()).Balance!;

        Assert.Equal(
            new JobBalance
            {
                Instances = 2,
                Window = 16,
                InFlight = 6,
                Waiting = 40,
                Calls = 400,
                Throttled = 2,
                // What both may make by themselves is more than the endpoint allows to all.
                RequestsPerMinute = 600,
                LatencySeconds = 1.75,
                PausedSeconds = 4,
                Weight = 4,
                Share = 0.2,
            },
            balance);
    }

    [Fact]
    public async Task Read_ModelThatNoInstanceUses_HasNoBalance()
    {
        Status.IsRunning();

        Assert.Null((await Status.ReadAsync()).Balance);
    }

    [Fact]
    public async Task Read_PartsOfAPageThatIsDone_AreNotCountedAgain()
    {
        await Status.CommitAsync(page: 0, Samples.Succeeded(0));
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
    public async Task Read_Webhook_ShowsItsHostAlone()
    {
        Status.Durable.Set(WithWebhook, OrchestrationRuntimeStatus.Running);

        var job = await Status.ReadAsync();

        Assert.Equal(("https://hooks.example.org/…", null), (job.Options.Webhook, job.Webhook));
    }

    [Fact]
    public async Task Read_EndedWithAWebhook_SaysHowFarItWasTold()
    {
        var told = new JobWebhook(WebhookState.Pending, 2, 503, WebhookOrchestrator.Refused, StatusBench.Planned);
        Status.HasEnded(StatusBench.Progress(completed: 4, succeeded: 100, failed: 0), StatusBench.Planned, run: WithWebhook);

        Status.Durable.Set(WebhookOrchestrator.InstanceId(Job, WithWebhook.Round), OrchestrationRuntimeStatus.Running, told);
        Assert.Equal(told, (await Status.ReadAsync()).Webhook);

        Status.Durable.Set(WebhookOrchestrator.InstanceId(Job, WithWebhook.Round), OrchestrationRuntimeStatus.Terminated, told);
        Assert.Equal(told with { State = WebhookState.Failed, LastError = WebhookStatus.Ended, NextAttemptAt = null }, (await Status.ReadAsync()).Webhook);
    }

    [Fact]
    public async Task Read_EndedWithAWebhookThatNobodyTells_SaysSo()
    {
        Status.HasEnded(StatusBench.Progress(completed: 4, succeeded: 100, failed: 0), StatusBench.Planned, run: WithWebhook);

        Assert.Equal(new JobWebhook(WebhookState.Failed, 0, LastError: WebhookStatus.NotBegun), (await Status.ReadAsync()).Webhook);
    }

    [Fact]
    public async Task Read_EndedWithoutAWebhook_AsksForNothingMore()
    {
        var asked = new List<string>();
        Status.HasEnded(StatusBench.Progress(completed: 4, succeeded: 100, failed: 0), StatusBench.Planned);
        Status.Durable.Reading = asked.Add;

        Assert.Null((await Status.ReadAsync()).Webhook);
        Assert.Equal([Job], asked);
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
    [InlineData(null, JobStatus.Succeeded, false)]
    [InlineData(JobControl.Canceled, JobStatus.Canceled, false)]
    [InlineData(JobControl.DeadlineExceeded, JobStatus.Failed, true)]
    [InlineData(JobControl.ToleranceExceeded, JobStatus.Failed, true)]
    public async Task Read_EndedEarly_SaysHowAndWhy(string? code, JobStatus status, bool hasError)
    {
        var stopped = code is null ? null : new JobError(code, "It was so.");
        Status.HasEnded(failed: 3, canceled: 20, discarded: 2, stopped);

        var job = await Status.ReadAsync();

        Assert.Equal((status, hasError ? stopped : null), (job.Status, job.Error));
        Assert.Equal(new ItemCounts(100, 75, 3, 20, 2), job.Items);
        Assert.Equal((100.0, new PageCounts(4, 4)), (job.Percent, job.Pages));
    }

    [Theory]
    [InlineData(OrchestrationRuntimeStatus.Pending)]
    [InlineData(OrchestrationRuntimeStatus.Running)]
    public async Task Read_Paused_SaysSoWhateverTheOrchestrationDoes(OrchestrationRuntimeStatus orchestration)
    {
        await Status.Controls.ChangeAsync(Job, control => control.Pause(), Token);
        Status.Durable.Set(StatusBench.Run, orchestration, StatusBench.Progress(completed: 1, succeeded: 20, failed: 5));
        Bench.Time.SetUtcNow(StatusBench.Planned.AddSeconds(50));

        var job = await Status.ReadAsync();

        Assert.Equal((JobStatus.Paused, null, null), (job.Status, job.CompletedAt, job.EtaSeconds));
        Assert.Equal(JobStatus.Paused, (await Status.Jobs.ListAsync((await Status.Durable.GetInstanceAsync(Job, Token))!, Token)).Status);
    }

    [Fact]
    public async Task Read_EndedWhileBeingPaused_HasEnded()
    {
        await Status.Controls.ChangeAsync(Job, control => control.Pause(), Token);
        Status.HasEnded(failed: 1);

        Assert.Equal(JobStatus.Succeeded, (await Status.ReadAsync()).Status);
    }

    [Fact]
    public async Task Read_Redriven_CountsEachItemOnceAndTheRateFromTheRound()
    {
        // Of 30 that had failed and 10 that were canceled, 12 have succeeded and 3 failed again on a page that is not done yet.
        var before = new Totals(60, 30, 10, 0);
        var run = StatusBench.Run with { Before = before, Totals = before, Round = 100, Pages = 4 };
        await Status.CommitInRoundAsync(1, 100, [.. Enumerable.Range(0, 12).Select(index => Samples.Succeeded(index)), .. Enumerable.Range(12, 3).Select(index => Samples.Failed(index))]);
        Status.Durable.Set(run, OrchestrationRuntimeStatus.Running, new JobProgress(4, 0, before, StatusBench.Planned, [1], 100));
        Bench.Time.SetUtcNow(StatusBench.Planned.AddSeconds(6));

        var job = await Status.ReadAsync();

        Assert.Equal(new ItemCounts(100, 72, 18, 10), job.Items);
        Assert.Equal((72.0, 2.0, 14.0), (job.Percent, job.ItemsPerSecond, job.EtaSeconds));
    }

    [Fact]
    public async Task Read_RedriveNotBegunYet_HasTheCountsOfBefore()
    {
        var before = new Totals(60, 30, 10, 0);
        Status.Durable.Set(StatusBench.Run with { Before = before, Totals = before, Round = 100, Pages = 4 }, OrchestrationRuntimeStatus.Pending);

        var job = await Status.ReadAsync();

        Assert.Equal((new ItemCounts(100, 60, 30, 10), 60.0, 4), (job.Items, job.Percent, job.Pages.Total));
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

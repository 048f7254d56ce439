using System.Text.Json;
using Microsoft.DurableTask.Client;
using ModelJobs.Contracts;
using ModelJobs.Functions.Control;
using ModelJobs.Functions.Notify;
using ModelJobs.Functions.Orchestrate;
using ModelJobs.Functions.Tests.Status;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Notify;

public sealed class BeginWebhookTests(StorageEmulator storage) : FlowTest(storage)
{
    private const string Url = "https://hooks.example.org/jobs?token=secret-token";
    private static readonly DateTimeOffset End = StatusBench.Planned.AddSeconds(50);
    private static readonly JobRun WithWebhook = StatusBench.Run with { Job = StatusBench.Run.Job with { Options = new JobOptions { Webhook = Url } } };

    private StatusBench Status => field ??= new StatusBench(Bench);

    [Theory]
    [InlineData(100, 0, null, "job.succeeded")]
    [InlineData(90, 10, null, "job.succeeded")]
    [InlineData(50, 10, JobControl.DeadlineExceeded, "job.failed")]
    [InlineData(50, 10, JobControl.Canceled, "job.canceled")]
    public async Task Run_JobThatEnds_TellsWhatItsStatusSaysAMomentLater(long succeeded, long failed, string? stopped, string type)
    {
        var totals = new Totals(succeeded, failed, 100 - succeeded - failed, 0);
        var reason = stopped is null ? null : new JobError(stopped, "So it is.");
        var progress = new JobProgress(4, 4, totals, StatusBench.Planned, [], 0);
        Status.Durable.Set(WithWebhook, OrchestrationRuntimeStatus.Running, progress);

        await RunAsync(new JobSummary(100, totals, reason));

        Status.HasEnded(progress, End, reason, WithWebhook);
        var told = Told();
        Assert.Equal((type, End), (told.Type, told.Timestamp));
        var expected = await Status.Jobs.ReadAsync(Status.Durable, Job, Token);
        Assert.Equal(WebhookState.Pending, expected.Webhook?.State);
        Assert.Equal(Json(expected with { Webhook = null }), Json(told.Data));
    }

    [Fact]
    public async Task Run_JobThatFails_TellsHowFarItCameAndWhy()
    {
        Status.Durable.Set(WithWebhook, OrchestrationRuntimeStatus.Running, StatusBench.Progress(completed: 1, succeeded: 20, failed: 5));

        await RunAsync(summary: null, JobReaderFailure(new string('x', 10_000)));

        var told = Told();
        Assert.Equal(("job.failed", JobStatus.Failed, 20L), (told.Type, told.Data.Status, told.Data.Items.Succeeded));
        Assert.StartsWith("IOException: xxx", told.Data.Error?.Message, StringComparison.Ordinal);
        Assert.InRange(Status.Durable.InputOf<WebhookOrder>(Id).Body.Length, 4000, 6000);
    }

    [Fact]
    public async Task Run_Webhook_GoesIntoTheOrderAndItsTokenNotIntoTheBody()
    {
        Status.Durable.Set(WithWebhook, OrchestrationRuntimeStatus.Running);

        await RunAsync(new JobSummary(100, new Totals(100, 0, 0, 0)));

        var order = Status.Durable.InputOf<WebhookOrder>(Id);
        Assert.Equal((Job, 0, Url), (order.Job, order.Round, order.Url));
        Assert.DoesNotContain("secret-token", order.Body + order, StringComparison.Ordinal);
        Assert.Equal("https://hooks.example.org/…", Told().Data.Options.Webhook);
    }

    [Fact]
    public async Task Run_Again_BeginsItOnce()
    {
        Status.Durable.Set(WithWebhook, OrchestrationRuntimeStatus.Running);

        await RunAsync(new JobSummary(100, new Totals(100, 0, 0, 0)));
        Status.Durable.Set(Id, OrchestrationRuntimeStatus.Completed);
        await RunAsync(new JobSummary(100, new Totals(100, 0, 0, 0)));

        Assert.Equal([Id], Status.Durable.Started);
    }

    [Fact]
    public async Task Run_OtherCallWasFaster_IsContent()
    {
        Status.Durable.Set(WithWebhook, OrchestrationRuntimeStatus.Running);
        Status.Durable.Starting = id =>
        {
            Status.Durable.Set(id, OrchestrationRuntimeStatus.Running);
            return Task.CompletedTask;
        };

        await RunAsync(new JobSummary(100, new Totals(100, 0, 0, 0)));

        Assert.Empty(Status.Durable.Started);
    }

    [Fact]
    public async Task Run_BackEndIsAway_Fails()
    {
        Status.Durable.Set(WithWebhook, OrchestrationRuntimeStatus.Running);
        Status.Durable.StartFailure = new IOException("The back end is away.");

        await Assert.ThrowsAsync<IOException>(() => RunAsync(new JobSummary(100, new Totals(100, 0, 0, 0))));
    }

    [Fact]
    public async Task Run_RedriveWithoutWebhook_BeginsNothing()
    {
        Status.Durable.Set(StatusBench.Run, OrchestrationRuntimeStatus.Running);

        await RunAsync(new JobSummary(100, new Totals(100, 0, 0, 0)));

        Assert.Empty(Status.Durable.Started);
    }

    private static string Id => WebhookOrchestrator.InstanceId(Job, 0);

    private static JobError JobReaderFailure(string message) => Functions.Status.JobReader.ErrorOf("IOException", message);

    private static string Json(Job job) => JsonSerializer.Serialize(job, ContractsJson.Wire.Job);

    private WebhookEvent Told() => JsonSerializer.Deserialize(Status.Durable.InputOf<WebhookOrder>(Id).Body, ContractsJson.Wire.WebhookEvent)!;

    private Task RunAsync(JobSummary? summary, JobError? failure = null) =>
        new BeginWebhook(Status.Jobs).Run(new EndedRound(Job, 0, summary, failure, End), Status.Durable, Token).BoundedAsync();
}

using Microsoft.DurableTask.Client;
using ModelJobs.Contracts;
using ModelJobs.Functions.Control;
using ModelJobs.Functions.Orchestrate;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Purge;
using ModelJobs.Functions.Tests.Notify;
using ModelJobs.Functions.Tests.Status;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Redrive;

public sealed class RedriveJobTests(StorageEmulator storage) : FlowTest(storage)
{
    private static readonly JobError Canceled = new(JobControl.Canceled, "By a person.");

    private RedriveBench Redrive => field ??= new RedriveBench(Bench);

    private FakeDurableClient Durable => Redrive.Status.Durable;

    [Fact]
    public async Task Redrive_AllOfACanceledJob_StartsARoundUnderTheSameId()
    {
        await Redrive.EndAsync(failed: 3, canceled: 7, Canceled);
        await Redrive.Status.Controls.ChangeAsync(Job, control => control.Stop(Canceled), Token);

        var (status, _) = await Redrive.RedriveAsync();

        var run = Durable.LastRun!;
        Assert.Equal((202, Job), (status, Assert.Single(Durable.Started)));
        Assert.Equal(new JobControl(2, 1, ControlState.Running), run.Control);
        Assert.Equal(run.Control, await Redrive.Status.Controls.ReadAsync(Job, Token));
        Assert.Equal((DispatchNumber.Of(1), 4, 0, false), (run.Round, run.Pages, run.NextPage, run.Redrive!.Discard));
        Assert.Equal((new Totals(90, 3, 7, 0), run.Totals), (run.Before, run.Totals));
        Assert.Equal((null, null), (run.StartedAt, run.EndsBy));
        Assert.True((await Redrive.SelectionAsync()).IsAll);
    }

    [Fact]
    public async Task Redrive_SelectionModelAndOptions_GoIntoTheRound()
    {
        await Redrive.EndAsync(failed: 3);
        Bench.Time.Advance(TimeSpan.FromDays(1));

        await Redrive.RedriveAsync("""{"codes":["a","b"],"ids":["1"],"model":"other","options":{"deadline":"2h","tolerate":"1%"}}""");

        var run = Durable.LastRun!;
        var selection = await Redrive.SelectionAsync();
        Assert.Equal(["a", "b"], selection.Codes!.Order());
        Assert.Equal("1", Assert.Single(selection.Ids!));
        Assert.Equal(("other", false, JobLimits.DefaultChunkItems), (run.Job.Model, run.Job.External, run.Job.Options.ChunkItems));
        Assert.Equal((Bench.Time.GetUtcNow().AddHours(2), 1L), (run.EndsBy, run.MaxFailed));
    }

    [Fact]
    public async Task Redrive_OnAModelOfExternalWorkers_IsExternal()
    {
        await Redrive.EndAsync(failed: 3);

        await Redrive.RedriveAsync("""{"model":"far"}""");

        Assert.True(Durable.LastRun!.Job.External);
    }

    [Fact]
    public async Task Redrive_NothingSaid_KeepsModelAndOptions()
    {
        await Redrive.EndAsync(failed: 3, options: new JobOptions { OrderByKey = true, ChunkItems = 7, Deadline = TimeSpan.FromHours(1) });

        await Redrive.RedriveAsync();

        var run = Durable.LastRun!;
        Assert.Equal(("model", true, 7, Bench.Time.GetUtcNow().AddHours(1)), (run.Job.Model, run.Job.Options.OrderByKey, run.Job.Options.ChunkItems, run.EndsBy));
    }

    [Fact]
    public async Task Redrive_OptionsWithAWebhook_TellsThatOneIfItMay()
    {
        await Redrive.EndAsync(failed: 3);
        const string Json = """{"options":{"webhook":"https://hooks.example.org/other"}}""";

        Assert.Equal((400, "/problems/bad-option"), await Redrive.RedriveAsync(Json));
        Assert.Empty(Durable.Started);
        Redrive.Webhooks.Secret = WebhookSignatureTests.Secret;
        Assert.Equal(202, (await Redrive.RedriveAsync(Json)).Status);

        Assert.Equal("https://hooks.example.org/other", Durable.LastRun!.Job.Options.Webhook);
    }

    [Fact]
    public async Task Discard_JobWithAWebhook_KeepsIt()
    {
        await Redrive.EndAsync(failed: 3, options: new JobOptions { ChunkItems = 7, Webhook = "https://hooks.example.org/jobs" });

        await Redrive.DiscardAsync();

        Assert.Equal("https://hooks.example.org/jobs", Durable.LastRun!.Job.Options.Webhook);
    }

    [Fact]
    public async Task Discard_Some_StartsARoundWithoutADeadline()
    {
        await Redrive.EndAsync(failed: 3, options: new JobOptions { ChunkItems = 7, Deadline = TimeSpan.FromHours(1) });

        var (status, _) = await Redrive.DiscardAsync("""{"codes":["a"]}""");

        var run = Durable.LastRun!;
        Assert.Equal((202, true, null), (status, run.Redrive!.Discard, run.EndsBy));
        Assert.Equal("a", Assert.Single((await Redrive.SelectionAsync()).Codes!));
    }

    [Fact]
    public async Task Run_NothingIsParked_AnswersWithTheJobAndStartsNothing()
    {
        await Redrive.EndAsync(failed: 0);

        Assert.Equal((200, 200), ((await Redrive.RedriveAsync()).Status, (await Redrive.DiscardAsync()).Status));

        Assert.Empty(Durable.Started);
        Assert.Equal(JobControl.Initial, await Redrive.Status.Controls.ReadAsync(Job, Token));
    }

    [Theory]
    [InlineData("""{"options":{"orderByKey":true}}""", "/problems/bad-option")]
    [InlineData("""{"model":"none"}""", "/problems/unknown-model")]
    [InlineData("""{"model":"far","options":{"maxConcurrency":3}}""", "/problems/bad-option")]
    [InlineData("""{"model":"far","options":{"priority":"low"}}""", "/problems/bad-option")]
    [InlineData("""{"options":{"chunkItems":0}}""", "/problems/bad-option")]
    [InlineData("""{"codes":[]}""", "/problems/bad-option")]
    [InlineData("""{"ids":[null]}""", "/problems/bad-option")]
    [InlineData("""{"ids":[""]}""", "/problems/bad-option")]
    [InlineData("""{"ids":[7]}""", "/problems/bad-input")]
    [InlineData("""{"code":"a"}""", "/problems/bad-input")]
    [InlineData("""null""", "/problems/bad-input")]
    [InlineData("""{"ids":""", "/problems/bad-input")]
    public async Task Redrive_BadRequest_IsRefusedAndChangesNothing(string json, string problem)
    {
        await Redrive.EndAsync(failed: 3);

        Assert.Equal((400, problem), await Redrive.RedriveAsync(json));

        Assert.Empty(Durable.Started);
        Assert.Equal(JobControl.Initial, await Redrive.Status.Controls.ReadAsync(Job, Token));
    }

    [Theory]
    [InlineData("""{"model":"other"}""")]
    [InlineData("""{"ids":["a"],"options":{}}""")]
    public async Task Discard_WithWhatOnlyARedriveHas_IsRefused(string json)
    {
        await Redrive.EndAsync(failed: 3);

        Assert.Equal((400, "/problems/bad-input"), await Redrive.DiscardAsync(json));
    }

    [Fact]
    public async Task Redrive_MoreIdsThanMayBeListed_IsRefused()
    {
        await Redrive.EndAsync(failed: 3);
        var ids = string.Join(',', Enumerable.Repeat("\"a\"", JobLimits.MaxListedItems + 1));

        Assert.Equal((400, "/problems/bad-option"), await Redrive.RedriveAsync($"{{\"ids\":[{ids}]}}"));
    }

    [Fact]
    public async Task Redrive_SameCallAgainWhileItRuns_IsAccepted()
    {
        await Redrive.EndAsync(failed: 3);
        await Redrive.RedriveAsync("""{"codes":["a"]}""");

        var again = await Redrive.RedriveAsync("""{ "codes": ["a"] }""");
        var other = await Redrive.RedriveAsync("""{"codes":["b"]}""");
        var discard = await Redrive.DiscardAsync("""{"codes":["a"]}""");

        Assert.Equal((202, 409, 409), (again.Status, other.Status, discard.Status));
        Assert.Single(Durable.Started);
    }

    [Fact]
    public async Task Redrive_JobRuns_IsRefused()
    {
        Redrive.Status.IsRunning();

        Assert.Equal((409, "/problems/job-running"), await Redrive.RedriveAsync());
    }

    [Theory]
    [InlineData(OrchestrationRuntimeStatus.Failed)]
    [InlineData(OrchestrationRuntimeStatus.Terminated)]
    public async Task Redrive_JobDidNotComeToItsEnd_IsRefused(OrchestrationRuntimeStatus orchestration)
    {
        Durable.Set(StatusBench.Run, orchestration);

        Assert.Equal((409, "/problems/job-incomplete"), await Redrive.RedriveAsync());
    }

    [Fact]
    public async Task Redrive_FirstCallDiedBeforeTheStart_StartsInTheNextEpoch()
    {
        await Redrive.EndAsync(failed: 3);
        Durable.StartFailure = new IOException("The host died.");
        await Assert.ThrowsAsync<IOException>(() => Redrive.RedriveAsync());
        Durable.StartFailure = null;

        var (status, _) = await Redrive.RedriveAsync();

        Assert.Equal((202, 2), (status, Durable.LastRun!.Control.Epoch));
        Assert.True((await Redrive.SelectionAsync()).IsAll);
    }

    [Theory]
    [InlineData("""{"codes":["a"]}""", 202)]
    [InlineData("""{"codes":["b"]}""", 409)]
    public async Task Redrive_AnotherCallStartsFirst_IsThatOneIfItIsTheSame(string other, int expected)
    {
        await Redrive.EndAsync(failed: 3);
        var overtaking = 0;
        Durable.Starting = async _ =>
        {
            // The other call runs to its end while this one is about to start the round.
            Durable.Starting = _ => Task.CompletedTask;
            overtaking = (await Redrive.RedriveAsync(other)).Status;
        };

        var (status, _) = await Redrive.RedriveAsync("""{"codes":["a"]}""");

        Assert.Equal((202, expected), (overtaking, status));
        Assert.Single(Durable.Started);
    }

    [Fact]
    public async Task Redrive_AnotherRoundHasEndedSinceTheJobWasRead_IsRefused()
    {
        await Redrive.EndAsync(failed: 3);
        Durable.Reading = id =>
        {
            if (id == PurgeOrchestrator.InstanceId(Job))
            {
                Redrive.Status.HasEnded(StatusBench.Progress(4, succeeded: 99, failed: 1), StatusBench.Planned.AddMinutes(1));
            }
        };

        var (status, _) = await Redrive.RedriveAsync();

        // With the counts from before, those three would be counted as failed for good.
        Assert.Equal(409, status);
        Assert.Empty(Durable.Started);
    }

    [Fact]
    public async Task Redrive_NoEpochLeft_IsRefused()
    {
        await Redrive.EndAsync(failed: 3);
        await Redrive.Status.Controls.ChangeAsync(Job, _ => new JobControl(5, DispatchNumber.MaxEpoch, ControlState.Running), Token);

        Assert.Equal((409, "/problems/too-many-rounds"), await Redrive.RedriveAsync());
    }

    [Fact]
    public async Task Redrive_JobIsBeingDeleted_IsRefused()
    {
        await Redrive.EndAsync(failed: 3);
        Durable.Set(PurgeOrchestrator.InstanceId(Job), OrchestrationRuntimeStatus.Running);

        Assert.Equal((409, "/problems/job-being-purged"), await Redrive.RedriveAsync());
    }

    [Fact]
    public async Task Run_NoSuchJob_IsRefused()
    {
        Assert.Equal((404, "/problems/unknown-job"), await Redrive.RedriveAsync());
        Assert.Equal((404, "/problems/unknown-job"), await Redrive.DiscardAsync());
    }

    [Fact]
    public async Task Redrive_BodyOfAnotherType_IsRefused()
    {
        await Redrive.EndAsync(failed: 3);

        Assert.Equal((415, "/problems/unsupported-content-type"), await Redrive.RedriveAsync("all", "text/plain"));
    }
}

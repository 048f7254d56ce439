using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using ModelJobs.Cli.Tests.StandIns;
using ModelJobs.Contracts;

namespace ModelJobs.Cli.Tests.Commands;

public sealed class ShowAndListCommandTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new();
    private StandInService _service = null!;

    public async ValueTask InitializeAsync() => _service = await StandInService.StartAsync(_time);

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Fact]
    public async Task Show_OfRunningJob_PrintsWhatTheServiceKnows()
    {
        _service.Statuses.Enqueue(Jobs.Running(48, 2) with { Options = new JobOptions { OrderByKey = true, ChunkItems = 50 } });

        var run = await CliRun.AgainstAsync(_service, _time, "show", Jobs.Id);

        Assert.Equal(0, run.ExitCode);
        foreach (var text in (string[])
            [
                "Job a1b2", "Running", "simulate", "50 of 100 (50 %)", "48 succeeded, 2 failed", "0 of 2", "12 items/s", "4.0 s",
                "ordered by key, 50 items in a chunk", "2026-03-01 12:00:00Z", "/api/jobs/a1b2/results",
            ])
        {
            Assert.Contains(text, run.Output, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(WebhookState.Delivered, 1, 204, null, false, "delivered after 1 attempt, last 204 ")]
    [InlineData(WebhookState.Pending, 2, null, "timeout", true, "pending after 2 attempts, last timeout, next 2026-03-01 12:05:00Z")]
    [InlineData(WebhookState.Failed, 0, null, "not_begun", false, "failed after 0 attempts, last not_begun ")]
    public async Task Show_OfJobWithAWebhook_SaysHowFarItWasTold(WebhookState state, int attempts, int? status, string? error, bool isDue, string expected)
    {
        var next = isDue ? new DateTimeOffset(2026, 3, 1, 12, 5, 0, TimeSpan.Zero) : (DateTimeOffset?)null;
        _service.Statuses.Enqueue(Jobs.Ended() with
        {
            Options = new JobOptions { Webhook = "https://example.org/…" },
            Webhook = new JobWebhook(state, attempts, status, error, next),
        });

        var run = await CliRun.AgainstAsync(_service, _time, "show", Jobs.Id);

        Assert.Contains(expected, run.Output, StringComparison.Ordinal);
        Assert.Contains("tells https://example.org/…", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_OfAMeasuredJob_PrintsItsNodesAndWhatItUsed()
    {
        var capacity = new JobCapacity
        {
            Nodes = 4,
            TaskSeconds = 1,
            QueueSeconds = 0,
            BalanceSeconds = 0,
            QueueWaitSeconds = 0,
            Parallelism = 4,
            ParallelismObserved = 3.875,
            EventsPerSecond = 4,
        };
        var usage = new JobUsage { ChunkRuns = 1200, Attempts = 60_001, Messages = 2400, ServiceBusOperations = 7200, BusySeconds = 65, Tokens = new TokenCounts(9000, 800) };
        _service.Statuses.Enqueue(Jobs.Ended() with { Capacity = capacity, Usage = usage });

        var run = await CliRun.AgainstAsync(_service, _time, "show", Jobs.Id);

        Assert.Contains("3.88 of 4 nodes computed at once (predicted 4.00)", run.Output, StringComparison.Ordinal);
        Assert.Contains("1,200 chunk runs, 60,001 attempts, 9,000 tokens in, 800 out", run.Output, StringComparison.Ordinal);
        Assert.Contains("1 min 05 s in the model", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_OfABalancedModel_PrintsHowItsCallsAreBalanced()
    {
        _service.Statuses.Enqueue(Jobs.Running(48) with { Balance = Jobs.Balance });

        var run = await CliRun.AgainstAsync(_service, _time, "show", Jobs.Id);

        var words = string.Join(' ', run.Output.Split((char[])[' ', '\n', '│'], StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains(
            "window 12 on 2 instances: 8 calls in flight, 1,040 waiting; 600 a minute allowed; 3 of 4,300 throttled, paused for 2.0 s; this job has 50 % of the turns",
            words,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_WithIdThatNeedsEscaping_AsksForThatJob()
    {
        await CliRun.AgainstAsync(_service, _time, "show", "a/../b?c");

        // The path as the server decodes it: one segment, no query.
        Assert.Equal(["GET /api/jobs/a%2F..%2Fb?c"], _service.Calls);
    }

    [Fact]
    public async Task Show_WithJson_PrintsTheJobAsOneObject()
    {
        _service.Statuses.Enqueue(Jobs.Ended(90, 10));

        var run = await CliRun.AgainstAsync(_service, _time, "show", Jobs.Id, "--json");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(Jobs.Ended(90, 10), JsonSerializer.Deserialize(Assert.Single(run.OutputLines), ContractsJson.Wire.Job));
    }

    [Fact]
    public async Task List_OverSeveralPages_PrintsOneLineAJobUpToTop()
    {
        _service.Lists["?top=3"] = new JobList([Jobs.Running() with { Id = "j1" }, Jobs.Running() with { Id = "j2" }], "/api/jobs?top=3&from=x");
        _service.Lists["?top=3&from=x"] = new JobList([Jobs.Ended() with { Id = "j3" }, Jobs.Ended() with { Id = "j4" }], "/api/jobs?top=3&from=y");

        var run = await CliRun.AgainstAsync(_service, _time, "list", "--top", "3");

        Assert.Equal(0, run.ExitCode);
        string[] rows = [.. run.OutputLines.Where(line => line.TrimStart().StartsWith('j')).Select(line => line.Trim())];
        Assert.Equal(["j1", "j2", "j3"], rows.Select(row => row[..2]));
        Assert.Matches(@"^j3\s+│?\s*Succeeded\s+│?\s*simulate\s+│?\s*100\s+│?\s*100 %\s+│?\s*0\s+│?\s*2026-03-01 12:00:00Z\s+│?\s*10 s$", rows[2]);
    }

    [Fact]
    public async Task List_OfManyJobs_AsksForPagesThatTheServiceAllows()
    {
        _service.Lists["?top=200"] = new JobList([Jobs.Ended()], null);

        var run = await CliRun.AgainstAsync(_service, _time, "list", "--top", "5000");

        Assert.Equal(0, run.ExitCode);
    }

    [Fact]
    public async Task List_WithJson_PrintsOneObject()
    {
        _service.Lists["?top=20"] = new JobList([Jobs.Ended()], null);

        var run = await CliRun.AgainstAsync(_service, _time, "list", "--json");

        var list = JsonSerializer.Deserialize(Assert.Single(run.OutputLines), ContractsJson.Wire.JobList)!;
        Assert.Equal([Jobs.Ended()], list.Jobs);
    }

    [Fact]
    public async Task List_OfNothing_SaysSoOnStandardError()
    {
        _service.Lists["?top=20"] = new JobList([], null);

        var run = await CliRun.AgainstAsync(_service, _time, "list");

        Assert.Equal(0, run.ExitCode);
        Assert.Empty(run.Output);
        Assert.StartsWith("No jobs.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_LinkedToAnotherHost_DoesNotFollow()
    {
        await using var other = await StandInService.StartAsync(_time);
        _service.Lists["?top=20"] = new JobList([], $"{other.BaseUri}api/jobs?top=20");

        var run = await CliRun.AgainstAsync(_service, _time, "list", "--function-key", "secret");

        Assert.Equal(2, run.ExitCode);
        Assert.Empty(other.Calls);
    }
}

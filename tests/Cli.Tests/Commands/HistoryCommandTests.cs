using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using ModelJobs.Cli.Tests.StandIns;
using static ModelJobs.Cli.Tests.History.Histories;

namespace ModelJobs.Cli.Tests.Commands;

public sealed class HistoryCommandTests : IAsyncLifetime
{
    private const string Query = "?showInput=true&showHistory=true&showHistoryOutput=true";

    private readonly FakeTimeProvider _time = new(Start.AddSeconds(40));
    private readonly Dictionary<string, string> _bodies = [];
    private HttpStatusCode _refusal = HttpStatusCode.NotFound;
    private StandInService _service = null!;

    public async ValueTask InitializeAsync()
    {
        _service = await StandInService.StartAsync(_time);
        _service.Intercept = async call =>
        {
            var id = call.Request.Path.Value!.Split('/')[^1];
            call.Response.StatusCode = _bodies.ContainsKey(id) ? StatusCodes.Status200OK : (int)_refusal;
            call.Response.ContentType = "application/json";
            await call.Response.WriteAsync(_bodies.GetValueOrDefault(id, ""), call.RequestAborted);
            return true;
        };
    }

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Fact]
    public async Task History_OfAnEndedJob_PrintsATimeline()
    {
        _bodies["a1b2"] = Status(
            "a1b2", "Completed", Started(), Failed("PlanJob", 0, 1, "busy"), Timer(1, 2), Fired(2), Completed("PlanJob", 2, 3),
            Completed("DispatchPage", 3, 4), PageCompleted(0, 4, 28), Ended(30));

        var run = await CliRun.AgainstAsync(_service, _time, "history", "a1b2");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(["GET /runtime/webhooks/durabletask/instances/a1b2" + Query], _service.Calls);
        Assert.Equal("JobOrchestrator a1b2  Completed", run.OutputLines[0].TrimEnd());
        Assert.Equal("  took 30 s, since 2026-03-01 12:00:00Z", run.OutputLines[1].TrimEnd());
        Assert.Matches(@"^\+0\.0 s +███ +3\.0 s +PlanJob +2 attempts, before: busy *$", run.OutputLines[2].Trim());
        Assert.Matches(@"^\+4\.0 s +█{20} +24 s +PageOrchestrator \(page 0\) *$", run.OutputLines[4].Trim());
        Assert.Matches(@"^\+28 s +\.+ +2\.0 s +nothing in work *$", run.OutputLines[5].Trim());
    }

    [Fact]
    public async Task History_OfAFailedPage_PrintsThePagesHistoryBelowIt()
    {
        _bodies["a1b2"] = Status("a1b2", "Failed", Started(), PageFailed(3, 1, 20, "Page 3 stood still."), Ended(20, "Failed", "Page 3 failed."));
        _bodies["page-a1b2-000003-000000"] = Status("page-a1b2-000003-000000", "Failed", Started(), Completed("CollectPage", 0, 15), Ended(20, "Failed"));

        var run = await CliRun.AgainstAsync(_service, _time, "history", "a1b2");

        Assert.Contains("  Page 3 failed.", run.OutputLines[2], StringComparison.Ordinal);
        var page = Array.FindIndex(run.OutputLines, line => line.Contains("PageOrchestrator (page 3)  failed: Page 3 stood still.", StringComparison.Ordinal));
        Assert.Contains("      CollectPage", run.OutputLines[page + 1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task History_OfAPage_AsksForItsOrchestration()
    {
        _bodies["a1b2"] = Status("a1b2", "Running", Started());
        _bodies["page-a1b2-000012-000000"] = Status("page-a1b2-000012-000000", "Running", Started(), Scheduled("CollectPage", 1));

        var run = await CliRun.AgainstAsync(_service, _time, "history", "a1b2", "--page", "12");

        Assert.StartsWith("JobOrchestrator page-a1b2-000012-000000  Running", run.Output, StringComparison.Ordinal);
        Assert.Contains("runs for 40 s", run.Output, StringComparison.Ordinal);
        Assert.Contains("CollectPage  runs", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task History_OfALongJob_IsShortUnlessAllIsAskedFor()
    {
        _bodies["a1b2"] = Status("a1b2", "Completed", [Started(), .. Enumerable.Range(0, 300).Select(page => PageCompleted(page, page, page + 1)), Ended(301)]);

        var some = await CliRun.AgainstAsync(_service, _time, "history", "a1b2");
        var all = await CliRun.AgainstAsync(_service, _time, "history", "a1b2", "--all");

        Assert.InRange(some.OutputLines.Length, 3, 12);
        Assert.Contains("300 steps; --all shows each.", some.Output, StringComparison.Ordinal);
        Assert.True(all.OutputLines.Length >= 301);
    }

    [Fact]
    public async Task History_WithJson_PrintsWhatTheServiceAnswered()
    {
        _bodies["a1b2"] = Status("a1b2", "Completed", Started(), Ended(1));

        var run = await CliRun.AgainstAsync(_service, _time, "history", "a1b2", "--json");

        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(_bodies["a1b2"]), JsonElement.Parse(run.Output)));
    }

    [Theory]
    [InlineData("application/json", "")]
    [InlineData("application/problem+json", "{\"title\":\"There is no such orchestration.\",\"status\":404}")]
    public async Task History_OfAnUnknownJob_SaysSo(string contentType, string body)
    {
        _service.Intercept = async call =>
        {
            call.Response.StatusCode = StatusCodes.Status404NotFound;
            call.Response.ContentType = contentType;
            await call.Response.WriteAsync(body, call.RequestAborted);
            return true;
        };

        var run = await CliRun.AgainstAsync(_service, _time, "history", "nobody");

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("no orchestration nobody", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task History_WithoutTheSystemKey_SaysWhichKeyAndKeepsWhatWasGivenSecret()
    {
        _refusal = HttpStatusCode.Unauthorized;

        var run = await CliRun.AgainstAsync(_service, _time, "history", "a1b2", "--function-key", "function-secret");

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("durabletask_extension", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("function-secret", run.Error + run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("system", "function", "system")]
    [InlineData(null, "function", "function")]
    public async Task History_WithKeysInTheEnvironment_PrefersTheSystemKey(string? system, string function, string expected)
    {
        _bodies["a1b2"] = Status("a1b2", "Completed", Started(), Ended(1));
        Dictionary<string, string> variables = new() { ["MODELJOBS_KEY"] = function };
        if (system is not null)
        {
            variables["MODELJOBS_SYSTEM_KEY"] = system;
        }

        await CliRun.ExecuteAsync(["history", "a1b2", "--endpoint", _service.BaseUri.ToString()], new CliSetup { Time = _time, Variables = variables });

        Assert.Equal(expected, _service.LastHeaders["x-functions-key"]);
        Assert.DoesNotContain(expected, Assert.Single(_service.Calls), StringComparison.Ordinal);
    }
}

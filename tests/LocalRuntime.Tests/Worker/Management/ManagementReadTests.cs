using System.Net;
using System.Text.Json;
using DurableTask.Core.History;

namespace ModelJobs.LocalRuntime.Tests.Worker.Management;

public sealed class ManagementReadTests : ManagementTest
{
    [Fact]
    public async Task Get_EndedInstance_AnswersWithTheNamesOfDurableFunctions()
    {
        await RunAsync("Square", "sq", 3);

        var status = await GetAsync("instances/sq?taskHub=MyHub&connection=Storage&code=any");

        Assert.Equal(
            ["name", "instanceId", "runtimeStatus", "input", "customStatus", "output", "createdTime", "lastUpdatedTime"],
            status.EnumerateObject().Select(member => member.Name));
        Assert.Equal("Square", status.GetProperty("name").GetString());
        Assert.Equal("Completed", status.GetProperty("runtimeStatus").GetString());
        Assert.Equal(3, status.GetProperty("input").GetInt32());
        Assert.Equal(9, status.GetProperty("output").GetInt32());
        Assert.Equal(JsonValueKind.Null, status.GetProperty("customStatus").ValueKind);
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", status.GetProperty("createdTime").GetString());
    }

    [Fact]
    public async Task Get_RunningInstance_Answers202AndWhereToAskAgain()
    {
        await StartAsync("AwaitGo", "waiting", "hidden");

        using var response = await App.Http.GetAsync($"{Api}/instances/waiting?showInput=false", Cancel);
        var status = await ReadAsync(response, HttpStatusCode.Accepted);

        Assert.Equal(new Uri(App.Http.BaseAddress!, $"{Api}/instances/waiting?showInput=false"), response.Headers.Location);
        Assert.Equal(TimeSpan.FromSeconds(5), response.Headers.RetryAfter!.Delta);
        Assert.Equal("waiting", status.GetProperty("customStatus").GetProperty("step").GetString());
        Assert.Equal(JsonValueKind.Null, status.GetProperty("input").ValueKind);
    }

    [Theory]
    [InlineData("", HttpStatusCode.OK)]
    [InlineData("?returnInternalServerErrorOnFailure=true", HttpStatusCode.InternalServerError)]
    public async Task Get_FailedInstance_AnswersItsMessageAsOutput(string query, HttpStatusCode expected)
    {
        await RunAsync("Fail", "failed");

        var status = await GetAsync($"instances/failed{query}", expected);

        Assert.Equal("Failed", status.GetProperty("runtimeStatus").GetString());
        Assert.Equal("It broke.", status.GetProperty("output").GetString());
    }

    [Theory]
    [InlineData("instances/nobody", HttpStatusCode.NotFound, "'nobody'")]
    [InlineData("instances/nobody?taskHub=Other", HttpStatusCode.NotFound, "'MyHub' only")]
    [InlineData("instances?top=0", HttpStatusCode.BadRequest, "a whole number from 1 to 1000")]
    [InlineData("instances?createdTimeFrom=yesterday", HttpStatusCode.BadRequest, "'createdTimeFrom' is 'yesterday'")]
    [InlineData("instances?runtimeStatus=Done", HttpStatusCode.BadRequest, "'runtimeStatus' is 'Done'")]
    [InlineData("instances?showInput=maybe", HttpStatusCode.BadRequest, "true or false")]
    public async Task Get_ThatCannotBeAnswered_IsAProblemThatSaysWhy(string path, HttpStatusCode expected, string detail)
    {
        var problem = await GetAsync(path, expected);

        Assert.Equal((int)expected, problem.GetProperty("status").GetInt32());
        Assert.Contains(detail, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_WithHistory_ShowsAnswersWithTheirRequestsTimeNameAndInput()
    {
        await RunAsync("Square", "sq", 3);

        var status = await GetAsync("instances/sq?showHistory=true&showHistoryOutput=true");

        var events = status.GetProperty("historyEvents").EnumerateArray().ToList();
        Assert.Equal(["ExecutionStarted", "TaskCompleted", "ExecutionCompleted"], events.Select(e => e.GetProperty("EventType").GetString()));
        Assert.Equal(["EventType", "Timestamp", "FunctionName", "Input"], Names(events[0]));
        Assert.Equal("Square", events[0].GetProperty("FunctionName").GetString());
        Assert.Equal(["EventType", "Timestamp", "ScheduledTime", "FunctionName", "Result"], Names(events[1]));
        Assert.Equal("SquareOne", events[1].GetProperty("FunctionName").GetString());
        Assert.Equal("3", events[0].GetProperty("Input").GetString());
        Assert.Equal(9, events[1].GetProperty("Result").GetInt32());
        Assert.Equal(["EventType", "Timestamp", "Result", "OrchestrationStatus"], Names(events[2]));
    }

    [Fact]
    public async Task Get_WithHistoryOfOpenRequests_ShowsTheRequests()
    {
        await StartAsync("Family", "fam");

        await UntilAsync(engine => engine.GetHistory("fam").OfType<TaskFailedEvent>().Any());

        var status = await GetAsync("instances/fam?showHistory=true&showInput=false", HttpStatusCode.Accepted);

        JsonElement[] events = [.. status.GetProperty("historyEvents").EnumerateArray()];
        Assert.Equal(
            ["ExecutionStarted", "SubOrchestrationInstanceCompleted", "TimerCreated", "TimerFired", "TaskFailed"],
            events.Select(e => e.GetProperty("EventType").GetString()));
        Assert.DoesNotContain(events, e => e.TryGetProperty("Input", out _) || e.TryGetProperty("Result", out _));
        Assert.Equal(events[2].GetProperty("FireAt").GetDateTime(), events[3].GetProperty("FireAt").GetDateTime());
        Assert.Contains("Missing", events[4].GetProperty("FailureDetails").GetProperty("ErrorMessage").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_InPages_ShowsEveryInstanceOnceAndEndsWithoutAToken()
    {
        string[] ids = ["ä-1", "ä-2", "ä-3", "b"];
        foreach (var id in ids)
        {
            await RunAsync("Square", id, 2);
        }

        List<string> listed = [];
        string? token = null;
        do
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{Api}/instances?top=2&instanceIdPrefix=ä");
            if (token is not null)
            {
                request.Headers.Add("x-ms-continuation-token", token);
            }

            using var response = await App.Http.SendAsync(request, Cancel);
            token = response.Headers.TryGetValues("x-ms-continuation-token", out var values) ? values.Single() : null;
            var page = await ReadAsync(response, HttpStatusCode.OK);
            Assert.InRange(page.GetArrayLength(), 1, 2);
            listed.AddRange(page.EnumerateArray().Select(status => status.GetProperty("instanceId").GetString()!));
        }
        while (token is not null);

        Assert.Equal(ids[..3], listed);
    }

    [Fact]
    public async Task List_Filtered_ShowsWhatMatchesAll()
    {
        await RunAsync("Square", "sq", 2);
        await RunAsync("Fail", "failed");
        await StartAsync("AwaitGo", "waiting");

        Assert.Equal(["failed", "waiting"], await IdsAsync("instances?runtimeStatus=Failed,Running"));
        Assert.Equal(["failed", "sq"], await IdsAsync("instances?runtimeStatus=Failed&runtimeStatus=Completed"));
        Assert.Empty(await IdsAsync("instances?createdTimeTo=2001-01-01T00:00:00Z"));
        Assert.Equal(3, (await IdsAsync("instances/?createdTimeFrom=2001-01-01T00:00:00Z")).Count);
    }

    private async Task<List<string>> IdsAsync(string path)
        => [.. (await GetAsync(path)).EnumerateArray().Select(status => status.GetProperty("instanceId").GetString()!)];

    private static List<string> Names(JsonElement e) => [.. e.EnumerateObject().Select(member => member.Name)];
}

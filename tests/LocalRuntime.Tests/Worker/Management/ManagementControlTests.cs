using System.Net;
using System.Text;
using Microsoft.DurableTask.Client;

namespace ModelJobs.LocalRuntime.Tests.Worker.Management;

public sealed class ManagementControlTests : ManagementTest
{
    [Fact]
    public async Task Start_WithBodyAndId_RunsItAndAnswersItsLinks()
    {
        using var response = await App.Http.PostAsync(
            $"{Api}/orchestrators/Square/my-id?code=any", new StringContent("5", Encoding.UTF8, "application/json"), Cancel);
        var links = await ReadAsync(response, HttpStatusCode.Accepted);

        Assert.Equal(
            ["id", "statusQueryGetUri", "sendEventPostUri", "terminatePostUri", "purgeHistoryDeleteUri", "restartPostUri", "suspendPostUri", "resumePostUri"],
            links.EnumerateObject().Select(member => member.Name));
        Assert.Equal("my-id", links.GetProperty("id").GetString());
        Assert.Equal($"{App.Http.BaseAddress}{Api}/instances/my-id/raiseEvent/{{eventName}}?taskHub=MyHub&connection=Storage", links.GetProperty("sendEventPostUri").GetString());
        Assert.Equal(links.GetProperty("statusQueryGetUri").GetString(), response.Headers.Location!.ToString());
        Assert.Equal(TimeSpan.FromSeconds(10), response.Headers.RetryAfter!.Delta);

        var ended = await App.Durable.WaitForInstanceCompletionAsync("my-id", true, Cancel).WaitAsync(TestApp.Limit, Cancel);
        Assert.Equal(25, ended.ReadOutputAs<int>());
    }

    [Fact]
    public async Task Start_WithoutId_MakesOne()
    {
        var links = await PostAsync("orchestrators/Square", 2, HttpStatusCode.Accepted);

        Assert.NotNull(await App.Durable.GetInstanceAsync(links.GetProperty("id").GetString()!, Cancel));
    }

    [Fact]
    public async Task Start_ToBeWaitedFor_AnswersTheOutput()
        => Assert.Equal(16, (await PostAsync("orchestrators/Square?timeout=60&pollingInterval=1", 4, HttpStatusCode.OK)).GetInt32());

    [Fact]
    public async Task Start_ThatDoesNotEndInTime_AnswersTheLinks()
        => Assert.NotEmpty((await PostAsync("orchestrators/AwaitGo?timeout=0.01&pollingInterval=1", null, HttpStatusCode.Accepted))
            .GetProperty("id").GetString()!);

    [Theory]
    [InlineData("Nothing", "1", HttpStatusCode.BadRequest, "'Nothing'")]
    [InlineData("Square", "{", HttpStatusCode.BadRequest, "not JSON")]
    [InlineData("Square/@bad", "1", HttpStatusCode.BadRequest, "'@bad' is not allowed")]
    [InlineData("AwaitGo/taken", "1", HttpStatusCode.Conflict, "'taken'")]
    public async Task Start_ThatCannotBe_IsAProblemThatSaysWhy(string path, string body, HttpStatusCode expected, string detail)
    {
        await StartAsync("AwaitGo", "taken");

        using var response = await App.Http.PostAsync(
            $"{Api}/orchestrators/{path}", new StringContent(body, Encoding.UTF8, "application/json"), Cancel);

        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        Assert.Contains(detail, (await ReadAsync(response, expected)).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RaiseEvent_ToAWaitingInstance_EndsIt()
    {
        await StartAsync("AwaitGo", "waiting");

        await PostAsync("instances/waiting/raiseEvent/go", "now", HttpStatusCode.Accepted);

        var ended = await App.Durable.WaitForInstanceCompletionAsync("waiting", true, Cancel).WaitAsync(TestApp.Limit, Cancel);
        Assert.Equal("now", ended.ReadOutputAs<string>());
    }

    [Fact]
    public async Task RaiseEvent_WithTextThatIsNotJson_IsRefused()
    {
        await StartAsync("AwaitGo", "waiting");

        using var response = await App.Http.PostAsync($"{Api}/instances/waiting/raiseEvent/go", new StringContent("now"), Cancel);

        Assert.Contains("application/json", (await ReadAsync(response, HttpStatusCode.BadRequest)).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SuspendResumeTerminate_WithReason_DoSo()
    {
        await StartAsync("AwaitGo", "waiting");

        await PostAsync("instances/waiting/suspend?reason=lunch", null, HttpStatusCode.Accepted);
        await UntilAsync("waiting", OrchestrationRuntimeStatus.Suspended);
        await PostAsync("instances/waiting/resume", null, HttpStatusCode.Accepted);
        await UntilAsync("waiting", OrchestrationRuntimeStatus.Running);
        await PostAsync("instances/waiting/terminate?reason=enough", null, HttpStatusCode.Accepted);
        await UntilAsync("waiting", OrchestrationRuntimeStatus.Terminated);

        Assert.Equal("enough", (await GetAsync("instances/waiting")).GetProperty("output").GetString());
    }

    [Theory]
    [InlineData("raiseEvent/go")]
    [InlineData("terminate")]
    [InlineData("suspend")]
    [InlineData("resume")]
    [InlineData("rewind")]
    public async Task Control_OfAMissingOrEndedInstance_Answers404Or410(string operation)
    {
        await RunAsync("Square", "ended", 1);

        await PostAsync($"instances/nobody/{operation}", 1, HttpStatusCode.NotFound);
        await PostAsync($"instances/ended/{operation}", 1, HttpStatusCode.Gone);
    }

    [Fact]
    public async Task Rewind_OfAFailedInstance_TriesAgainWhatFailed()
    {
        await RunAsync("FailOnce", "failed");
        Assert.Equal("Failed", (await GetAsync("instances/failed")).GetProperty("runtimeStatus").GetString());

        await PostAsync("instances/failed/rewind?reason=mended", null, HttpStatusCode.Accepted);
        await UntilAsync("failed", OrchestrationRuntimeStatus.Completed);

        await StartAsync("AwaitGo", "waiting");
        await PostAsync("instances/waiting/rewind", null, HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Restart_EndedInstance_RunsWithTheSameInput()
    {
        await RunAsync("Square", "first", 6);

        var links = await PostAsync("instances/first/restart", null, HttpStatusCode.Accepted);
        var same = await PostAsync("instances/first/restart?restartWithNewInstanceId=false&timeout=60&pollingInterval=1", null, HttpStatusCode.OK);

        var id = links.GetProperty("id").GetString()!;
        Assert.NotEqual("first", id);
        var ended = await App.Durable.WaitForInstanceCompletionAsync(id, true, Cancel).WaitAsync(TestApp.Limit, Cancel);
        Assert.Equal(36, ended.ReadOutputAs<int>());
        Assert.Equal(36, same.GetInt32());
        await PostAsync("instances/nobody/restart", null, HttpStatusCode.BadRequest);
        await StartAsync("AwaitGo", "waiting");
        await PostAsync("instances/waiting/restart?restartWithNewInstanceId=false", null, HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task Purge_One_ForgetsItIfItHasEnded()
    {
        await RunAsync("Square", "ended", 1);
        await StartAsync("AwaitGo", "waiting");

        Assert.Equal(1, await DeletedAsync("instances/ended"));
        Assert.Equal(0, await DeletedAsync("instances/waiting"));
        await ReadAsync(await App.Http.DeleteAsync($"{Api}/instances/ended", Cancel), HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Purge_ByFilter_ForgetsWhatMatches()
    {
        await RunAsync("Square", "ended", 1);
        await RunAsync("Fail", "failed");

        await ReadAsync(await App.Http.DeleteAsync($"{Api}/instances", Cancel), HttpStatusCode.BadRequest);
        Assert.Equal(1, await DeletedAsync("instances?createdTimeFrom=2001-01-01&runtimeStatus=Failed"));
        await ReadAsync(
            await App.Http.DeleteAsync($"{Api}/instances?createdTimeFrom=2001-01-01&runtimeStatus=Failed", Cancel), HttpStatusCode.NotFound);
        Assert.NotNull(await App.Durable.GetInstanceAsync("ended", Cancel));
    }

    private async Task<int> DeletedAsync(string path)
        => (await ReadAsync(await App.Http.DeleteAsync($"{Api}/{path}", Cancel), HttpStatusCode.OK)).GetProperty("instancesDeleted").GetInt32();

    private Task UntilAsync(string id, OrchestrationRuntimeStatus status)
        => UntilAsync(engine => engine.Read(hub => hub.Find(id)!.Status == status));
}

using System.Net;
using System.Text;
using System.Text.Json;
using ModelJobs.Contracts;
using ModelJobs.EndToEnd.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.EndToEnd.Tests;

/// <summary>What the API accepts and refuses.</summary>
public sealed class SubmitTests(StorageEmulator storage)
{
    private const string Good = """{"input":{"id":1,"duration":0}}""";

    [Fact]
    public async Task Submit_Accepted_PointsAtTheJob()
    {
        await using var app = await LocalApp.StartAsync(storage);

        using var answer = await app.Jobs.PostAsync("?model=simulate", [Good]);

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var job = JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), ContractsJson.Wire.Job)!;
        Assert.EndsWith($"/api/jobs/{job.Id}", answer.Headers.GetValues("Operation-Location").Single(), StringComparison.Ordinal);
        Assert.NotNull(answer.Headers.RetryAfter);
        await Invariants.CheckAsync(app, await app.Jobs.WaitAsync(job.Id));
    }

    [Fact]
    public async Task Submit_LineSevenMalformed_NamesTheLineAndMakesNoJob()
    {
        await using var app = await LocalApp.StartAsync(storage);

        using var answer = await app.Jobs.PostAsync("?model=simulate", [.. Enumerable.Repeat(Good, 6), """{"input":""", Good]);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var problem = await JobsApi.ProblemAsync(answer);
        Assert.Equal(7, problem.Line);
        Assert.NotNull(problem.Column);
        Assert.Contains("Line 7", problem.Detail, StringComparison.Ordinal);
        Assert.Equal("""{"jobs":[]}""", await app.Http.GetStringAsync(new Uri("api/jobs", UriKind.Relative), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("""{"id":"x"}""", "'input'")]
    [InlineData("""{"input":1,"inptu":2}""", "inptu")]
    [InlineData("""[1]""", "wrong type")]
    [InlineData("""{"input":1}{"input":2}""", "after a single JSON value")]
    [InlineData("""{"id":"","input":1}""", "'id'")]
    [InlineData("""{"id":true,"input":1}""", "string or an integer")]
    public async Task Submit_BadLine_SaysWhatIsWrong(string line, string expected)
    {
        await using var app = await LocalApp.StartAsync(storage);

        using var answer = await app.Jobs.PostAsync("?model=simulate", [line]);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(expected, (await JobsApi.ProblemAsync(answer)).Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("?model=nonesuch", HttpStatusCode.BadRequest, "simulate")]
    [InlineData("", HttpStatusCode.BadRequest, "model")]
    [InlineData("?model=simulate&chunkItems=0", HttpStatusCode.BadRequest, "chunkItems")]
    [InlineData("?model=simulate&chunkItem=5", HttpStatusCode.BadRequest, "chunkItem")]
    [InlineData("?model=simulate&orderByKey=maybe", HttpStatusCode.BadRequest, "orderByKey")]
    [InlineData("?model=simulate&maxConcurrency=100000", HttpStatusCode.BadRequest, "maxConcurrency")]
    public async Task Submit_BadQuery_SaysWhatToDo(string query, HttpStatusCode status, string expected)
    {
        await using var app = await LocalApp.StartAsync(storage);

        using var answer = await app.Jobs.PostAsync(query, [Good]);

        Assert.Equal(status, answer.StatusCode);
        Assert.Contains(expected, (await JobsApi.ProblemAsync(answer)).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_NoItems_IsRefused()
    {
        await using var app = await LocalApp.StartAsync(storage);

        using var answer = await app.Jobs.PostAsync("?model=simulate", ["", "  "]);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("no items", (await JobsApi.ProblemAsync(answer)).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_WrongContentType_NamesTheRightOnes()
    {
        await using var app = await LocalApp.StartAsync(storage);
        using var csv = new StringContent("a,b", Encoding.UTF8, "text/csv");

        using var answer = await app.Jobs.PostAsync("?model=simulate", csv);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
        Assert.Contains("application/x-ndjson", (await JobsApi.ProblemAsync(answer)).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_SameKeySameRequestTwice_IsOneJob()
    {
        await using var app = await LocalApp.StartAsync(storage);

        var first = await app.Jobs.SubmitAsync("?model=recorded", [Good], "key-1");
        var second = await app.Jobs.SubmitAsync("?model=recorded", [Good], "key-1");

        Assert.Equal(first.Id, second.Id);
        await Invariants.CheckAsync(app, await app.Jobs.WaitAsync(first.Id));
        Assert.Single(app.Recorder.Attempts);
    }

    [Fact]
    public async Task Submit_SameKeyDifferentRequest_Conflicts()
    {
        await using var app = await LocalApp.StartAsync(storage);
        var first = await app.Jobs.SubmitAsync("?model=simulate", [Good], "key-1");

        using var items = await app.Jobs.PostAsync("?model=simulate", [Good, Good], "key-1");
        using var options = await app.Jobs.PostAsync("?model=simulate&chunkItems=3", [Good], "key-1");

        Assert.Equal(HttpStatusCode.Conflict, items.StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, options.StatusCode);
        Assert.Contains(first.Id, (await JobsApi.ProblemAsync(items)).Detail, StringComparison.Ordinal);
        var job = await app.Jobs.WaitAsync(first.Id);
        Assert.Equal(1, job.Items.Total);
        await Invariants.CheckAsync(app, job);
    }

    [Fact]
    public async Task Submit_JsonBodyMalformed_NamesThePlace()
    {
        await using var app = await LocalApp.StartAsync(storage);
        using var body = new StringContent("{\"model\":\"simulate\",\n\"items\":[{]}", Encoding.UTF8, "application/json");

        using var answer = await app.Jobs.PostAsync("", body);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(2, (await JobsApi.ProblemAsync(answer)).Line);
    }

    [Theory]
    [InlineData("api/jobs/job-00000000000000000000000000000000")]
    [InlineData("api/jobs/nonsense")]
    [InlineData("api/jobs/nonsense/results")]
    public async Task Get_UnknownJob_IsNotFound(string path)
    {
        await using var app = await LocalApp.StartAsync(storage);

        using var answer = await app.Http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("/problems/unknown-job", (await JobsApi.ProblemAsync(answer)).Type);
    }
}

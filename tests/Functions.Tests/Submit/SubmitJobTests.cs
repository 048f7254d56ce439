using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using ModelJobs.Contracts;
using ModelJobs.Functions.Access;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Control;
using ModelJobs.Functions.Estimate;
using ModelJobs.Functions.Http;
using ModelJobs.Functions.Notify;
using ModelJobs.Functions.Process.Balance;
using ModelJobs.Functions.Process.Runners;
using ModelJobs.Functions.Status;
using ModelJobs.Functions.Submit;
using ModelJobs.Functions.Tests.Notify;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Submit;

public sealed class SubmitJobTests(StorageEmulator storage) : FlowTest(storage)
{
    private const string OneItem = """{"model":"model","items":[{"input":1}]}""";
    private readonly FakeDurableClient _durable = new();
    private readonly Caller _caller = Caller.Everybody;
    private byte[] _answer = [];

    [Fact]
    public async Task Run_Job_StoresItAndStartsItsOrchestration()
    {
        var status = await SubmitAsync(OneItem);

        Assert.Equal(202, status);
        var job = Assert.Single(_durable.Started);
        Assert.Equal(2, (await Bench.ListAsync(job + "/")).Count);
    }

    [Theory]
    [InlineData("""{"model":"model","items":[{"input":1}],"options":{"orderByKey":true,"priority":"high","onFailure":"stopLane","tolerate":5,"deadline":"2h","retention":"7d","webhook":"https://example.org/a?b=c"}}""", "")]
    [InlineData("{\"input\":1}", "?model=model&orderByKey=true&priority=high&onFailure=stopLane&tolerate=5&deadline=02:00:00&retention=7d&webhook=https%3A%2F%2Fexample.org%2Fa%3Fb%3Dc")]
    public async Task Run_AllOptions_GoIntoTheJob(string body, string query)
    {
        Assert.Equal(202, await SubmitAsync(body, query: query));

        var run = _durable.LastRun!;
        Assert.Equal(
            new JobOptions
            {
                OrderByKey = true,
                ChunkItems = JobLimits.DefaultChunkItems,
                Priority = JobPriority.High,
                OnFailure = FailureAction.StopLane,
                Tolerate = new Tolerance(5, IsPercent: false),
                Deadline = TimeSpan.FromHours(2),
                Retention = TimeSpan.FromDays(7),
                Webhook = "https://example.org/a?b=c",
            },
            run.Job.Options);
        Assert.Equal((run.Job.CreatedAt.AddHours(2), Bench.Settings.StallAfter, true), (run.EndsBy, run.StallAfter, run.Express));
    }

    [Theory]
    [InlineData("?model=model&onFailure=StopLane")]
    [InlineData("?model=model&onFailure=stopLane")]
    [InlineData("?model=model&priority=High")]
    [InlineData("?model=model&tolerate=many")]
    [InlineData("?model=model&deadline=2")]
    [InlineData("?model=model&retention=0h")]
    [InlineData("?model=model&webhook=")]
    [InlineData("?model=model&webhook=http://example.org/")]
    [InlineData("?model=model&webhook=https://169.254.169.254/")]
    [InlineData("?model=model&webhook=https://example.org/&webhook=https://localhost/")]
    public async Task Run_BadOptionInTheQuery_IsRefused(string query) => Assert.Equal(400, await SubmitAsync("{\"input\":1}", query: query));

    [Fact]
    public async Task Run_OtherOptionsUnderTheSameKey_IsAnotherRequest()
    {
        const string Body = """{"model":"model","items":[{"input":1}],"options":{"tolerate":"1%"}}""";
        Assert.Equal(202, await SubmitAsync(Body, key: "once"));

        Assert.Equal(409, await SubmitAsync(Body.Replace("1%", "2%", StringComparison.Ordinal), key: "once"));
    }

    [Fact]
    public async Task Run_SameKeyAgain_IsTheSameJob()
    {
        Assert.Equal(202, await SubmitAsync(OneItem, key: "once"));
        Assert.Equal(202, await SubmitAsync(OneItem, key: "once"));

        var job = Assert.Single(_durable.Started);
        Assert.Equal(2, (await Bench.ListAsync(job + "/")).Count);
        Assert.Equal([job, job, "keys"], (await Bench.ListAsync("")).Select(name => name.Split('/')[0]));
    }

    [Fact]
    public async Task Run_SameKeyAgainWithAsManyJobsAsThereMayBe_IsTheSameJob()
    {
        Bench.Settings.MaxOpenJobs = 1;
        Assert.Equal(202, await SubmitAsync(OneItem, key: "once"));
        Assert.Equal(429, await SubmitAsync(OneItem));
        Assert.Equal(429, await SubmitAsync(OneItem, key: "other"));

        Assert.Equal(202, await SubmitAsync(OneItem, key: "once"));

        Assert.Single(_durable.Started);
    }

    [Fact]
    public async Task Run_JobAfterJob_MakesIdsThatListTheNewestFirst()
    {
        // With and without a key: both are in the same list.
        for (var i = 0; i < 6; i++)
        {
            await SubmitAsync(OneItem, key: i % 2 == 0 ? $"key {i}" : null);
            Bench.Time.Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal(_durable.Started.Order(StringComparer.Ordinal), _durable.Started.AsEnumerable().Reverse());
        Assert.All(_durable.Started, id => Assert.True(JobId.IsValid(id), id));
    }

    [Fact]
    public async Task Run_KeyOfAnotherRequest_IsRefusedAndLeavesTheFirst()
    {
        await SubmitAsync(OneItem, key: "once");
        var stored = await Bench.ListAsync("");

        var status = await SubmitAsync("""{"model":"model","items":[{"input":2}]}""", key: "once");

        Assert.Equal(409, status);
        Assert.Equal(stored, await Bench.ListAsync(""));
        Assert.Single(_durable.Started);
    }

    [Fact]
    public async Task Run_FirstCallDiedBeforeTheStart_StartsTheJob()
    {
        _durable.StartFailure = new IOException("The host died.");
        await Assert.ThrowsAsync<IOException>(() => SubmitAsync(OneItem, key: "once"));
        _durable.StartFailure = null;

        var status = await SubmitAsync(OneItem, key: "once");

        Assert.Equal(202, status);
        Assert.Single(_durable.Started);
    }

    [Theory]
    [InlineData("""{"model":"model","items":[]}""", 400)]
    [InlineData("""{"model":"model","items":[null]}""", 400)]
    [InlineData("""{"model":"model","items":[{"input":1},{"input":2,"id":""}]}""", 400)]
    [InlineData("""{"model":"model","items":null}""", 400)]
    [InlineData("""{"model":"model","items":[{"input":1}],"options":null}""", 400)]
    [InlineData("""{"model":"model","items":[{"input":1}],"options":{"chunkItems":0}}""", 400)]
    [InlineData("""{"model":"none","items":[{"input":1}]}""", 400)]
    [InlineData("""{"model":"model","items":[{"input":1}],"options":{"onFailure":"stopLane"}}""", 400)]
    [InlineData("""{"model":"model","items":[{"input":1}],"options":{"onFailure":7}}""", 400)]
    [InlineData("""{"model":"model","items":[{"input":1}],"options":{"priority":7}}""", 400)]
    [InlineData("""{"model":"model","items":[{"input":1}],"options":{"onFailure":"stop"}}""", 400)]
    [InlineData("""{"model":"model","items":[{"input":1}],"options":{"tolerate":-1}}""", 400)]
    [InlineData("""{"model":"model","items":[{"input":1}],"options":{"tolerate":"101%"}}""", 400)]
    [InlineData("""{"model":"model","items":[{"input":1}],"options":{"deadline":"soon"}}""", 400)]
    [InlineData("""{"model":"model","items":[{"input":1}],"options":{"deadline":7200}}""", 400)]
    [InlineData("""{"model":"model","items":[{"input":1}],"options":{"deadline":"91d"}}""", 400)]
    [InlineData("""{"model":"model","items":[{"input":1}],"options":{"retention":"3651d"}}""", 400)]
    [InlineData("""null""", 400)]
    [InlineData("", 400)]
    public async Task Run_BadRequest_IsRefusedAndLeavesNothingBehind(string body, int expected)
    {
        var status = await SubmitAsync(body);

        Assert.Equal(expected, status);
        Assert.Empty(await Bench.ListAsync(""));
        Assert.Empty(_durable.Started);
    }

    [Theory]
    [InlineData("""{"model":"model","items":[{"input":1},{"input":2},{"input":3}],"options":{"chunkItems":2}}""", "application/json", "?dryRun=true")]
    [InlineData("{\"input\":1}\n{\"input\":2}\n{\"input\":3}", "application/x-ndjson", "?model=model&chunkItems=2&dryRun=true&webhook=https://example.org/token")]
    public async Task Run_Dry_SaysWhatTheJobWouldTakeAndLeavesNothingBehind(string body, string type, string query)
    {
        Assert.Equal(200, await SubmitAsync(body, key: "once", query, type));

        var estimate = JsonSerializer.Deserialize(_answer, ContractsJson.Wire.JobEstimate)!;
        Assert.DoesNotContain("token", estimate.Options.Webhook ?? "", StringComparison.Ordinal);
        Assert.Equal(("model", 3L, 1L, 2L), (estimate.Model, estimate.Items, estimate.Pages, estimate.Chunks));
        Assert.Equal((4L, 4L, 4L, 3L), (estimate.ServiceBus.Sent, estimate.ServiceBus.Received, estimate.ServiceBus.Completed, estimate.ServiceBus.Sessions));
        Assert.Equal(15 * 0.80m / 1_000_000, estimate.Cost!.Lines.Single(line => line.Name == "serviceBusOperations").Amount);
        Assert.Equal(estimate.Cost.Lines.Sum(line => line.Amount), estimate.Cost.Total);
        Assert.DoesNotContain(estimate.Cost.Lines, line => line.Name == "durableActions");
        Assert.Empty(await Bench.ListAsync(""));
        Assert.Empty(_durable.Started);

        // The key is free: another request may have it.
        Assert.Equal(202, await SubmitAsync(OneItem, key: "once"));
    }

    [Theory]
    [InlineData("{\"input\":1}\n{\"inputs\":2}", "?model=model&dryRun=true")]
    [InlineData("", "?model=model&dryRun=true")]
    [InlineData("{\"input\":1}", "?model=none&dryRun=true")]
    [InlineData("{\"input\":1}", "?model=model&dryRun=perhaps")]
    public async Task Run_DryOfABadRequest_IsRefused(string body, string query)
    {
        Assert.Equal(400, await SubmitAsync(body, query: query));

        Assert.Empty(await Bench.ListAsync(""));
    }

    private async Task<int> SubmitAsync(string body, string? key = null, string query = "", string? type = null)
    {
        using var models = new ModelCatalog(
            new ConfigurationBuilder().AddInMemoryCollection([new("Models:model:Runner", "none")]).Build(), []);
        using var board = new BalanceBoard(new BalanceEntries(Bench.Blobs, Bench.Time), Bench.Time, NullLogger<BalanceBoard>.Instance);
        var controls = new JobControls(Bench.Blobs, Bench.Time);
        var submit = new SubmitJob(
            Bench.Blobs,
            new JobRequestReader(new RunSettings(models, new WebhookPolicy(new WebhookSettings { Secret = WebhookSignatureTests.Secret }))),
            new SubmissionLimits(Bench.Settings, Bench.Time),
            new IdempotencyKeys(Bench.Blobs, Bench.Time),
            new InputWriter(Bench.Blobs, Bench.Inputs),
            new JobEstimator(models, new PriceSettings()),
            new JobReader(new PageParts(Bench.Blobs), controls, new UsageReading(new PriceSettings()), new BalanceReading(models, board), Bench.Time),
            controls,
            Bench.Settings,
            Bench.Time);
        await using var services = new ServiceCollection().AddLogging().BuildServiceProvider();
        var context = new DefaultHttpContext { RequestServices = services };
        context.Request.ContentType = type is not null ? type : query.Length == 0 ? "application/json" : "application/x-ndjson";
        context.Request.QueryString = new QueryString(query);
        context.Features.Set(_caller);
        context.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        if (key is not null)
        {
            context.Request.Headers["Idempotency-Key"] = key;
        }

        try
        {
            var result = await submit.Run(context.Request, _durable, Token).BoundedAsync();
            await using var answer = new MemoryStream();
            context.Response.Body = answer;
            await result.ExecuteAsync(context);
            _answer = answer.ToArray();
            return context.Response.StatusCode;
        }
        catch (ProblemException refused)
        {
            return refused.Problem.Status;
        }
    }
}

using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Http;
using ModelJobs.Functions.Process.Runners;
using ModelJobs.Functions.Status;
using ModelJobs.Functions.Submit;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Submit;

public sealed class SubmitJobTests(StorageEmulator storage) : FlowTest(storage)
{
    private const string OneItem = """{"model":"model","items":[{"input":1}]}""";
    private readonly FakeDurableClient _durable = new();

    [Fact]
    public async Task Run_Job_StoresItAndStartsItsOrchestration()
    {
        var status = await SubmitAsync(OneItem);

        Assert.Equal(202, status);
        var job = Assert.Single(_durable.Started);
        Assert.Equal(2, (await Bench.ListAsync(job + "/")).Count);
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
    [InlineData("""null""", 400)]
    [InlineData("", 400)]
    public async Task Run_BadRequest_IsRefusedAndLeavesNothingBehind(string body, int expected)
    {
        var status = await SubmitAsync(body);

        Assert.Equal(expected, status);
        Assert.Empty(await Bench.ListAsync(""));
        Assert.Empty(_durable.Started);
    }

    private async Task<int> SubmitAsync(string body, string? key = null)
    {
        using var models = new ModelCatalog(
            new ConfigurationBuilder().AddInMemoryCollection([new("Models:model:Runner", "none")]).Build(), []);
        var submit = new SubmitJob(
            Bench.Blobs,
            new JobRequestReader(models),
            new IdempotencyKeys(Bench.Blobs, Bench.Time),
            new InputWriter(Bench.Blobs),
            new JobReader(new PageParts(Bench.Blobs), Bench.Time),
            Bench.Settings,
            Bench.Time);
        await using var services = new ServiceCollection().AddLogging().BuildServiceProvider();
        var context = new DefaultHttpContext { RequestServices = services };
        context.Request.ContentType = "application/json";
        context.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        if (key is not null)
        {
            context.Request.Headers["Idempotency-Key"] = key;
        }

        try
        {
            var result = await submit.Run(context.Request, _durable, Token).BoundedAsync();
            await result.ExecuteAsync(context);
            return context.Response.StatusCode;
        }
        catch (ProblemException refused)
        {
            return refused.Problem.Status;
        }
    }
}

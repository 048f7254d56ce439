using System.IO.Pipelines;
using System.Text;
using ModelJobs.Contracts;
using ModelJobs.Functions.Http;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Submit;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Submit;

public sealed class InputWriterTests(StorageEmulator storage) : FlowTest(storage)
{
    private const string Blob = "input";
    private const string TwoItems = "{\"input\":1}\n{\"input\":2}\n";

    [Fact]
    public async Task Write_Items_StoresThemInTheFormInWhichTheyTravel()
    {
        var stored = await WriteAsync("{\"id\":7,\"key\":\"k\",\"input\":[1],\"meta\":{\"row\":2}}\n\n{\"input\":null}");

        Assert.Equal((Blob, 2L), (stored.Name, stored.Items));
        Assert.Equal(
            "{\"index\":0,\"id\":\"7\",\"key\":\"k\",\"input\":[1],\"meta\":{\"row\":2}}\n{\"index\":1,\"id\":\"3\",\"input\":null}\n",
            await Bench.ReadTextAsync(Blob));
    }

    [Fact]
    public async Task Write_BadLineAfterBlocksWereSent_LeavesNothingBehind()
    {
        var line = $"{{\"input\":\"{new string('x', 900_000)}\"}}\n";
        var body = string.Concat(Enumerable.Repeat(line, 6)) + "{\"inptu\":1}\n";

        var refused = await Assert.ThrowsAsync<ProblemException>(() => WriteAsync(body));

        Assert.Equal(7, refused.Problem.Line);
        Assert.Empty(await Bench.ListAsync(Blob));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n \r\n")]
    public async Task Write_NoItems_IsRefusedAndLeavesNothingBehind(string body)
    {
        var refused = await Assert.ThrowsAsync<ProblemException>(() => WriteAsync(body));

        Assert.Equal(400, refused.Problem.Status);
        Assert.Empty(await Bench.ListAsync(Blob));
    }

    [Fact]
    public async Task Write_CallerGoesAway_LeavesNothingBehind()
    {
        using var gone = new CancellationTokenSource();
        var body = new Pipe();
        await body.Writer.WriteAsync(Encoding.UTF8.GetBytes(TwoItems), Token);
        var items = ItemLines.ReadAsync(body.Reader, gone.Token).Select(item =>
        {
            gone.Cancel();
            return item;
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => new InputWriter(Bench.Blobs, Bench.Inputs).WriteAsync(Blob, "model", new JobOptions(), items, gone.Token).BoundedAsync());

        Assert.Empty(await Bench.ListAsync(Blob));
    }

    [Fact]
    public async Task Write_SeveralBlocks_AreOneInput()
    {
        var stored = await WriteAsync(LargeItems(12));

        var lines = (await Bench.ReadTextAsync(Blob)).TrimEnd('\n').Split('\n');
        Assert.Equal(Enumerable.Range(0, 12).Select(index => $"{{\"index\":{index},"), lines.Select(line => line[..(line.IndexOf(',', StringComparison.Ordinal) + 1)]));
        Assert.Equal(12, stored.Items);
        Assert.True((await Bench.Blobs.Blob(Blob).GetBlockListAsync(cancellationToken: Token)).Value.CommittedBlocks.Count() > 1);
    }

    [Fact]
    public async Task Write_BadItemAfterABlock_LeavesNoBlockBehind()
    {
        await Assert.ThrowsAsync<ProblemException>(() => WriteAsync(LargeItems(12) + "no item"));

        Assert.Empty(await Bench.ListAsync(Blob));
        var blocks = await Assert.ThrowsAsync<Azure.RequestFailedException>(() => Bench.Blobs.Blob(Blob).GetBlockListAsync(cancellationToken: Token));
        Assert.Equal(404, blocks.Status);
    }

    [Theory]
    [InlineData(9200, 8, true)]
    [InlineData(9201, 9, false)]
    public async Task Write_ShortPlan_IsThatOfThePlan(int items, int pages, bool isShort)
    {
        var options = new JobOptions { ChunkItems = 1 };
        var stored = await WriteAsync(string.Concat(Enumerable.Repeat("{\"input\":1}\n", items)), options: options);

        var report = await new PlanJob(Bench.Blobs).Run(new PlanOrder(Job, Blob, items, 1), Token);

        Assert.Equal(pages, report.Pages);
        Assert.Equal(isShort, stored.Pages is not null);
        if (stored.Pages is not null)
        {
            Assert.Equal(await Task.WhenAll(Enumerable.Range(0, pages).Select(page => PagePlan.ReadAsync(Bench.Blobs, Job, page, Token))), stored.Pages);
        }
    }

    private static string LargeItems(int items) =>
        string.Concat(Enumerable.Range(0, items).Select(index => $"{{\"input\":\"{new string('x', 900_000)}{index}\"}}\n"));

    [Fact]
    public async Task Write_TheSameRequest_HasTheSameFingerprint() =>
        Assert.Equal(
            (await WriteAsync(TwoItems)).Fingerprint,
            (await WriteAsync(TwoItems.Replace(":", " : ", StringComparison.Ordinal))).Fingerprint);

    public static TheoryData<string, string, JobOptions> OtherRequests => new()
    {
        { TwoItems, "other model", new JobOptions() },
        { TwoItems, "model", new JobOptions { OrderByKey = true } },
        { TwoItems, "model", new JobOptions { ChunkItems = 7 } },
        { TwoItems, "model", new JobOptions { MaxConcurrency = 7 } },
        { "{\"input\":2}\n{\"input\":1}\n", "model", new JobOptions() },
        { "{\"input\":1}\n", "model", new JobOptions() },
        { "{\"input\":1}\n{\"input\":2,\"meta\":1}\n", "model", new JobOptions() },
        { "{\"input\":1}\n{\"input\":2,\"key\":\"k\"}\n", "model", new JobOptions() },
        { "{\"input\":1}\n{\"input\":2,\"id\":\"i\"}\n", "model", new JobOptions() },
    };

    [Theory]
    [MemberData(nameof(OtherRequests), DisableDiscoveryEnumeration = true)]
    public async Task Write_AnotherRequest_HasAnotherFingerprint(string body, string model, JobOptions options) =>
        Assert.NotEqual((await WriteAsync(TwoItems)).Fingerprint, (await WriteAsync(body, model, options)).Fingerprint);

    private Task<StoredInput> WriteAsync(string body, string model = "model", JobOptions? options = null)
    {
        var items = ItemLines.ReadAsync(PipeReader.Create(new MemoryStream(Encoding.UTF8.GetBytes(body))), Token);
        return new InputWriter(Bench.Blobs, Bench.Inputs).WriteAsync(Blob, model, options ?? new JobOptions(), items, Token).BoundedAsync();
    }
}

using System.IO.Pipelines;
using System.Text;
using ModelJobs.Contracts;
using ModelJobs.Functions.Http;
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
            () => new InputWriter(Bench.Blobs).WriteAsync(Blob, "model", new JobOptions(), items, gone.Token).BoundedAsync());

        Assert.Empty(await Bench.ListAsync(Blob));
    }

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
        return new InputWriter(Bench.Blobs).WriteAsync(Blob, model, options ?? new JobOptions(), items, Token).BoundedAsync();
    }
}

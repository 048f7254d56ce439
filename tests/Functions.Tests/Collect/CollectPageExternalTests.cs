using System.Text;
using System.Text.Json;
using Azure.Messaging.ServiceBus;
using ModelJobs.Contracts;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Process;
using ModelJobs.Functions.Storage;
using ModelJobs.Functions.Tests.Dispatch;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Collect;

/// <summary>Pages whose chunks external workers run. Chunk n of the page has the items 2n and 2n + 1.</summary>
public sealed class CollectPageExternalTests(StorageEmulator storage) : FlowTest(storage)
{
    private static readonly PageReport AllSucceeded = new(0, Succeeded: ExternalBench.Items, Failed: 0, Canceled: 0, Complete: true);

    private ExternalBench Page => field ??= new ExternalBench(Bench);

    [Fact]
    public async Task Run_EveryChunkAnsweredInAnyOrder_TakesNamesFromTheStoredItems()
    {
        await Page.DispatchAsync();
        await Page.AnswerWellAsync(2);
        await Page.AnswerAsync(0, """{"results":[{"index":1,"id":"no","output":"b"},{"index":0,"key":"no","meta":"no","output":"a"}]}""");
        await Page.AnswerWellAsync(1);

        Assert.Equal(AllSucceeded, await Page.CollectAsync());

        var lines = await Page.LinesAsync();
        Assert.Equal(
            Enumerable.Range(0, ExternalBench.Items).Select(i => ((long)i, $"i{i}", $"k{i}", $"input {i}")),
            lines.Select(line => (line.Index, line.Id, line.Key!, line.Meta!.Value.GetString()!)));
        Assert.Equal(["a", "b", "out", "out", "out", "out"], lines.Select(line => line.Output?.GetString()));
        Assert.Empty(await Bench.PeekAsync(Queues.Results));
    }

    [Fact]
    public async Task Run_AnswerBreaksTheContract_FailsTheChunkAndTakesTheOthers()
    {
        await Page.DispatchAsync();
        await Page.AnswerWellAsync(0);
        await Page.AnswerAsync(1, """{"results":[{"index":0,"output":1},{"index":1,"output":1}]}""");
        await Page.AnswerWellAsync(2);

        Assert.Equal(AllSucceeded with { Succeeded = 4, Failed = 2 }, await Page.CollectAsync());

        var failed = (await Page.LinesAsync()).Where(line => line.Status == ItemStatus.Failed).ToList();
        Assert.Equal([("i2", "k2", "invalid_answer"), ("i3", "k3", "invalid_answer")], failed.Select(line => (line.Id, line.Key, line.Error?.Code)));
        Assert.Contains("no item of index 0; its items have 2 to 3", failed[0].Error?.Message, StringComparison.Ordinal);
        Assert.Equal("input 2", failed[0].Meta?.GetString());
        Assert.Empty(await Bench.PeekAsync(Queues.Results));
        Assert.Empty(await Bench.PeekAsync(Queues.Results + Queues.DeadLetter));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("job-0123456789abcdef0123456789abcdef/0/3")]
    [InlineData("job-0123456789abcdef0123456789abcdef/0/-1")]
    [InlineData("job-0123456789abcdef0123456789abcdef/0/1/1")]
    [InlineData("job-0123456789abcdef0123456789abcdef/0/99999999999")]
    [InlineData("job-0123456789abcdef0123456789abcdef/1/1")]
    [InlineData("job-ffffffffffffffffffffffffffffffff/0/1")]
    public async Task Run_CorrelatedToNoChunkOfThePage_DeadLettersItAndCollectsTheRest(string? correlation)
    {
        await Page.DispatchAsync();
        await Page.SendAsync(new ServiceBusMessage("""{"results":[{"index":2,"output":"stray"},{"index":3,"output":"stray"}]}""")
        {
            MessageId = "stray",
            CorrelationId = correlation,
            SessionId = Queues.PageSession(Job, 0),
        });
        await AnswerAllAsync();

        Assert.Equal(AllSucceeded, await Page.CollectAsync());

        Assert.All(await Page.LinesAsync(), line => Assert.Equal("out", line.Output?.GetString()));
        var dead = Assert.Single(await Bench.PeekAsync(Queues.Results + Queues.DeadLetter));
        Assert.Equal(("stray", "UnreadableResult"), (dead.MessageId, dead.DeadLetterReason));
    }

    [Theory]
    [InlineData("""{"results":[{"index":2,"output":"other"},{"index":3,"output":"other"}]}""")]
    [InlineData("not json")]
    public async Task Run_SecondAnswerOfAnyContent_CountsTheFirst(string second)
    {
        await Page.DispatchAsync();
        await Page.AnswerWellAsync(1);
        await Page.AnswerAsync(1, second, messageId: "again");
        await Page.AnswerWellAsync(0);
        await Page.AnswerWellAsync(2);

        Assert.Equal(AllSucceeded, await Page.CollectAsync());

        Assert.All(await Page.LinesAsync(), line => Assert.Equal("out", line.Output?.GetString()));
        Assert.Empty(await Bench.PeekAsync(Queues.Results));
    }

    [Fact]
    public async Task Run_SecondAnswerAfterTheFirstIsCommitted_CountsTheFirst()
    {
        await Page.DispatchAsync();
        await Page.AnswerWellAsync(1);
        Assert.False((await Page.CollectAsync()).Complete);
        await Page.AnswerAsync(1, "not json", messageId: "again");
        await Page.AnswerWellAsync(0);
        await Page.AnswerWellAsync(2);

        Assert.Equal(AllSucceeded, await Page.CollectAsync());
        Assert.Empty(await Bench.PeekAsync(Queues.Results));
    }

    [Fact]
    public async Task Run_ResultsInTheChunksBlob_ReadsThem()
    {
        await Page.DispatchAsync();
        await Page.AnswerWellAsync(0);
        await Page.AnswerWellAsync(2);
        var lines = """
            {"index":2,"output":"long"}
            {"index":3,"output":"long"}

            """;
        await AnswerByBlobAsync(1, "xx" + lines, new BlobRange(AnswerBlob(1) + "by-worker.7", 2, lines.Length));

        Assert.Equal(AllSucceeded, await Page.CollectAsync());
        Assert.Equal(["out", "out", "long", "long", "out", "out"], (await Page.LinesAsync()).Select(line => line.Output?.GetString()));
    }

    [Theory]
    [InlineData("a", 0, 10, "does not have the bytes")] // there is no such blob
    [InlineData("stored", 500, 10, "does not have the bytes")]
    [InlineData("stored", 0, 500, "bytes at offset 0 where 500 were expected")]
    [InlineData("stored", 0, 5, "")] // cut within a line
    [InlineData("stored", 0, 0, "item 2 has no result")]
    [InlineData("stored", 0, 54, "more than 2 lines")]
    public async Task Run_BlobIsNotWhatTheAnswerSays_FailsTheChunk(string name, int offset, int length, string reason)
    {
        await Page.DispatchAsync();
        await Page.AnswerWellAsync(0);
        await Page.AnswerWellAsync(2);
        await Bench.StoreAsync(AnswerBlob(1) + "stored", Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"index\":2,\"output\":1}\n", 3))));

        await AnswerByBlobAsync(1, null, new BlobRange(AnswerBlob(1) + name, offset, length));

        Assert.Equal(AllSucceeded with { Succeeded = 4, Failed = 2 }, await Page.CollectAsync());
        var error = (await Page.LinesAsync())[2].Error;
        Assert.Equal("invalid_answer", error?.Code);
        Assert.Contains(reason, error?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_BlobOfTheAppItself_IsNotRead()
    {
        await Page.DispatchAsync();
        await Page.AnswerWellAsync(0);
        await Page.AnswerWellAsync(2);
        const string Secret = "{\"index\":2,\"output\":\"secret\"}\n{\"index\":3,\"output\":\"secret\"}\n";
        await AnswerByBlobAsync(1, Secret, new BlobRange("another/output.jsonl", 0, Secret.Length));

        Assert.Equal(AllSucceeded with { Succeeded = 4, Failed = 2 }, await Page.CollectAsync());
        Assert.Contains("the name of its blob must be", (await Page.LinesAsync())[2].Error?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WorkerNeverAnswersAndItsLockExpires_FailsTheItemThatIsToBlameAlone()
    {
        await Page.DispatchAsync();
        await Page.AnswerWellAsync(1);
        await Page.AnswerWellAsync(2);
        await FallSilentAsync(Samples.Chunk(0).ToString());
        await using var worker = Bench.Client.CreateReceiver(Queues.ExternalChunks);
        await worker.CompleteMessageAsync((await worker.ReceiveMessageAsync(cancellationToken: Token).BoundedAsync())!, Token);
        await worker.CompleteMessageAsync((await worker.ReceiveMessageAsync(cancellationToken: Token).BoundedAsync())!, Token);
        Assert.Equal(AllSucceeded with { Succeeded = 4, Complete = false }, await Page.CollectAsync());

        await Page.RecoverAsync();
        var half = await worker.ReceiveMessageAsync(cancellationToken: Token).BoundedAsync();
        Assert.Equal((Samples.Chunk(0) + "/0-1", 1), (half!.CorrelationId, half.ApplicationProperties[WorkerContract.VersionProperty]));
        Assert.Equal([0], ChunkItems.Read(half).Items!.Select(item => item.Index));
        await Page.SendAsync(new ServiceBusMessage("""{"results":[{"index":0,"output":"out"}]}""")
        {
            CorrelationId = half.CorrelationId,
            SessionId = half.ReplyToSessionId,
            MessageId = half.MessageId,
        });
        await worker.CompleteMessageAsync(half, Token);
        await FallSilentAsync(Samples.Chunk(0) + "/1-1");
        await Page.RecoverAsync();

        Assert.Equal(AllSucceeded with { Succeeded = 5, Failed = 1 }, await Page.CollectAsync());
        var failed = (await Page.LinesAsync())[1];
        Assert.Equal((1, "worker_lost", 10), (failed.Index, failed.Error?.Code, failed.Attempts));
        Assert.Equal(Job, Assert.Single(await Bench.PeekAsync(Queues.Parked)).SessionId);
    }

    [Fact]
    public async Task Run_ChunkTooLargeToTravelIsHalved_EachHalfNamesItsOwnBytes()
    {
        await Page.DispatchAsync(filler: 40_000);
        await FallSilentAsync(Samples.Chunk(0).ToString());

        await Page.RecoverAsync();

        var pieces = (await Bench.PeekAsync(Queues.ExternalChunks)).Where(message => message.CorrelationId?.Split('/').Length == 4).ToList();
        Assert.Equal([Samples.Chunk(0) + "/0-1", Samples.Chunk(0) + "/1-1"], pieces.Select(piece => piece.CorrelationId));
        var items = new ChunkItems(Bench.Blobs);
        foreach (var (index, piece) in pieces.Index())
        {
            Assert.Equal([index], (await items.LoadAsync(ChunkItems.Read(piece), Token)).Select(item => item.Index));
        }
    }

    [Fact]
    public async Task Run_NonsenseUnderTheChunksIdBeforeItIsGivenUp_DoesNotKeepTheRecoverysAnswerOut()
    {
        await Page.DispatchAsync();
        await using (var worker = Bench.Client.CreateReceiver(Queues.ExternalChunks))
        {
            var chunk = await worker.ReceiveMessageAsync(cancellationToken: Token).BoundedAsync();
            await Page.SendAsync(new ServiceBusMessage("nonsense") { MessageId = chunk!.MessageId, SessionId = "nobody's" });
            await worker.DeadLetterMessageAsync(chunk, "OutOfMemory", "The worker's own words.", Token);
        }

        await Page.RecoverAsync();
        await Page.AnswerWellAsync(1);
        await Page.AnswerWellAsync(2);

        Assert.Equal(AllSucceeded with { Succeeded = 4, Failed = 2 }, await Page.CollectAsync());
        Assert.Contains("OutOfMemory. The worker's own words.", (await Page.LinesAsync())[0].Error?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ChunkTooLargeToTravelIsGivenUp_FailsItsItems()
    {
        await Page.DispatchAsync(filler: 40_000);
        await using (var worker = Bench.Client.CreateReceiver(Queues.ExternalChunks))
        {
            var message = await worker.ReceiveMessageAsync(cancellationToken: Token).BoundedAsync();
            Assert.NotNull(ChunkItems.Read(message!).Blob);
            await worker.DeadLetterMessageAsync(message!, "Broken", cancellationToken: Token);
        }

        await Page.RecoverAsync();
        await Page.AnswerWellAsync(1);
        await Page.AnswerWellAsync(2);

        Assert.Equal(AllSucceeded with { Succeeded = 4, Failed = 2 }, await Page.CollectAsync());
    }

    [Fact]
    public async Task Run_StoredPageIsDamaged_ThrowsAndKeepsTheAnswers()
    {
        await Page.DispatchAsync();
        await AnswerAllAsync();
        await Bench.StoreAsync(DispatchBench.Input, Encoding.UTF8.GetBytes(new string('x', 2000)));

        await Assert.ThrowsAsync<InvalidOperationException>(Page.CollectAsync);

        Assert.Equal(3, (await Bench.PeekAsync(Queues.Results)).Count);
        Assert.Empty(await Bench.PeekAsync(Queues.Results + Queues.DeadLetter));
    }

    private static string AnswerBlob(int chunk) => JobBlobs.ChunkResults(Samples.Chunk(chunk));

    /// <summary>Takes the next chunk as often as it comes, and never answers.</summary>
    private async Task FallSilentAsync(string chunk)
    {
        await using var worker = Bench.Client.CreateReceiver(Queues.ExternalChunks);
        for (var delivery = 1; delivery <= 5; delivery++)
        {
            var message = await worker.ReceiveMessageAsync(cancellationToken: Token).BoundedAsync();
            Assert.Equal((chunk, delivery), (message!.CorrelationId, message.DeliveryCount));
            Bench.Time.Advance(TimeSpan.FromMinutes(1.1));
        }
    }

    private async Task AnswerAllAsync()
    {
        for (var chunk = 0; chunk < ExternalBench.Chunks; chunk++)
        {
            await Page.AnswerWellAsync(chunk);
        }
    }

    private async Task AnswerByBlobAsync(int chunk, string? content, BlobRange blob)
    {
        if (content is not null)
        {
            await Bench.StoreAsync(blob.Name, Encoding.UTF8.GetBytes(content));
        }

        await Page.AnswerAsync(chunk, JsonSerializer.Serialize(new WorkerAnswer { Blob = blob }, ContractsJson.Wire.WorkerAnswer));
    }
}

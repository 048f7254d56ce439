using System.Text.Json;
using Azure.Messaging.ServiceBus;
using ModelJobs.Contracts;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Process.Runners;
using ModelJobs.Functions.Storage;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Process;

public sealed class ProcessChunkTests(StorageEmulator storage) : FlowTest(storage)
{
    private ProcessBench Consumer => field ??= new ProcessBench(Bench);

    [Fact]
    public async Task Run_Chunk_AnswersToItsPageAndCompletesItsMessage()
    {
        await Consumer.SendAsync(ProcessBench.Chunk(3, items: [Samples.Item(6), Samples.Item(7)]));

        await Consumer.ProcessAsync();

        var message = Assert.Single(await Bench.PeekAsync(Queues.Results));
        Assert.Equal(($"{Job}/0/3", $"{Job}/0/3", $"{Job}/0"), (message.MessageId, message.CorrelationId, message.SessionId));
        var answer = Assert.Single(await Consumer.AnswersAsync());
        Assert.Equal(Samples.Chunk(3), answer.Id);
        Assert.Equal(
            [(6, "i6", ItemStatus.Succeeded), (7, "i7", ItemStatus.Succeeded)],
            answer.Results!.Select(result => (result.Index, result.Id, result.Status)));
        Assert.Empty(await Bench.PeekAsync(Queues.Chunks));
    }

    [Fact]
    public async Task Run_AnyChunk_AnswersBeforeItCompletes()
    {
        // The message's lock ends while the model runs: the answer is out, and the chunk comes again.
        await Consumer.SendAsync(ProcessBench.Chunk(items: Samples.Item(0)));
        Consumer.WhileRunning = () =>
        {
            Bench.Time.Advance(TimeSpan.FromMinutes(2));
            return Task.CompletedTask;
        };

        var lost = await Assert.ThrowsAsync<ServiceBusException>(() => Consumer.ProcessAsync());

        Assert.Equal(ServiceBusFailureReason.MessageLockLost, lost.Reason);
        Assert.Single(await Bench.PeekAsync(Queues.Results));
        Assert.Single(await Bench.PeekAsync(Queues.Chunks));
    }

    [Fact]
    public async Task Run_DeliveredAgainAfterItsAnswer_AnswersOnce()
    {
        await Consumer.SendAsync(ProcessBench.Chunk(items: Samples.Item(0)));
        await Bench.Results.SendAsync(Samples.Chunk(0), [Samples.Succeeded(0)], Token);

        await Consumer.ProcessAsync();

        Assert.Single(await Bench.PeekAsync(Queues.Results));
        Assert.Empty(await Bench.PeekAsync(Queues.Chunks));
    }

    [Fact]
    public async Task Run_ItemsInStorage_RunsOnThem()
    {
        var lines = Samples.Lines([Samples.Item(0), Samples.Item(1)]);
        await Bench.StoreAsync("input", lines);
        await Consumer.SendAsync(ProcessBench.Chunk() with { ItemCount = 2, Items = null, Blob = new BlobRange("input", 0, lines.Length) });

        await Consumer.ProcessAsync();

        Assert.Equal(["i0", "i1"], Consumer.Ran);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("null")]
    [InlineData("""{"id":{"job":"j","page":0,"chunk":0},"model":"model","itemCount":1}""")]
    [InlineData("""{"id":{"job":"j","page":0,"chunk":0},"model":"model","itemCount":2,"items":[{"index":0,"id":"a","input":1}]}""")]
    public async Task Run_Unreadable_DeadLettersItWithTheReason(string body)
    {
        await Bench.SendAsync(Queues.Chunks, new ServiceBusMessage(body) { MessageId = "stray" });

        await Consumer.ProcessAsync();

        var dead = Assert.Single(await Bench.PeekAsync(Queues.Chunks + Queues.DeadLetter));
        Assert.Equal("UnreadableChunk", dead.DeadLetterReason);
        Assert.False(string.IsNullOrEmpty(dead.DeadLetterErrorDescription));
        Assert.Empty(await Bench.PeekAsync(Queues.Results));
        Assert.Empty(Consumer.Ran);
    }

    [Fact]
    public async Task Run_ResultsTooLargeToTravel_AnswersWithAClaimCheck()
    {
        Consumer.Answer = item => ItemOutcome.Succeeded(JsonSerializer.SerializeToElement(new string((char)('a' + (int)item.Index), 40_000)));
        await Consumer.SendAsync(ProcessBench.Chunk(items: [Samples.Item(0), Samples.Item(1)]));

        await Consumer.ProcessAsync();

        var answer = Assert.Single(await Consumer.AnswersAsync());
        Assert.Null(answer.Results);
        var lines = await Bench.Blobs.ReadAsync(answer.Blob!.Name, answer.Blob.Offset, answer.Blob.Length, Token);
        var results = NdjsonLines.Parse(lines, ContractsJson.Wire.ItemResult);
        Assert.Equal([new string('a', 40_000), new string('b', 40_000)], results.Select(result => result.Output?.GetString()));
    }

    [Fact]
    public async Task Run_AnswerAtTheLimit_FitsAMessage()
    {
        // The envelope of the results takes less than 1,000 bytes.
        Consumer.Answer = _ => ItemOutcome.Succeeded(JsonSerializer.SerializeToElement(new string('y', JobLimits.MaxInlineBytes - 1000)));
        await Consumer.SendAsync(ProcessBench.Chunk(items: Samples.Item(0)));

        await Consumer.ProcessAsync();

        Assert.NotNull(Assert.Single(await Consumer.AnswersAsync()).Results);
    }
}

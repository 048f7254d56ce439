using System.Text.Json;
using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using ModelJobs.Contracts;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Process;
using ModelJobs.Functions.Recover;
using ModelJobs.Functions.Tests.Process;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Recover;

public sealed class RecoverDeadLetterTests(StorageEmulator storage) : FlowTest(storage)
{
    private const int MaxDeliveries = 5;
    private const string DeadChunks = Queues.Chunks + Queues.DeadLetter;

    private ProcessBench Chunks => field ??= new ProcessBench(Bench);

    [Fact]
    public async Task RecoverChunk_MoreThanOneItem_HalvesIt()
    {
        await Chunks.SendAsync(ProcessBench.Chunk(2, items: [Samples.Item(4), Samples.Item(5), Samples.Item(6)]) with { Attempts = 2 });
        await Chunks.LoseAsync(times: MaxDeliveries);

        await Chunks.RecoverAsync();

        var halves = await Chunks.ChunksAsync(Queues.Chunks);
        Assert.Equal(["0", "1 2"], halves.Select(half => string.Join(' ', half.Only!)));
        Assert.Equal(["4", "5 6"], halves.Select(half => string.Join(' ', half.Items!.Select(item => item.Index))));
        Assert.All(halves, half => Assert.Equal((Samples.Chunk(2), half.Only!.Count, 7), (half.Id, half.ItemCount, half.Attempts)));
        Assert.All(halves.Select(half => Assert.Single(half.History!)), record => Assert.Equal(
            (Bench.Time.GetUtcNow(), "MaxDeliveryCountExceeded", MaxDeliveries, 3), (record.At, record.Reason, record.Deliveries, record.Items)));
        Assert.Empty(await Chunks.AnswersAsync());
        Assert.Empty(await Bench.PeekAsync(DeadChunks));
    }

    [Fact]
    public async Task RecoverExpressChunk_MoreThanOneItem_HalvesItOnItsWay()
    {
        await Chunks.SendAsync(ProcessBench.Chunk(items: [Samples.Item(0), Samples.Item(1)]) with { Express = true });
        await Chunks.LoseAsync(Queues.ExpressChunks, MaxDeliveries);

        await Chunks.RecoverAsync(Queues.ExpressChunks);

        Assert.Equal(["0", "1"], (await Chunks.ChunksAsync(Queues.ExpressChunks)).Select(half => string.Join(' ', half.Only!)));
        Assert.Empty(await Bench.PeekAsync(Queues.Chunks));
        Assert.Empty(await Bench.PeekAsync(Queues.ExpressChunks + Queues.DeadLetter));
    }

    [Fact]
    public async Task RecoverChunk_TwiceForOneDeadLetter_SendsTheHalvesOnce()
    {
        await Chunks.SendAsync(ProcessBench.Chunk(items: [Samples.Item(0), Samples.Item(1)]));
        await Chunks.LoseAsync(times: MaxDeliveries);
        await using (var receiver = Bench.Client.CreateReceiver(DeadChunks))
        {
            var message = await receiver.ReceiveMessageAsync(cancellationToken: Token).BoundedAsync();
            await Assert.ThrowsAsync<IOException>(() => Chunks.Recover.RecoverChunk(message!, new CrashingActions(), Token).BoundedAsync());
            await receiver.AbandonMessageAsync(message!, cancellationToken: Token);
        }

        await Chunks.RecoverAsync();

        Assert.Equal(2, (await Bench.PeekAsync(Queues.Chunks)).Count);
    }

    [Fact]
    public async Task RecoverChunk_PieceOfStoredItems_IsHalvedByPosition()
    {
        var lines = Samples.Lines([.. Enumerable.Range(0, 4).Select(i => Samples.Item(i))]);
        await Bench.StoreAsync("input", lines);
        await Chunks.SendAsync(
            ProcessBench.Chunk() with { ItemCount = 2, Items = null, Blob = new BlobRange("input", 0, lines.Length), Only = [1, 3] });
        await Chunks.DeadLetterAsync("WorkerLost");

        await Chunks.RecoverAsync();

        Assert.Equal(["1", "3"], (await Chunks.ChunksAsync(Queues.Chunks)).Select(half => string.Join(' ', half.Only!)));
    }

    [Theory]
    [InlineData(8, 3)]
    [InlineData(50, 0)]
    [InlineData(37, 36)]
    public async Task RecoverChunk_OneItemKillsItsWorkers_AllOthersSucceed(int items, int poison)
    {
        await Chunks.SendAsync(ProcessBench.Chunk(items: [.. Enumerable.Range(0, items).Select(i => Samples.Item(i))]));

        var kills = await Chunks.ProcessAllAsync(chunk => chunk.Items!.Any(item => item.Index == poison));

        var results = (await Chunks.ResultsAsync()).DistinctBy(result => result.Index).ToList();
        Assert.Equal(items, results.Count);
        Assert.Equal([poison], results.Where(result => result.Status != ItemStatus.Succeeded).Select(result => (int)result.Index));
        var failed = results[poison];
        Assert.Equal((ItemStatus.Failed, "worker_lost"), (failed.Status, failed.Error?.Code));
        Assert.Contains($"{Suspects.MaxTries} times", failed.Error?.Message, StringComparison.Ordinal);
        Assert.True(failed.Attempts >= kills);
        // Five deliveries of the whole, one for each halving, five alone.
        Assert.InRange(kills, MaxDeliveries + 1, MaxDeliveries + Suspects.MaxTries + 7);
        var parked = Assert.Single(await Bench.PeekAsync(Queues.Parked));
        Assert.Equal((Job, "worker_lost"), (parked.SessionId, parked.ApplicationProperties["modeljobs-code"]));
        var body = JsonSerializer.Deserialize(parked.Body, PoisonJson.Wire.Poison)!;
        Assert.Equal((poison, "model", failed.Attempts), (body.Item!.Index, body.Model, body.Result.Attempts));
        Assert.Equal(failed.History!.Count, body.Result.History!.Count);
        Assert.Empty(await Bench.PeekAsync(Queues.Chunks));
    }

    [Fact]
    public async Task RecoverChunk_ItemThatWasLostBesideAKiller_RunsInTheEnd()
    {
        await Chunks.SendAsync(ProcessBench.Suspect(ProcessBench.Chunk(items: Samples.Item(0))));
        // Its worker had it, and had not begun it when it was killed by another.
        await Chunks.LoseAsync(times: MaxDeliveries);
        await Chunks.RecoverAsync();

        await Chunks.ProcessAsync();

        Assert.Equal(ItemStatus.Succeeded, Assert.Single(await Chunks.ResultsAsync()).Status);
        Assert.Empty(await Bench.PeekAsync(Queues.Parked));
    }

    [Fact]
    public async Task RecoverChunk_ItemThatIsLostForever_IsGivenUp()
    {
        var record = new DeliveryRecord(default, "MaxDeliveryCountExceeded", 5, 1);
        await Chunks.SendAsync(ProcessBench.Chunk(items: Samples.Item(0)) with
        {
            History = [.. Enumerable.Repeat(record, RecoverDeadLetter.MaxHistory - 1)],
        });
        await Chunks.DeadLetterAsync("WorkerLost");

        await Chunks.RecoverAsync();

        Assert.Equal("worker_lost", Assert.Single(await Chunks.ResultsAsync()).Error?.Code);
    }

    [Fact]
    public async Task RecoverChunk_ItemWasBegunAndEndedBetween_StartsItsTriesAnew()
    {
        var chunk = ProcessBench.Suspect(ProcessBench.Chunk(items: Samples.Item(0)));
        await Chunks.SendAsync(chunk);
        await Chunks.KillAsync();
        await Chunks.KillAsync();
        await Chunks.ProcessAsync();
        using var suspects = new Suspects(Bench.Blobs);

        Assert.Equal(0, await suspects.TriesAsync(chunk.Id, 0, Token));
    }

    [Fact]
    public async Task RecoverChunk_SomebodyHasGivenUpAnItem_FailsItWithTheirWords()
    {
        await Chunks.SendAsync(ProcessBench.Chunk(items: Samples.Item(0)));
        await Chunks.DeadLetterAsync("Odd", "I do not like it.");

        await Chunks.RecoverAsync();

        var result = Assert.Single(await Chunks.ResultsAsync());
        Assert.Equal((ItemStatus.Failed, "dead_lettered"), (result.Status, result.Error?.Code));
        Assert.Contains("Odd. I do not like it.", result.Error?.Message, StringComparison.Ordinal);
        Assert.Single(await Bench.PeekAsync(Queues.Parked));
    }

    [Fact]
    public async Task RecoverChunk_PoisonTooLargeToTravel_IsParkedWithoutItsInput()
    {
        await Chunks.SendAsync(ProcessBench.Chunk(items: Samples.Item(0, filler: 70_000)));
        await Chunks.DeadLetterAsync("Odd");

        await Chunks.RecoverAsync();

        var body = JsonSerializer.Deserialize(Assert.Single(await Bench.PeekAsync(Queues.Parked)).Body, PoisonJson.Wire.Poison)!;
        Assert.Equal((null, 0L), (body.Item, body.Result.Index));
    }

    [Fact]
    public async Task RecoverChunk_HadAnsweredBeforeItWasGivenUp_KeepsThatAnswer()
    {
        await Chunks.SendAsync(ProcessBench.Chunk(items: Samples.Item(0)));
        await Bench.Results.SendAsync(Samples.Chunk(0), [Samples.Succeeded(0)], Token);
        await Chunks.DeadLetterAsync("Odd");

        await Chunks.RecoverAsync();

        Assert.Equal(ItemStatus.Succeeded, Assert.Single(await Chunks.ResultsAsync()).Status);
    }

    [Fact]
    public async Task RecoverChunk_Expired_IsSentAgainWholeOnce()
    {
        await Chunks.SendAsync(ProcessBench.Chunk(items: [Samples.Item(0), Samples.Item(1)]));
        Bench.Time.Advance(TimeSpan.FromDays(15));
        await Chunks.RecoverAsync();
        var again = Assert.Single(await Chunks.ChunksAsync(Queues.Chunks));
        Assert.Equal((2, null, null), (again.ItemCount, again.History, again.Only));
        Bench.Time.Advance(TimeSpan.FromDays(15));

        await Chunks.RecoverAsync();

        Assert.Equal(2, (await Chunks.ChunksAsync(Queues.Chunks)).Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Recover_JobIsPausedOrOn_DropsTheChunk(bool ordered)
    {
        var queue = ordered ? Queues.OrderedChunks : Queues.Chunks;
        await Chunks.SendAsync(ordered ? ProcessBench.LaneChunk(1) : ProcessBench.Chunk(items: Samples.Item(0)));
        await Chunks.DeadLetterAsync("WorkerLost", queue: queue);
        await Chunks.ControlAsync(control => ordered ? control.Pause() : control.SendAgain(0));

        await Chunks.RecoverAsync(queue);

        Assert.Empty(await Bench.PeekAsync(queue));
        Assert.Empty(await Bench.PeekAsync(queue + Queues.DeadLetter));
        Assert.Empty(await Bench.PeekAsync(Queues.Parked));
        Assert.Empty(await Chunks.AnswersAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Recover_JobIsStopped_AnswersThatTheItemsWereNotRun(bool ordered)
    {
        var queue = ordered ? Queues.OrderedChunks : Queues.Chunks;
        await Chunks.SendAsync(ordered ? ProcessBench.LaneChunk(1) : ProcessBench.Chunk(items: [Samples.Item(0), Samples.Item(1)]));
        await Chunks.DeadLetterAsync("WorkerLost", queue: queue);
        await Chunks.ControlAsync(control => control.Stop(new JobError("canceled", "Somebody did.")));

        await Chunks.RecoverAsync(queue);

        Assert.All(await Chunks.ResultsAsync(), result => Assert.Equal((ItemStatus.Canceled, "canceled"), (result.Status, result.Error?.Code)));
        Assert.Equal(ordered ? 1 : 2, (await Chunks.ResultsAsync()).Count);
        Assert.Empty(await Bench.PeekAsync(queue));
    }

    [Fact]
    public async Task RecoverOrderedChunk_GivenUp_GoesBackIntoItsLaneWithItsHistory()
    {
        var chunk = ProcessBench.LaneChunk(1, last: true);
        await Chunks.SendAsync(chunk);
        await Chunks.LoseAsync(Queues.OrderedChunks, MaxDeliveries);

        await Chunks.RecoverAsync(Queues.OrderedChunks);

        Assert.Empty(await Chunks.AnswersAsync());
        Assert.Empty(await Bench.PeekAsync(Queues.OrderedChunks + Queues.DeadLetter));
        var message = Assert.Single(await Bench.PeekAsync(Queues.OrderedChunks));
        Assert.Equal((Queues.LaneSession(Job, ProcessBench.Lane), chunk.Id.ToString()), (message.SessionId, message.CorrelationId));
        var back = ChunkItems.Read(message);
        Assert.Equal((chunk.Id, chunk.Lane, 1, null), (back.Id, back.Lane, back.History?.Count, back.Only));
    }

    [Fact]
    public async Task RecoverOrderedChunk_GivenUp_LetsItsLaneMoveOn()
    {
        await Chunks.SendAsync(ProcessBench.LaneChunk(1));
        await Chunks.SendAsync(ProcessBench.LaneChunk(2));
        await Chunks.LoseAsync(Queues.OrderedChunks, MaxDeliveries);

        await Chunks.ProcessLaneAsync();
        await Chunks.RecoverAsync(Queues.OrderedChunks);
        await Chunks.ProcessLaneAsync();
        Bench.Time.Advance(Bench.Settings.LaneHold);
        await Chunks.ProcessLaneAsync();

        Assert.Equal(["i0", "i1"], Chunks.Ran);
        Assert.Equal(2, await Chunks.FinishedAsync());
    }

    [Theory]
    [InlineData("job-0123456789abcdef0123456789abcdef/0/0", "job-0123456789abcdef0123456789abcdef")]
    [InlineData("job-1/0/0", "unknown")]
    [InlineData("", "unknown")]
    [InlineData(null, "unknown")]
    public async Task RecoverChunk_Unreadable_IsParkedUnderItsJob(string? correlation, string session)
    {
        await Bench.SendAsync(Queues.Chunks, new ServiceBusMessage("not json") { MessageId = "stray", CorrelationId = correlation });
        await Chunks.DeadLetterAsync("UnreadableChunk", "It is no JSON.");

        await Chunks.RecoverAsync();

        var parked = Assert.Single(await Bench.PeekAsync(Queues.Parked));
        Assert.Equal(("stray", session, "not json"), (parked.MessageId, parked.SessionId, parked.Body.ToString()));
        Assert.Equal(
            ("UnreadableChunk", "It is no JSON."),
            (parked.ApplicationProperties["modeljobs-reason"], parked.ApplicationProperties["modeljobs-description"]));
        Assert.Empty(await Bench.PeekAsync(DeadChunks));
    }

    [Fact]
    public async Task RecoverChunk_CorrelationTooLongForASession_IsParked()
    {
        await Bench.SendAsync(Queues.Chunks, new ServiceBusMessage("not json") { MessageId = "stray", CorrelationId = new string('x', 500) });
        await Chunks.DeadLetterAsync("UnreadableChunk");

        await Chunks.RecoverAsync();

        Assert.Single(await Bench.PeekAsync(Queues.Parked));
    }

    [Theory]
    [InlineData("gone", 0)]
    [InlineData("short", 100)]
    public async Task RecoverChunk_StoredItemsAreGone_IsParked(string blob, long offset)
    {
        await Bench.StoreAsync("short", Samples.Lines([Samples.Item(0)]).AsMemory(0, 10));
        await Chunks.SendAsync(ProcessBench.Chunk() with { ItemCount = 1, Items = null, Blob = new BlobRange(blob, offset, 20) });
        await Chunks.DeadLetterAsync("MaxDeliveryCountExceeded");

        await Chunks.RecoverAsync();

        Assert.Equal(Job, Assert.Single(await Bench.PeekAsync(Queues.Parked)).SessionId);
        Assert.Empty(await Bench.PeekAsync(DeadChunks));
    }

    private sealed class CrashingActions : ServiceBusMessageActions
    {
        public override Task CompleteMessageAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken = default) =>
            throw new IOException("The host died.");
    }
}

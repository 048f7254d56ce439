using ModelJobs.Contracts;
using ModelJobs.EndToEnd.Tests.Support;

namespace ModelJobs.EndToEnd.Tests.External;

/// <summary>
/// Workers whose answers break the contract. Each job has three chunks of two items; the answer for the second one, with the items 2 and
/// 3, is nonsense, and its items fail with the reason at once.
/// </summary>
public sealed class NonsenseTests(NonsenseApp shared) : IClassFixture<NonsenseApp>
{
    private static readonly string TooDeep = new string('[', 200) + new string(']', 200);

    /// <summary>Bodies of answers, and what their items' errors say.</summary>
    public static TheoryData<string, string, string> Bodies => new()
    {
        { "nothing", "", "JSON" },
        { "text", "I am done!", "'I' is an invalid start" },
        { "binary", "\0\u0001\u0002", "invalid" },
        { "cut off", """{"results":[{"index":2,"outp""", "Expected end of string" },
        { "NaN", """{"results":[{"index":2,"output":NaN},{"index":3,"output":1}]}""", "'N' is an invalid start" },
        { "other form", """{"predictions":[1,2]}""", "either results or a blob" },
        { "id of another chunk", """{"id":{"job":"job-1","page":0,"chunk":0},"results":[{"index":2,"output":1},{"index":3,"output":1}]}""", "its id names chunk job-1/0/0" },
        { "too few", """{"results":[{"index":2,"output":1}]}""", "item 3 has no result" },
        { "too many", """{"results":[{"index":2,"output":1},{"index":3,"output":1},{"index":4,"output":1}]}""", "no item of index 4; its items have 2 to 3" },
        { "positions for indexes", """{"results":[{"index":0,"output":1},{"index":1,"output":1}]}""", "no item of index 0" },
        { "one item twice", """{"results":[{"index":2,"output":1},{"index":2,"output":2}]}""", "item 2 has two results" },
        { "unknown status", """{"results":[{"index":2,"output":1,"status":"ok"},{"index":3,"output":1}]}""", "item 2 must have either an output" },
        { "output and error", """{"results":[{"index":2,"output":1},{"index":3,"output":1,"error":{"code":"c","message":"m"}}]}""", "item 3 must have either an output" },
        { "too deep", $$"""{"results":[{"index":2,"output":1},{"index":3,"output":{{TooDeep}}}]}""", "depth" },
        { "half a surrogate pair", """{"results":[{"index":2,"output":1},{"index":3,"output":{"text":["\ud83d"]}}]}""", "not valid Unicode" },
        { "blob of another job", """{"blob":{"name":"job-ffffffffffffffffffffffffffffffff/output.jsonl","offset":0,"length":100}}""", "the name of its blob must be" },
        { "blob that is not there", """{"blob":{"name":"ANSWERBLOBnone","offset":0,"length":100}}""", "does not have the bytes" },
    };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Run_AnswerBreaksTheContract_FailsItsItemsWithTheReasonAndNoOthers(string kind, string body, string reason)
    {
        await using var worker = Worker(delivery => delivery.AnswerAsync(
            body.Replace("ANSWERBLOB", delivery.Chunk.AnswerBlob, StringComparison.Ordinal)));

        var job = await RunAsync();

        Assert.True((job.Items.Succeeded, job.Items.Failed) == (4, 2), $"An answer that is {kind} gave {job.Items}.");
        var errors = await shared.App.Jobs.ErrorsAsync(job.Id).ToListAsync(Token);
        Assert.Equal([("i2", "k2", 2), ("i3", "k3", 3)], errors.Select(line => (line.Id, line.Key!, line.Meta!.Value.GetInt32())));
        Assert.All(errors, line => Assert.Equal("invalid_answer", line.Error?.Code));
        Assert.Contains(reason, errors[0].Error?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_AnswerTooLargeForAMessage_IsNotTakenByTheQueueAndTheChunkIsTriedAgain()
    {
        var refusals = 0;
        await using var worker = Worker(async delivery =>
        {
            try
            {
                await delivery.AnswerAsync(delivery.GoodAnswer() + new string(' ', WorkerContract.MaxInlineBytes));
            }
            catch (Azure.Messaging.ServiceBus.ServiceBusException tooLarge) when (
                tooLarge.Reason == Azure.Messaging.ServiceBus.ServiceBusFailureReason.MessageSizeExceeded)
            {
                refusals++;
                await delivery.AbandonAsync();
            }
        });

        var job = await RunAsync();

        Assert.Equal((4, 2, 15), (job.Items.Succeeded, job.Items.Failed, refusals));
        Assert.All(await shared.App.Jobs.ErrorsAsync(job.Id).ToListAsync(Token), line => Assert.Equal("worker_lost", line.Error?.Code));
    }

    /// <summary>A worker that answers well, but for the second chunk.</summary>
    private StandInWorker Worker(Func<Delivery, Task> second) => new(
        shared.App, delivery => delivery.Chunk.Id.Chunk == 1 ? second(delivery) : delivery.AnswerAsync(delivery.GoodAnswer()));

    private async Task<Job> RunAsync()
    {
        var lines = Enumerable.Range(0, 6).Select(i => $$"""{"id":"i{{i}}","key":"k{{i}}","input":{{i}},"meta":{{i}}}""");
        var job = await shared.App.Jobs.SubmitAsync("?model=foreign&chunkItems=2", lines);
        job = await shared.App.Jobs.WaitAsync(job.Id);
        await Invariants.CheckAsync(shared.App, job);
        return job;
    }
}

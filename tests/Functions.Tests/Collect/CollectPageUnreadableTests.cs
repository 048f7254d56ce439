using System.Text.Json;
using ModelJobs.Contracts;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Collect;

/// <summary>What does not belong into a page's session is dead-lettered, and the rest is collected.</summary>
public sealed class CollectPageUnreadableTests(StorageEmulator storage) : FlowTest(storage)
{
    private CollectBench Page => field ??= new CollectBench(Bench);

    [Theory]
    [InlineData("not json")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"id":{"job":"another job","page":0,"chunk":0},"results":[]}""")]
    [InlineData("""{"id":{"job":"job-0123456789abcdef0123456789abcdef","page":1,"chunk":0},"results":[]}""")]
    [InlineData("""{"id":{"job":"job-0123456789abcdef0123456789abcdef","page":0,"chunk":-1},"results":[]}""")]
    [InlineData("""{"id":{"job":"job-0123456789abcdef0123456789abcdef","page":0,"chunk":1}}""")]
    public async Task Run_MessageThatIsNoResultOfThePage_DeadLettersItAndCollectsTheRest(string body)
    {
        await Page.AnswerAsync(0, Samples.Succeeded(0));
        await Page.SendAsync("stray", BinaryData.FromString(body));
        await Page.AnswerAsync(1, Samples.Succeeded(1));

        var report = await Page.RunAsync(CollectBench.Order(items: 2));

        Assert.Equal(new PageReport(0, Succeeded: 2, Failed: 0, Canceled: 0, Complete: true), report);
        Assert.Empty(await Bench.PeekAsync(Queues.Results));
        var dead = Assert.Single(await Bench.PeekAsync(Queues.Results + Queues.DeadLetter));
        Assert.Equal(("stray", "UnreadableResult"), (dead.MessageId, dead.DeadLetterReason));
    }

    [Fact]
    public async Task Run_MessageThatNamesAnEndlessJob_DeadLettersItWithAsMuchAsADescriptionTakes()
    {
        var job = new string('j', 5000);
        await Page.SendAsync("stray", BinaryData.FromString($$$"""{"id":{"job":"{{{job}}}","page":0,"chunk":0},"results":[]}"""));
        await Page.AnswerAsync(0, Samples.Succeeded(0));

        var report = await Page.RunAsync(CollectBench.Order(items: 1));

        Assert.True(report.Complete);
        var dead = Assert.Single(await Bench.PeekAsync(Queues.Results + Queues.DeadLetter));
        Assert.StartsWith("The page has no chunk jjj", dead.DeadLetterErrorDescription, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_StoredResultsAreNotWhatTheMessageSays_DeadLettersItAndCollectsTheRest()
    {
        await Bench.StoreAsync("results", "{\"index\":0,"u8.ToArray());
        var result = new ResultMessage { Id = Samples.Chunk(1), Blob = new BlobRange("results", 0, 11) };
        await Page.SendAsync("torn", BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(result, ContractsJson.Wire.ResultMessage)));
        await Page.AnswerAsync(0, Samples.Succeeded(0));
        await Page.AnswerAsync(1, Samples.Succeeded(1));

        var report = await Page.RunAsync(CollectBench.Order(items: 2));

        Assert.Equal(new PageReport(0, Succeeded: 2, Failed: 0, Canceled: 0, Complete: true), report);
        Assert.Equal(["torn"], await Bench.PeekIdsAsync(Queues.Results + Queues.DeadLetter));
    }
}

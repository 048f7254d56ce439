using Azure;
using ModelJobs.Contracts;
using ModelJobs.Functions.Assemble;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Storage;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Assemble;

public sealed class AssembleResultsTests(StorageEmulator storage) : FlowTest(storage)
{
    [Fact]
    public async Task Run_PartsWithInterleavedIndexes_MergesThemInOrderIntoOutputAndErrors()
    {
        await StorePageAsync(
            0,
            [Samples.Succeeded(0), Samples.Succeeded(3), Samples.Failed(4)],
            [Samples.Failed(1), Samples.Succeeded(2)],
            [Samples.Succeeded(5)]);

        var next = await AssembleAsync(0, 1);

        Assert.Equal(1, next);
        Assert.Equal([0, 2, 3, 5], await OutputAsync());
        Assert.Equal([1, 4], await ErrorsAsync());
    }

    [Fact]
    public async Task Run_PartLines_AreKeptAsTheyAre()
    {
        await StorePageAsync(0, [Samples.Succeeded(0), Samples.Succeeded(1)]);

        await AssembleAsync(0, 1);

        Assert.Equal(await Bench.ReadTextAsync(JobBlobs.PagePart(Job, 0, round: 0, part: 0)), await Bench.ReadTextAsync(JobBlobs.Output(Job)));
    }

    [Fact]
    public async Task Run_PageByPage_AppendsToWhatIsThere()
    {
        await StorePagesAsync(12);

        await AssembleAsync(0, 1);
        var first = await OutputAsync();
        await AssembleAsync(1, 12);

        Assert.Equal([0], first);
        Assert.Equal(Enumerable.Range(0, 12).Select(page => 2L * page), await OutputAsync());
        Assert.Equal(Enumerable.Range(0, 12).Select(page => (2L * page) + 1), await ErrorsAsync());
    }

    [Fact]
    public async Task Run_AgainAndOverOtherRanges_LeavesTheSameBlobs()
    {
        await StorePagesAsync(3);
        await AssembleAsync(0, 3);
        var (output, errors) = (await Bench.ReadTextAsync(JobBlobs.Output(Job)), await Bench.ReadTextAsync(JobBlobs.Errors(Job)));

        foreach (var (from, to) in new[] { (0, 2), (0, 3), (2, 3), (2, 3), (1, 2) })
        {
            await AssembleAsync(from, to);

            Assert.Equal((output, errors), (await Bench.ReadTextAsync(JobBlobs.Output(Job)), await Bench.ReadTextAsync(JobBlobs.Errors(Job))));
        }
    }

    [Fact]
    public async Task Run_AfterACrashBetweenStagingAndCommit_WritesEachLineOnce()
    {
        await StorePagesAsync(2);
        var outputs = new OrderedBlob(Bench.Blobs);
        await using (var blocks = outputs.OpenBlocks(JobBlobs.Output(Job), 0))
        {
            await blocks.AppendAsync("torn"u8.ToArray(), Token);
            await blocks.FlushAsync(Token);
        }

        await AssembleAsync(0, 2);

        Assert.Equal([0, 2], await OutputAsync());
    }

    [Fact]
    public async Task Commit_AnotherRunHasCommittedTheSameBlocksMeanwhile_IsRefusedAndKeepsThem()
    {
        await StorePagesAsync(1);
        var outputs = new OrderedBlob(Bench.Blobs);
        var blob = JobBlobs.Output(Job);
        var version = await outputs.VersionAsync(blob, Token);
        await using var blocks = outputs.OpenBlocks(blob, 0);
        await blocks.AppendAsync("late"u8.ToArray(), Token);
        await blocks.FlushAsync(Token);
        await AssembleAsync(0, 1);
        var output = await Bench.ReadTextAsync(blob);

        await Assert.ThrowsAsync<RequestFailedException>(() => outputs.CommitAsync(blob, version, new HashSet<int> { 0 }, blocks.Names, Token));
        Assert.Equal(output, await Bench.ReadTextAsync(blob));

        // One that began after it finds its blocks committed instead of staged.
        await outputs.CommitAsync(blob, await outputs.VersionAsync(blob, Token), new HashSet<int> { 0 }, blocks.Names, Token);
        Assert.Equal(output, await Bench.ReadTextAsync(blob));
    }

    [Fact]
    public async Task Run_NoItemFailed_MakesNoErrors()
    {
        await StorePageAsync(0, [Samples.Succeeded(0)]);

        await AssembleAsync(0, 1);

        Assert.Empty(await Bench.ListAsync(JobBlobs.Errors(Job)));
    }

    [Fact]
    public async Task Run_FirstOrderAgain_LeavesTheSameBlobs()
    {
        await StorePagesAsync(2);
        await AssembleAsync(0, 2, isFirst: true);
        var (output, errors) = (await Bench.ReadTextAsync(JobBlobs.Output(Job)), await Bench.ReadTextAsync(JobBlobs.Errors(Job)));

        await AssembleAsync(0, 2, isFirst: true);

        Assert.Equal((output, errors), (await Bench.ReadTextAsync(JobBlobs.Output(Job)), await Bench.ReadTextAsync(JobBlobs.Errors(Job))));
    }

    [Fact]
    public async Task Run_FirstOrderThatComesAfterOthers_KeepsTheirPages()
    {
        await StorePagesAsync(3);
        await AssembleAsync(0, 3);

        await AssembleAsync(0, 1, isFirst: true);

        Assert.Equal([0, 2, 4], await OutputAsync());
        Assert.Equal([1, 3, 5], await ErrorsAsync());
    }

    [Fact]
    public async Task Run_FirstOrderWhoseOutputWasCommittedAlone_AddsTheErrors()
    {
        await StorePagesAsync(1);
        await AssembleAsync(0, 1, isFirst: true);
        await Bench.Blobs.Blob(JobBlobs.Errors(Job)).DeleteAsync(cancellationToken: Token);

        await AssembleAsync(0, 1, isFirst: true);

        Assert.Equal([0], await OutputAsync());
        Assert.Equal([1], await ErrorsAsync());
    }

    [Fact]
    public async Task Run_FirstErrorOnALaterPage_MakesTheErrors()
    {
        await StorePageAsync(0, [Samples.Succeeded(0)]);
        await StorePageAsync(1, [Samples.Failed(1)]);

        await AssembleAsync(0, 1);
        await AssembleAsync(1, 2);

        Assert.Equal([0], await OutputAsync());
        Assert.Equal([1], await ErrorsAsync());
    }

    [Fact]
    public async Task Run_PageLargerThanOneBlock_KeepsItsLinesInOrder()
    {
        const int Lines = 40;
        await StorePageAsync(0, [.. Enumerable.Range(0, Lines).Where(i => i % 2 == 0).Select(i => Samples.Succeeded(i, filler: 900_000))],
            [.. Enumerable.Range(0, Lines).Where(i => i % 2 == 1).Select(i => Samples.Succeeded(i, filler: 900_000))]);
        await StorePageAsync(1, [Samples.Succeeded(Lines)]);

        await AssembleAsync(0, 2);
        await AssembleAsync(0, 2);

        Assert.Equal(Enumerable.Range(0, Lines + 1).Select(i => (long)i), await OutputAsync());
    }

    [Fact]
    public async Task CopyAsync_AgainInOtherReads_MakesTheSameBlocks()
    {
        // Just over a block: where the blocks ended with the reads, one of the two runs would leave the other's second block behind.
        var lines = new byte[(32 * 1024 * 1024) + 10];
        foreach (var readBytes in new[] { 9_999, 64 * 1024 })
        {
            var outputs = new OrderedBlob(Bench.Blobs);
            var version = await outputs.VersionAsync(JobBlobs.Output(Job), Token);
            await using var blocks = outputs.OpenBlocks(JobBlobs.Output(Job), 0);
            await blocks.CopyAsync(new ShortReads(lines, readBytes), Token);
            await blocks.FlushAsync(Token);
            await outputs.CommitAsync(JobBlobs.Output(Job), version, new HashSet<int> { 0 }, blocks.Names, Token);
        }

        var list = (await Bench.Blobs.Blob(JobBlobs.Output(Job)).GetBlockListAsync(cancellationToken: Token)).Value;
        Assert.Equal([32 * 1024 * 1024, 10], list.CommittedBlocks.Select(block => block.SizeLong));
    }

    [Fact]
    public async Task Run_ManyParts_MergesThemAll()
    {
        const int Parts = JobLimits.FirstPageChunks;
        // As many parts as a page has chunks, and all open at once: a slow model may answer one chunk at a time.
        await StorePageAsync(
            0, [.. Enumerable.Range(0, Parts).Select(i => new[] { Samples.Succeeded(i), Samples.Succeeded(Parts + i) })]);

        await AssembleAsync(0, 1);

        Assert.Equal(Enumerable.Range(0, 2 * Parts).Select(i => (long)i), await OutputAsync());
    }

    [Fact]
    public async Task Run_TwoResultsOfOneItem_Throws()
    {
        await StorePageAsync(0, [Samples.Succeeded(0), Samples.Succeeded(1)], [Samples.Failed(1)]);

        var twice = await Assert.ThrowsAsync<InvalidDataException>(() => AssembleAsync(0, 1));

        Assert.Contains("Item 1", twice.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_PageWasRedriven_PutsTheLaterLinesInThePlaceOfTheEarlier()
    {
        await StorePagesAsync(3);
        await AssembleAsync(0, 3);
        await StoreRoundAsync(new PagePlan(1, 0, 0, 2, 2), round: 100, [Samples.Succeeded(3)]);

        await AssembleAsync(1, 2);

        Assert.Equal([0, 2, 3, 4], await OutputAsync());
        Assert.Equal([1, 5], await ErrorsAsync());
        Assert.Equal(1, (await Bench.ReadTextAsync(JobBlobs.Output(Job))).Split('\n').Count(line => line.Contains("\"index\":2", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Run_PageWasRedrivenTwice_TakesTheLastRound()
    {
        await StorePageAsync(0, [Samples.Failed(0), Samples.Failed(1)]);
        var page = new PagePlan(0, 0, 0, 0, 2);
        await StoreRoundAsync(page, round: 100, [Samples.Failed(0), Samples.Succeeded(1)]);
        await StoreRoundAsync(page, round: 200, [Samples.Succeeded(0, filler: 3)]);

        await AssembleAsync(0, 1);

        Assert.Equal([0, 1], await OutputAsync());
        Assert.Empty(await ErrorsAsync());
    }

    [Fact]
    public async Task Run_MorePagesThanOneCallTakes_ReturnsHowManyItTook()
    {
        await StorePagesAsync(53);

        var first = await AssembleAsync(0, 53);
        var rest = await AssembleAsync(first, 53);

        Assert.Equal((50, 3), (first, rest));
        Assert.Equal(Enumerable.Range(0, 53).Select(page => 2L * page), await OutputAsync());
    }

    private Task<int> AssembleAsync(int from, int to, bool isFirst = false) =>
        new AssembleResults(Bench.Blobs, new OrderedBlob(Bench.Blobs), Bench.Time)
            .Run(new AssembleOrder(Job, [.. Enumerable.Range(from, to - from)]) { IsFirst = isFirst }, Token).BoundedAsync();

    private async Task<List<long>> OutputAsync() => Samples.Indexes(await Bench.ReadTextAsync(JobBlobs.Output(Job)));

    // Without a failed item there is no such blob.
    private async Task<List<long>> ErrorsAsync() =>
        (await Bench.ListAsync(JobBlobs.Errors(Job))).Count == 0 ? [] : Samples.Indexes(await Bench.ReadTextAsync(JobBlobs.Errors(Job)));

    /// <summary>Pages of two items each: the even one succeeded, the odd one failed.</summary>
    private async Task StorePagesAsync(int pages)
    {
        for (var page = 0; page < pages; page++)
        {
            await StorePageAsync(page, [Samples.Succeeded(2 * page), Samples.Failed((2 * page) + 1)]);
        }
    }

    /// <summary>Commits parts as CollectPage does.</summary>
    private async Task StorePageAsync(int page, params ItemResult[][] parts)
    {
        var first = parts.SelectMany(part => part).Min(line => line.Index);
        await StoreRoundAsync(new PagePlan(page, 0, 0, first, parts.Sum(part => part.Length)), round: 0, parts);
    }

    private async Task StoreRoundAsync(PagePlan page, int round, params ItemResult[][] parts)
    {
        var pageParts = new PageParts(Bench.Blobs);
        var tally = new PageTally(ItemSet.First(page.Items));
        foreach (var part in parts)
        {
            await pageParts.CommitAsync(Job, page, round, tally, part, Token);
        }
    }

    /// <summary>A stream that gives fewer bytes at once than it is asked for, as networks do.</summary>
    private sealed class ShortReads(byte[] content, int readBytes) : MemoryStream(content)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, readBytes)], cancellationToken);
    }
}

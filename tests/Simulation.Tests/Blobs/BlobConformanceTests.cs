using System.Text;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using ModelJobs.Tests.Support;
using ModelJobs.Tests.Support.Blobs;

namespace ModelJobs.Simulation.Tests.Blobs;

/// <summary>What the app asks of blob storage, held against Azurite and against the service in memory that stands in for it.</summary>
public sealed class BlobConformanceTests(StorageEmulator azurite)
{
    private static readonly BlobRequestConditions OnlyIfNew = new() { IfNoneMatch = ETag.All };

    private static int _containers;

    public enum Service
    {
        Azurite,
        InMemory,
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData(Service.Azurite), InlineData(Service.InMemory)]
    public async Task CreateIfNotExists_Twice_MakesOneContainer(Service service)
    {
        var container = ClientOf(service).GetBlobContainerClient(NewName());

        Assert.NotNull(await container.CreateIfNotExistsAsync(cancellationToken: Cancel));
        Assert.Null(await container.CreateIfNotExistsAsync(cancellationToken: Cancel));
    }

    [Theory, InlineData(Service.Azurite), InlineData(Service.InMemory)]
    public async Task Upload_ToNoContainer_IsNotFound(Service service)
    {
        var container = ClientOf(service).GetBlobContainerClient(NewName());

        await RefusesAsync(404, "ContainerNotFound", () => UploadAsync(container.GetBlockBlobClient("a"), "1"));
    }

    [Theory, InlineData(Service.Azurite), InlineData(Service.InMemory)]
    public async Task Upload_Twice_ReplacesContentMetadataAndETag(Service service)
    {
        var blob = await NewBlobAsync(service);

        var first = await UploadAsync(blob, "first", new BlobUploadOptions { Metadata = new Dictionary<string, string> { ["chunks"] = "1,2" } });
        BlobProperties before = await blob.GetPropertiesAsync(cancellationToken: Cancel);
        var second = await UploadAsync(blob, "second one");
        BlobProperties after = await blob.GetPropertiesAsync(cancellationToken: Cancel);

        Assert.Equal(("1,2", 5L, first.ETag), (before.Metadata["chunks"], before.ContentLength, before.ETag));
        Assert.Equal((0, 10L, second.ETag), (after.Metadata.Count, after.ContentLength, after.ETag));
        Assert.NotEqual(first.ETag, second.ETag);
        Assert.Equal("second one", await ReadAsync(blob));
    }

    [Theory, InlineData(Service.Azurite), InlineData(Service.InMemory)]
    public async Task Upload_OnlyIfNew_IsRefusedTheSecondTime(Service service)
    {
        var blob = await NewBlobAsync(service);
        await UploadAsync(blob, "first", new BlobUploadOptions { Conditions = OnlyIfNew });

        await RefusesAsync(409, "BlobAlreadyExists", () => UploadAsync(blob, "second", new BlobUploadOptions { Conditions = OnlyIfNew }));

        Assert.Equal("first", await ReadAsync(blob));
    }

    [Theory, InlineData(Service.Azurite), InlineData(Service.InMemory)]
    public async Task Upload_IfMatch_IsRefusedForAnOldETagAndForNoBlob(Service service)
    {
        var blob = await NewBlobAsync(service);
        var old = await UploadAsync(blob, "first");
        var ifOld = new BlobUploadOptions { Conditions = new BlobRequestConditions { IfMatch = old.ETag } };
        await UploadAsync(blob, "second", ifOld);

        await RefusesAsync(412, "ConditionNotMet", () => UploadAsync(blob, "third", ifOld));
        await blob.DeleteAsync(cancellationToken: Cancel);
        await RefusesAsync(412, "ConditionNotMet", () => UploadAsync(blob, "fourth", ifOld));
    }

    [Theory, InlineData(Service.Azurite), InlineData(Service.InMemory)]
    public async Task Download_Range_GivesThatPart(Service service)
    {
        var blob = await NewBlobAsync(service);
        await UploadAsync(blob, "0123456789");

        Assert.Equal("345", await ReadAsync(blob, new HttpRange(3, 3)));
        Assert.Equal("89", await ReadAsync(blob, new HttpRange(8, 5)));
        Assert.Equal("6789", await ReadAsync(blob, new HttpRange(6)));
        await RefusesAsync(416, "InvalidRange", () => ReadAsync(blob, new HttpRange(20, 1)));
    }

    [Theory, InlineData(Service.Azurite), InlineData(Service.InMemory)]
    public async Task Download_OfNothing_IsNotFound(Service service)
    {
        var blob = await NewBlobAsync(service);

        await RefusesAsync(404, "BlobNotFound", () => ReadAsync(blob));
        await RefusesAsync(404, null, () => blob.GetPropertiesAsync(cancellationToken: Cancel));
        await RefusesAsync(404, "BlobNotFound", () => blob.GetBlockListAsync(cancellationToken: Cancel));
    }

    [Theory, InlineData(Service.Azurite), InlineData(Service.InMemory)]
    public async Task Commit_StagedBlocks_MakesThemTheContentInTheOrderGiven(Service service)
    {
        var blob = await NewBlobAsync(service);
        await StageAsync(blob, "b", "two");
        await StageAsync(blob, "a", "one");
        await StageAsync(blob, "b", "TWO");
        BlockList staged = await blob.GetBlockListAsync(BlockListTypes.All, cancellationToken: Cancel);
        await RefusesAsync(404, null, () => blob.GetPropertiesAsync(cancellationToken: Cancel));

        await blob.CommitBlockListAsync([Id("a"), Id("b")], new CommitBlockListOptions { Conditions = OnlyIfNew }, Cancel);
        BlockList committed = await blob.GetBlockListAsync(BlockListTypes.All, cancellationToken: Cancel);

        Assert.Equal([Id("a"), Id("b")], staged.UncommittedBlocks.Select(block => block.Name).Order());
        Assert.Empty(staged.CommittedBlocks);
        Assert.Equal([(Id("a"), 3), (Id("b"), 3)], committed.CommittedBlocks.Select(block => (block.Name, block.Size)));
        Assert.Empty(committed.UncommittedBlocks);
        Assert.Equal("oneTWO", await ReadAsync(blob));
    }

    [Theory, InlineData(Service.Azurite), InlineData(Service.InMemory)]
    public async Task Commit_CommittedAndStagedBlocks_TakesTheLatest(Service service)
    {
        var blob = await NewBlobAsync(service);
        await StageAsync(blob, "a", "one");
        await StageAsync(blob, "b", "two");
        BlobContentInfo first = await blob.CommitBlockListAsync([Id("a"), Id("b")], cancellationToken: Cancel);
        await StageAsync(blob, "b", "TWO");
        await StageAsync(blob, "c", "three");

        var ifFirst = new CommitBlockListOptions { Conditions = new BlobRequestConditions { IfMatch = first.ETag } };
        await blob.CommitBlockListAsync([Id("a"), Id("b"), Id("c")], ifFirst, Cancel);

        Assert.Equal("oneTWOthree", await ReadAsync(blob));
        await RefusesAsync(412, "ConditionNotMet", () => blob.CommitBlockListAsync([Id("a")], ifFirst, Cancel));
        await RefusesAsync(400, "InvalidBlockList", () => blob.CommitBlockListAsync([Id("d")], cancellationToken: Cancel));
    }

    [Theory, InlineData(Service.Azurite), InlineData(Service.InMemory)]
    public async Task Commit_NoBlocks_MakesAnEmptyBlob(Service service)
    {
        var blob = await NewBlobAsync(service);

        await blob.CommitBlockListAsync([], new CommitBlockListOptions { Conditions = OnlyIfNew }, Cancel);

        BlobProperties properties = await blob.GetPropertiesAsync(cancellationToken: Cancel);
        Assert.Equal(0, properties.ContentLength);
        Assert.Equal("", await ReadAsync(blob));
    }

    [Theory, InlineData(Service.Azurite), InlineData(Service.InMemory)]
    public async Task OpenWrite_ThenOpenRead_StreamsTheSame(Service service)
    {
        var blob = await NewBlobAsync(service);
        var content = string.Concat(Enumerable.Range(0, 5000).Select(i => $"{i:D4}"));
        await UploadAsync(blob, "before");

        await using (var stream = await blob.OpenWriteAsync(overwrite: true, new BlockBlobOpenWriteOptions { BufferSize = 4096 }, Cancel))
        {
            foreach (var part in content.Chunk(1000))
            {
                await stream.WriteAsync(Encoding.UTF8.GetBytes(part), Cancel);
            }
        }

        await using var read = await blob.OpenReadAsync(0, bufferSize: 4096, cancellationToken: Cancel);
        using var reader = new StreamReader(read);
        Assert.Equal(content, await reader.ReadToEndAsync(Cancel));
    }

    [Theory, InlineData(Service.Azurite), InlineData(Service.InMemory)]
    public async Task List_ByPrefix_GivesNamesInOrderWithMetadata(Service service)
    {
        var container = await NewContainerAsync(service);
        foreach (var name in (string[])["job/pages/2", "job/pages/10", "job/pages/1", "job/other", "job/pages"])
        {
            var options = new BlobUploadOptions { Metadata = new Dictionary<string, string> { ["chunks"] = name } };
            await UploadAsync(container.GetBlockBlobClient(name), name, options);
        }

        await StageAsync(container.GetBlockBlobClient("job/pages/3"), "a", "staged alone");
        var found = await container.GetBlobsAsync(BlobTraits.Metadata, BlobStates.None, "job/pages/", Cancel).ToListAsync(Cancel);
        var pages = await container.GetBlobsAsync(BlobTraits.None, BlobStates.None, "", Cancel).AsPages(pageSizeHint: 2).ToListAsync(Cancel);

        Assert.Equal(["job/pages/1", "job/pages/10", "job/pages/2"], found.Select(blob => blob.Name));
        Assert.Equal(found.Select(blob => blob.Name), found.Select(blob => blob.Metadata["chunks"]));
        Assert.Equal([11L, 12L, 11L], found.Select(blob => blob.Properties.ContentLength ?? -1));
        Assert.Equal([2, 2, 1], pages.Select(page => page.Values.Count));
    }

    [Theory, InlineData(Service.Azurite), InlineData(Service.InMemory)]
    public async Task Delete_IfExists_TellsWhetherItDid(Service service)
    {
        var blob = await NewBlobAsync(service);
        await UploadAsync(blob, "1");

        Assert.True(await blob.DeleteIfExistsAsync(cancellationToken: Cancel));
        Assert.False(await blob.DeleteIfExistsAsync(cancellationToken: Cancel));
        Assert.False(await blob.ExistsAsync(Cancel));
        await RefusesAsync(404, "BlobNotFound", () => blob.DeleteAsync(cancellationToken: Cancel));
    }

    [Theory, InlineData(Service.Azurite), InlineData(Service.InMemory)]
    public async Task Names_OfAnyCharacters_StayAsTheyAre(Service service)
    {
        var container = await NewContainerAsync(service);
        const string Name = "a b/ä+%20?#&=.jsonl";

        await UploadAsync(container.GetBlockBlobClient(Name), "1");

        var found = await container.GetBlobsAsync(BlobTraits.None, BlobStates.None, null, Cancel).SingleAsync(Cancel);
        Assert.Equal(Name, found.Name);
        Assert.Equal("1", await ReadAsync(container.GetBlockBlobClient(found.Name)));
    }

    private BlobServiceClient ClientOf(Service service)
        => service == Service.Azurite ? new BlobServiceClient(azurite.ConnectionString) : new InMemoryBlobService(TimeProvider.System).CreateClient();

    private static string NewName() => $"conformance-{Environment.ProcessId}-{Interlocked.Increment(ref _containers)}";

    private async Task<BlobContainerClient> NewContainerAsync(Service service)
    {
        var container = ClientOf(service).GetBlobContainerClient(NewName());
        await container.CreateAsync(cancellationToken: Cancel);
        return container;
    }

    private async Task<BlockBlobClient> NewBlobAsync(Service service) => (await NewContainerAsync(service)).GetBlockBlobClient("folder/blob.jsonl");

    private static async Task<BlobContentInfo> UploadAsync(BlockBlobClient blob, string content, BlobUploadOptions? options = null)
        => await blob.UploadAsync(new MemoryStream(Encoding.UTF8.GetBytes(content)), options, Cancel);

    private static async Task StageAsync(BlockBlobClient blob, string id, string content)
        => await blob.StageBlockAsync(Id(id), new MemoryStream(Encoding.UTF8.GetBytes(content)), cancellationToken: Cancel);

    private static string Id(string id) => Convert.ToBase64String(Encoding.ASCII.GetBytes(id));

    private static async Task<string> ReadAsync(BlockBlobClient blob, HttpRange range = default)
    {
        BlobDownloadResult content = await blob.DownloadContentAsync(new BlobDownloadOptions { Range = range }, Cancel);
        return content.Content.ToString();
    }

    private static async Task RefusesAsync(int status, string? code, Func<Task> call)
    {
        var refused = await Assert.ThrowsAsync<RequestFailedException>(call);
        Assert.Equal(status, refused.Status);
        if (code is not null)
        {
            Assert.Equal(code, refused.ErrorCode);
        }
    }
}

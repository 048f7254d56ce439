using ModelJobs.Functions.Submit;

namespace ModelJobs.Functions.Tests.Submit;

public sealed class LimitedStreamTests
{
    [Fact]
    public async Task Read_UpToTheLimit_GivesEveryByte()
    {
        await using var body = Limit(new byte[] { 1, 2, 3 }, limit: 3);
        using var target = new MemoryStream();

        await body.CopyToAsync(target, TestContext.Current.CancellationToken);

        Assert.Equal([1, 2, 3], target.ToArray());
    }

    [Fact]
    public async Task Read_OneByteMore_Throws()
    {
        await using var body = Limit(new byte[4], limit: 3);

        await Assert.ThrowsAsync<IOException>(() => body.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Read_ManySmallReads_AreAddedUp()
    {
        await using var body = Limit(new byte[4], limit: 3);
        await body.ReadExactlyAsync(new byte[1], TestContext.Current.CancellationToken);
        await body.ReadExactlyAsync(new byte[2], TestContext.Current.CancellationToken);

        await Assert.ThrowsAsync<IOException>(async () => await body.ReadExactlyAsync(new byte[1], TestContext.Current.CancellationToken));
    }

    private static LimitedStream Limit(byte[] body, long limit) => new(new MemoryStream(body), limit, () => new IOException("too large"));
}

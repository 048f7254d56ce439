using System.Text;
using Azure;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Storage;

public sealed class RecentInputsTests(StorageEmulator storage) : FlowTest(storage)
{
    [Fact]
    public async Task ReadAsync_KeptInput_GivesItsBytesWithoutStorage()
    {
        Bench.Inputs.Keep("kept", Bytes("0123456789"));

        Assert.Equal("3456", Text(await Bench.Inputs.ReadAsync("kept", 3, 4, Token)));
    }

    [Fact]
    public async Task ReadAsync_KeptInputWasReadWhole_ReadsStorage()
    {
        Bench.Inputs.Keep("kept", Bytes("0123456789"));
        await Bench.Inputs.ReadAsync("kept", 0, 6, Token);
        await Bench.Inputs.ReadAsync("kept", 6, 4, Token);

        await Assert.ThrowsAsync<RequestFailedException>(() => Bench.Inputs.ReadAsync("kept", 0, 6, Token));
        await Bench.StoreAsync("kept", Bytes("0123456789").ToArray());
        Assert.Equal("012345", Text(await Bench.Inputs.ReadAsync("kept", 0, 6, Token)));
    }

    [Fact]
    public async Task Keep_MoreThanThereIsRoomFor_ForgetsTheOldest()
    {
        Bench.Settings.RecentInputBytes = 10;

        Bench.Inputs.Keep("first", Bytes("01234"));
        Bench.Inputs.Keep("second", Bytes("56789"));
        Bench.Inputs.Keep("third", Bytes("abc"));
        Bench.Inputs.Keep("too large", Bytes("01234567890"));

        await Assert.ThrowsAsync<RequestFailedException>(() => Bench.Inputs.ReadAsync("first", 0, 1, Token));
        await Assert.ThrowsAsync<RequestFailedException>(() => Bench.Inputs.ReadAsync("too large", 0, 1, Token));
        Assert.Equal("56", Text(await Bench.Inputs.ReadAsync("second", 0, 2, Token)));
        Assert.Equal("abc", Text(await Bench.Inputs.ReadAsync("third", 0, 3, Token)));
    }

    [Fact]
    public async Task ReadAsync_BeyondWhatIsKept_ReadsStorage()
    {
        Bench.Inputs.Keep("kept", Bytes("01234"));

        await Assert.ThrowsAsync<RequestFailedException>(() => Bench.Inputs.ReadAsync("kept", 3, 4, Token));
    }

    private static ReadOnlyMemory<byte> Bytes(string text) => Encoding.ASCII.GetBytes(text);

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.ASCII.GetString(bytes.Span);
}

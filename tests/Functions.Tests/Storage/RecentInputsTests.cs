using System.Text;
using Azure;
using ModelJobs.Functions.Storage;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Storage;

public sealed class RecentInputsTests(StorageEmulator storage) : FlowTest(storage)
{
    [Fact]
    public async Task ReadAsync_KeptInput_GivesItsBytesWithoutStorage()
    {
        Keep("kept", "0123456789");

        Assert.Equal("3456", Text(await Bench.Inputs.ReadAsync("kept", 3, 4, Token)));
    }

    [Fact]
    public async Task ReadAsync_KeptInputWasReadWhole_ReadsStorage()
    {
        Keep("kept", "0123456789");
        await Bench.Inputs.ReadAsync("kept", 0, 6, Token);
        await Bench.Inputs.ReadAsync("kept", 6, 4, Token);

        await Assert.ThrowsAsync<RequestFailedException>(() => Bench.Inputs.ReadAsync("kept", 0, 6, Token));
        await Bench.StoreAsync("kept", Bytes("0123456789").ToArray());
        Assert.Equal("012345", Text(await Bench.Inputs.ReadAsync("kept", 0, 6, Token)));
    }

    [Fact]
    public async Task Keep_MoreThanThereIsRoomFor_ForgetsTheOldest()
    {
        Bench.Settings.RecentInputBytes = 10_000;

        Keep("first", "01234");
        Keep("second", "56789");
        Keep("third", "abc");
        Keep("too large", new string('0', 10_001));

        // Each takes 4,096 bytes of the room, and the large one has taken all before it was given up.
        await Assert.ThrowsAsync<RequestFailedException>(() => Bench.Inputs.ReadAsync("first", 0, 1, Token));
        await Assert.ThrowsAsync<RequestFailedException>(() => Bench.Inputs.ReadAsync("too large", 0, 1, Token));
        Keep("fourth", "def");
        Assert.Equal("def", Text(await Bench.Inputs.ReadAsync("fourth", 0, 3, Token)));
    }

    [Fact]
    public void Add_InputsUnderWayHaveTakenTheRoom_RemembersNoMoreUntilTheyAreGone()
    {
        Bench.Settings.RecentInputBytes = 10_000;
        using var first = new RecentInput(Bench.Inputs);
        using var second = new RecentInput(Bench.Inputs);
        first.Add(new byte[6_000]);

        second.Add(new byte[6_000]);
        Assert.False(Bench.Inputs.TryReserve(6_000));
        first.Dispose();
        second.Dispose();

        Assert.True(Bench.Inputs.TryReserve(10_000));
    }

    [Fact]
    public async Task ReadAsync_BeyondWhatIsKept_ReadsStorage()
    {
        Keep("kept", "01234");

        await Assert.ThrowsAsync<RequestFailedException>(() => Bench.Inputs.ReadAsync("kept", 3, 4, Token));
    }

    private void Keep(string name, string text)
    {
        using var input = new RecentInput(Bench.Inputs);
        input.Add(Bytes(text).Span);
        input.Keep(name);
    }

    private static ReadOnlyMemory<byte> Bytes(string text) => Encoding.ASCII.GetBytes(text);

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.ASCII.GetString(bytes.Span);
}

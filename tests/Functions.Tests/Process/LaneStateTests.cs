using ModelJobs.Functions.Process;
using ModelJobs.Functions.Tests.Support;

namespace ModelJobs.Functions.Tests.Process;

public sealed class LaneStateTests
{
    private const int MaxStateBytes = 256 * 1024;

    [Fact]
    public void Stop_AsManyKeysAsAreRemembered_FitsASession()
    {
        var state = new LaneState(1, 2).Stop(Keys(LaneState.MaxStoppedKeys)) with
        {
            Progress = new ChunkProgress(3, new byte[125], 1, 2, 3) { Trying = 4, Tries = 5 },
        };

        var stored = state.Write();

        Assert.True(stored.ToMemory().Length < MaxStateBytes, $"{stored.ToMemory().Length} bytes");
        var read = LaneState.Read(stored);
        Assert.Contains($"Item {long.MaxValue - 7} ", read.WhyStopped(Samples.Item(0, "key 7"))?.Message, StringComparison.Ordinal);
        Assert.Null(read.WhyStopped(Samples.Item(0, "another")));
        Assert.Null(read.WhyStopped(Samples.Item(0)));
        Assert.Equal((3L, 5), (read.Progress!.Sequence, read.Progress.Tries));
    }

    [Fact]
    public void Stop_MoreKeysThanAreRemembered_StopsTheWholeLaneAndSaysSo()
    {
        var state = LaneState.Read(new LaneState().Stop(Keys(LaneState.MaxStoppedKeys)).Stop(new Dictionary<string, long> { ["more"] = 9 }).Write());

        Assert.Contains("whole lane", state.WhyStopped(Samples.Item(0, "another"))?.Message, StringComparison.Ordinal);
        Assert.Contains("item 9", state.WhyStopped(Samples.Item(0, "another"))?.Message, StringComparison.Ordinal);
        Assert.True(state.Write().ToMemory().Length < 100);
    }

    [Fact]
    public void In_LaterEpoch_BeginsAnew()
    {
        var state = new LaneState(1, 5).Stop(Keys(1));

        Assert.Equal(new LaneState(2), state.In(2));
        Assert.Same(state, state.In(1));
        Assert.Same(state, state.In(0));
    }

    private static Dictionary<string, long> Keys(int count) => Enumerable.Range(0, count).ToDictionary(i => $"key {i}", i => long.MaxValue - i);
}

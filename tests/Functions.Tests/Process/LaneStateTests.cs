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
        Assert.Contains($"Item {long.MaxValue - 7} ", read.WhyStopped(Samples.Item(long.MaxValue, "key 7"))?.Message, StringComparison.Ordinal);
        Assert.Null(read.WhyStopped(Samples.Item(long.MaxValue, "another")));
        Assert.Null(read.WhyStopped(Samples.Item(long.MaxValue)));
        Assert.Equal((3L, 5), (read.Progress!.Sequence, read.Progress.Tries));
    }

    [Fact]
    public void Stop_MoreKeysThanAreRemembered_StopsTheWholeLaneAndSaysSo()
    {
        var state = LaneState.Read(new LaneState().Stop(Keys(LaneState.MaxStoppedKeys)).Stop(new Dictionary<string, long> { ["more"] = 9 }).Write());

        Assert.Contains("whole lane", state.WhyStopped(Samples.Item(10, "another"))?.Message, StringComparison.Ordinal);
        Assert.Contains("item 9", state.WhyStopped(Samples.Item(10, "another"))?.Message, StringComparison.Ordinal);
        Assert.True(state.Write().ToMemory().Length < 100);
    }

    [Fact]
    public void In_LaterEpoch_BeginsAnewAndKeepsWhatIsStopped()
    {
        var state = new LaneState(1, 5).Stop(Keys(1));

        Assert.Equal(new LaneState(2) { StoppedKeys = state.StoppedKeys }, state.In(2, round: 0));
        Assert.Same(state, state.In(1, round: 0));
        Assert.Same(state, state.In(0, round: 0));
    }

    [Fact]
    public void In_LaterRound_StopsNothing() => Assert.Equal(new LaneState(2) { Round = 200 }, new LaneState(1, 5).Stop(Keys(1)).In(2, round: 200));

    [Fact]
    public void WhyStopped_ItemThatComesBeforeTheFailure_IsToBeRun()
    {
        var some = new LaneState().Stop(new Dictionary<string, long> { ["key"] = 5 });
        var all = some with { StoppedKeys = null, StoppedAll = 5 };

        Assert.All([some, all], state => Assert.Null(state.WhyStopped(Samples.Item(5, "key"))));
        Assert.All([some, all], state => Assert.NotNull(state.WhyStopped(Samples.Item(6, "key"))));
    }

    private static Dictionary<string, long> Keys(int count) => Enumerable.Range(0, count).ToDictionary(i => $"key {i}", i => long.MaxValue - i);
}

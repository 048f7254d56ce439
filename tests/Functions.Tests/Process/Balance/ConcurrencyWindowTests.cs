using ModelJobs.Functions.Process.Balance;

namespace ModelJobs.Functions.Tests.Process.Balance;

public sealed class ConcurrencyWindowTests
{
    private const double Second = 1;

    private readonly ConcurrencyWindow _window = new(new LimiterOptions { InitialConcurrency = 4, MaxConcurrency = 64 });
    private TimeSpan _now = TimeSpan.FromSeconds(1);

    [Fact]
    public void Ended_AnswersComeInTime_DoublesUpToTheMost()
    {
        Assert.Equal([8, 16, 32, 64, 64], Enumerable.Range(0, 5).Select(_ => Round(Second)));
    }

    [Fact]
    public void Ended_AfterACut_WidensByOne()
    {
        Round(Second);
        Round(Second);
        Throttle();

        Assert.Equal(11, _window.Size);
        Assert.Equal([12, 13, 14], Enumerable.Range(0, 3).Select(_ => Round(Second)));
    }

    [Fact]
    public void Ended_WindowIsNotFilled_IsNotWidened()
    {
        for (var i = 0; i < 10; i++)
        {
            Round(Second, filled: 3);
        }

        Assert.Equal(4, _window.Size);
    }

    [Fact]
    public void Throttled_SeveralCallsOfOneMoment_CutOnce()
    {
        Round(Second);
        var madeAt = _now;
        _now += TimeSpan.FromSeconds(1);

        _window.Throttled(madeAt, _now);
        _window.Throttled(madeAt, _now);

        Assert.Equal(5, _window.Size);
    }

    [Fact]
    public void Ended_LatencyClimbsWithTheWindow_StaysWhereItIsTwiceTheUncrowdedOne()
    {
        var sizes = Enumerable.Range(0, 100).Select(_ => Round(Second * Math.Max(1, _window.Size / 10.0))).ToList();

        Assert.All(sizes.Skip(10), size => Assert.InRange(size, 18, 21));
    }

    [Fact]
    public void Ended_AnswersTakeLongerWhateverTheWindow_BecomesTheMeasure()
    {
        Round(Second);
        Round(Second);

        var sizes = Enumerable.Range(0, 40).Select(_ => Round(10 * Second)).ToList();

        Assert.InRange(sizes.Min(), 2, 16);
        Assert.True(sizes[^1] > sizes.Min() + 20);
    }

    [Theory]
    [InlineData(1, 32)] // of 16: single failures are no sign of load
    [InlineData(8, 11)]
    public void Ended_SomeAnswersAreFailures_NarrowsForMany(int failures, int size)
    {
        Round(Second);
        Round(Second);

        Assert.Equal(size, Round(Second, failures: failures));
    }

    private int Round(double seconds, int? filled = null, int failures = 0)
    {
        var calls = _window.Size;
        var madeAt = _now;
        _window.Made(filled ?? calls);
        _now += TimeSpan.FromSeconds(seconds);
        for (var i = 0; i < calls; i++)
        {
            _window.Ended(i < failures, madeAt, _now);
        }

        return _window.Size;
    }

    private void Throttle()
    {
        _now += TimeSpan.FromSeconds(1);
        _window.Throttled(_now - TimeSpan.FromSeconds(0.5), _now);
        _now += TimeSpan.FromSeconds(1);
    }
}

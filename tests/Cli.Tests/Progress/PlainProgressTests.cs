using Microsoft.Extensions.Time.Testing;
using ModelJobs.Cli.Progress;
using ModelJobs.Cli.Tests.StandIns;

namespace ModelJobs.Cli.Tests.Progress;

public sealed class PlainProgressTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly StringWriter _written = new();
    private readonly PlainProgress _progress;

    public PlainProgressTests() => _progress = new PlainProgress(_written, _time);

    private string[] Lines => _written.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public void Dispose() => _written.Dispose();

    [Fact]
    public void Report_OfTheSameStatus_IsNotRepeated()
    {
        _progress.Report(Jobs.Running(10));
        _time.Advance(_progress.Interval);
        _progress.Report(Jobs.Running(10));

        Assert.Single(Lines);
    }

    [Fact]
    public void Report_WithinTheInterval_IsHeldBack()
    {
        _progress.Report(Jobs.Running(10));
        _time.Advance(_progress.Interval - TimeSpan.FromMilliseconds(1));
        _progress.Report(Jobs.Running(20));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        _progress.Report(Jobs.Running(30));

        Assert.Equal(["Running: 10 of 100 items", "Running: 30 of 100 items"], Lines.Select(line => line[..24]));
    }

    [Fact]
    public void Report_OfABalancedModel_ShowsItsWindowAndThrottling()
    {
        _progress.Report(Jobs.Running(10) with { Balance = Jobs.Balance });

        Assert.EndsWith("4.0 s left, window 12, 3 calls throttled, paused for 2.0 s", Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Report_OfTheEnd_IsNeverHeldBack()
    {
        _progress.Report(Jobs.Running(10));
        _progress.Report(Jobs.Ended());

        Assert.Equal("Succeeded: 100 of 100 items", Lines[^1]);
    }
}

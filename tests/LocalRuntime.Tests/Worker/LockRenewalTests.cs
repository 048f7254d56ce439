using Microsoft.Extensions.Time.Testing;
using ModelJobs.LocalRuntime.Worker.ServiceBus;

namespace ModelJobs.LocalRuntime.Tests.Worker;

public sealed class LockRenewalTests
{
    private static readonly TimeSpan Lock = TimeSpan.FromMinutes(1);

    private readonly FakeTimeProvider _time = new();
    private readonly List<TimeSpan> _renewals = [];
    private readonly List<Exception> _lost = [];
    private readonly DateTimeOffset _start;

    public LockRenewalTests() => _start = _time.GetUtcNow();

    [Fact]
    public async Task Lock_HeldForLong_IsRenewedTenSecondsBeforeItsEnd()
    {
        await using var renewal = Create(TimeSpan.FromMinutes(5));

        _time.Advance(TimeSpan.FromSeconds(49));
        Assert.Empty(_renewals);
        _time.Advance(TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromSeconds(50));

        Assert.Equal([TimeSpan.FromSeconds(50), TimeSpan.FromSeconds(100)], _renewals);
    }

    [Fact]
    public async Task MaxDuration_Reached_RenewsNoMore()
    {
        await using var renewal = Create(TimeSpan.FromSeconds(90));

        _time.Advance(TimeSpan.FromSeconds(50));
        _time.Advance(TimeSpan.FromMinutes(10));

        Assert.Single(_renewals);
    }

    [Fact]
    public async Task Dispose_BeforeTheRenewal_RenewsNever()
    {
        await Create(TimeSpan.FromMinutes(5)).DisposeAsync();

        _time.Advance(TimeSpan.FromMinutes(5));

        Assert.Empty(_renewals);
    }

    [Fact]
    public async Task Renewal_Fails_IsToldOnceAndNotTriedAgain()
    {
        var failure = new InvalidOperationException();
        await using var renewal = Create(TimeSpan.FromMinutes(5), failure);

        _time.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal([failure], _lost);
        Assert.Single(_renewals);
    }

    private LockRenewal Create(TimeSpan maxDuration, Exception? failure = null)
        => new(
            _start + Lock,
            maxDuration,
            _ =>
            {
                _renewals.Add(_time.GetUtcNow() - _start);
                return failure is null ? Task.FromResult(_time.GetUtcNow() + Lock) : Task.FromException<DateTimeOffset>(failure);
            },
            _lost.Add,
            _time);
}

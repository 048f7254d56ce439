using System.Threading.Channels;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace ModelJobs.LocalRuntime.Tests.Worker;

public sealed class TimerTriggerTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 1, 0, TimeSpan.Zero);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Schedule_OfSixFields_FiresAtEachOccurrence()
    {
        var (app, time, fired) = await StartAsync<EveryFiveMinutes>();
        await using var _ = app;

        time.Advance(TimeSpan.FromMinutes(4) - TimeSpan.FromSeconds(1));
        Assert.False(fired.Reader.TryPeek(out var _));
        time.Advance(TimeSpan.FromSeconds(1));

        var first = await NextAsync(fired);
        Assert.Equal(Start.UtcDateTime.AddMinutes(4), first.ScheduleStatus!.Last);
        Assert.Equal(Start.UtcDateTime.AddMinutes(9), first.ScheduleStatus.Next);
        Assert.False(first.IsPastDue);
    }

    [Fact]
    public async Task Occurrences_MissedWhileTheClockJumped_RunOnceAsPastDue()
    {
        var (app, time, fired) = await StartAsync<EveryFiveMinutes>();
        await using var _ = app;

        time.Advance(TimeSpan.FromMinutes(14));

        var late = await NextAsync(fired);
        Assert.True(late.IsPastDue);
        Assert.Equal(Start.UtcDateTime.AddMinutes(19), late.ScheduleStatus!.Next);
    }

    [Fact]
    public async Task RunOnStartup_WithPeriodFromSetting_FiresAtOnceAndThenByThePeriod()
    {
        var (app, time, fired) = await StartAsync<AtStartup>("--Period=01:00:00");
        await using var _ = app;

        var first = await NextAsync(fired);
        Assert.Equal(Start.UtcDateTime.AddHours(1), first.ScheduleStatus!.Next);
    }

    private static async Task<(TestApp App, FakeTimeProvider Time, Channel<TimerInfo> Fired)> StartAsync<T>(params string[] args)
    {
        var time = new FakeTimeProvider(Start);
        var fired = Channel.CreateUnbounded<TimerInfo>();
        var app = await TestApp.StartAsync<T>(
            builder =>
            {
                builder.Services.AddSingleton<TimeProvider>(time);
                builder.Services.AddSingleton(fired.Writer);
            },
            args);
        return (app, time, fired);
    }

    private static Task<TimerInfo> NextAsync(Channel<TimerInfo> fired)
        => fired.Reader.ReadAsync(Cancel).AsTask().WaitAsync(TestApp.Limit, Cancel);

    public sealed class EveryFiveMinutes(ChannelWriter<TimerInfo> fired)
    {
        [Function("Tick")]
        public void Tick([TimerTrigger("0 */5 * * * *")] TimerInfo timer) => fired.TryWrite(timer);
    }

    public sealed class AtStartup(ChannelWriter<TimerInfo> fired)
    {
        [Function("Tick")]
        public void Tick([TimerTrigger("%Period%", RunOnStartup = true)] TimerInfo timer) => fired.TryWrite(timer);
    }
}

using System.Collections.Concurrent;
using System.Globalization;
using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace ModelJobs.LocalRuntime.Tests.Worker;

/// <summary>Messages that are on their way for a while, as over a network.</summary>
public sealed class DeliveryDelayTests
{
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(5);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Receive_MessagesOfAnyTrigger_ArriveAfterTheDelay()
    {
        var (time, arrivals) = (new FakeTimeProvider(), new Arrivals());
        await using var app = await TestApp.StartAsync<Functions>(
            builder => builder.Services.AddSingleton(arrivals).AddSingleton<TimeProvider>(time),
            string.Create(CultureInfo.InvariantCulture, $"--LocalRuntime:DeliveryDelay={Delay}"));
        await using var plain = app.Bus.CreateSender("plain");
        await using var ordered = app.Bus.CreateSender("ordered");

        await plain.SendMessageAsync(new ServiceBusMessage("a"), Cancel);
        await ordered.SendMessageAsync(new ServiceBusMessage("b") { SessionId = "s" }, Cancel);
        while (arrivals.Waits.Count < 2)
        {
            time.Advance(TimeSpan.FromMilliseconds(500));
            await Task.Yield();
            Cancel.ThrowIfCancellationRequested();
        }

        Assert.Equal(["a", "b"], arrivals.Waits.Keys.Order(StringComparer.Ordinal));
        Assert.All(arrivals.Waits.Values, wait => Assert.True(wait >= Delay, $"{wait}"));
    }

    [Theory]
    [InlineData("00:00:11")]
    [InlineData("-00:00:01")]
    [InlineData("soon")]
    public async Task Start_DelayOutOfRange_SaysWhatItMayBe(string delay)
    {
        var wrong = await Assert.ThrowsAnyAsync<Exception>(() => TestApp.StartAsync<Functions>($"--LocalRuntime:DeliveryDelay={delay}"));

        Assert.Contains("LocalRuntime:DeliveryDelay", wrong.Message, StringComparison.Ordinal);
        Assert.Contains("at most 00:00:10", wrong.Message, StringComparison.Ordinal);
    }

    /// <summary>How long after they were enqueued messages reached their functions, by their bodies.</summary>
    public sealed class Arrivals
    {
        public ConcurrentDictionary<string, TimeSpan> Waits { get; } = new();
    }

    public sealed class Functions(Arrivals arrivals, TimeProvider time)
    {
        [Function(nameof(Plain))]
        public void Plain([ServiceBusTrigger("plain", Connection = "ServiceBus")] ServiceBusReceivedMessage message) => Add(message);

        [Function(nameof(Ordered))]
        public void Ordered([ServiceBusTrigger("ordered", Connection = "ServiceBus", IsSessionsEnabled = true)] ServiceBusReceivedMessage message) => Add(message);

        private void Add(ServiceBusReceivedMessage message) => arrivals.Waits.TryAdd(message.Body.ToString(), time.GetUtcNow() - message.EnqueuedTime);
    }
}

using System.Diagnostics.Metrics;
using Azure.Messaging.ServiceBus;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Telemetry;
using ModelJobs.Functions.Tests.Support;

namespace ModelJobs.Functions.Tests.Messaging;

public sealed class QueueSenderTests
{
    [Fact]
    public async Task SendAsync_QueueRefuses_CountsTheMessageWithItsErrorAndThrows()
    {
        using var meters = new Meters();
        var counted = new List<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Scope == meters)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
            counted.Add($"{instrument.Name} {value} {string.Join(' ', tags.ToArray().Where(tag => tag.Key == "error.type").Select(tag => tag.Value))}"));
        listener.Start();
        await using var queue = new RefusingSender();
        var sender = new QueueSender(queue, new MessagingMetrics(meters));

        await Assert.ThrowsAsync<ServiceBusException>(() => sender.SendAsync(new ServiceBusMessage("a"), TestContext.Current.CancellationToken));

        Assert.Equal(["messaging.client.sent.messages 1 Azure.Messaging.ServiceBus.ServiceBusException"], counted);
    }

    private sealed class RefusingSender : ServiceBusSender
    {
        public override Task SendMessageAsync(ServiceBusMessage message, CancellationToken cancellationToken = default) =>
            Task.FromException(new ServiceBusException("The queue is full.", ServiceBusFailureReason.QuotaExceeded));
    }
}

using System.Diagnostics.Metrics;
using ModelJobs.Functions.Telemetry;
using ModelJobs.Functions.Tests.Support;

namespace ModelJobs.Functions.Tests.Telemetry;

public sealed class JobMetricsTests
{
    [Fact]
    public void ItemsParked_MoreReasonsThanAreToldApart_CountsTheRestTogether()
    {
        using var meters = new Meters();
        var counted = new Dictionary<string, long>();
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
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            var reason = (string)tags.ToArray().Single(tag => tag.Key == "reason").Value!;
            counted[reason] = counted.GetValueOrDefault(reason) + value;
        });
        listener.Start();
        var metrics = new JobMetrics(meters);

        for (var code = 0; code < JobMetrics.MaxReasons + 3; code++)
        {
            metrics.ItemsParked("model", $"code_{code}", 2);
        }

        metrics.ItemsParked("model", "code_0", 1);

        Assert.Equal(JobMetrics.MaxReasons + 1, counted.Count);
        Assert.Equal((3, 6), (counted["code_0"], counted["other"]));
    }
}

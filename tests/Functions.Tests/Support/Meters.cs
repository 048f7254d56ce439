using System.Diagnostics.Metrics;

namespace ModelJobs.Functions.Tests.Support;

/// <summary>Meters that a listener can tell from those of other tests.</summary>
internal sealed class Meters : IMeterFactory
{
    private readonly List<Meter> _meters = [];

    public Meter Create(MeterOptions options)
    {
        options.Scope = this;
        var meter = new Meter(options);
        _meters.Add(meter);
        return meter;
    }

    public void Dispose() => _meters.ForEach(meter => meter.Dispose());
}

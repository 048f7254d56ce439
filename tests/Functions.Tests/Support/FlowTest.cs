using ModelJobs.Tests.Support;

namespace ModelJobs.Functions.Tests.Support;

/// <summary>A test of one step of the flow, on a bench of its own.</summary>
public abstract class FlowTest(StorageEmulator storage) : IAsyncLifetime
{
    private FlowBench? _bench;

    private protected const string Job = FlowBench.Job;

    private protected FlowBench Bench => _bench ?? throw new InvalidOperationException("The bench is not set up.");

    private protected static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _bench = await FlowBench.CreateAsync(storage.ConnectionString);

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_bench is not null)
        {
            await _bench.DisposeAsync();
        }
    }
}

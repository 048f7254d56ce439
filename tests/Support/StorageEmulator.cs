using ModelJobs.LocalRuntime.Hosting;

[assembly: AssemblyFixture(typeof(ModelJobs.Tests.Support.StorageEmulator))]

namespace ModelJobs.Tests.Support;

/// <summary>One Azurite for all tests, in memory; each test has a container of its own.</summary>
public sealed class StorageEmulator : IAsyncLifetime
{
    private AzuriteProcess? _azurite;

    public string ConnectionString => _azurite?.ConnectionString ?? throw new InvalidOperationException("Azurite is not started.");

    public async ValueTask InitializeAsync() =>
        _azurite = await AzuriteProcess.StartAsync(new AzuriteOptions { SearchFolder = AppContext.BaseDirectory }, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_azurite is not null)
        {
            await _azurite.DisposeAsync();
        }
    }
}

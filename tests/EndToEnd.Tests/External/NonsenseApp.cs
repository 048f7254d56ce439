using ModelJobs.EndToEnd.Tests.Support;
using ModelJobs.Tests.Support;

namespace ModelJobs.EndToEnd.Tests.External;

/// <summary>One app for all kinds of nonsense: none of them may do harm to it.</summary>
public sealed class NonsenseApp(StorageEmulator storage) : IAsyncLifetime
{
    private LocalApp? _app;

    public LocalApp App => _app ?? throw new InvalidOperationException("The app is not started.");

    public async ValueTask InitializeAsync() => _app = await LocalApp.StartAsync(storage, "Models:foreign:Runner=external");

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }
    }
}

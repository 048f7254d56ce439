using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ModelJobs.LocalRuntime.Faults;
using ModelJobs.LocalRuntime.Store;

namespace ModelJobs.LocalRuntime.Hosting;

/// <summary>
/// The running app. Storage comes first and goes last: services of the app may read its connection string in their constructors.
/// Then start, in this order, the app's own hosted services, the durable engine, the triggers and the HTTP server; they stop in
/// reverse.
/// </summary>
internal sealed partial class LocalRuntimeHost(
    WebApplication app,
    LocalRuntimeOptions options,
    StorageEmulator storage,
    BlobProxy? proxy,
    IDisposable broker,
    StateStore? store)
    : IHost, IAsyncDisposable
{
    private readonly ILogger _logger = app.Services.GetRequiredService<ILogger<LocalRuntimeHost>>();

    public IServiceProvider Services => app.Services;

    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        if (options.SettingsFile is { } settingsFile && AppConfiguration.IsSample(settingsFile))
        {
            LogSampleSettings(_logger, settingsFile);
        }

        if (store is not null)
        {
            _ = StopWhenStateFailsAsync(store);
        }

        await storage.StartAsync(cancellationToken);
        _ = StopWhenStorageIsLostAsync();
        if (proxy is not null)
        {
            await proxy.StartAsync(app.Configuration, StorageEmulator.Connections, cancellationToken);
        }

        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (IOException exception) when (exception.InnerException is AddressInUseException)
        {
            throw new LocalRuntimeException(
                $"Port {options.HttpPort} of {options.HttpHost} is in use. Stop the program that has it, or choose another port with " +
                "--port (LocalRuntime:HttpPort); 0 takes a free one.",
                exception);
        }

        var address = app.Services.GetRequiredService<LocalRuntimeAddress>();
        address.BaseUri = BaseUri();
        LogListening(_logger, address.BaseUri);
    }

    public Task StopAsync(CancellationToken cancellationToken = default) => app.StopAsync(cancellationToken);

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    public async ValueTask DisposeAsync()
    {
        // Services may still write while they are disposed, so what they write to goes last.
        try
        {
            await app.DisposeAsync();
        }
        finally
        {
            broker.Dispose();
            store?.Dispose();
            await storage.DisposeAsync();
        }
    }

    /// <summary>What is not on disk is not done: an app that cannot write its state any more does nothing any more.</summary>
    private async Task StopWhenStateFailsAsync(StateStore store)
    {
        LogStateFailed(_logger, await store.Failed);
        app.Lifetime.StopApplication();
    }

    /// <summary>Without its blobs the app would try again and again, and let its callers wait.</summary>
    private async Task StopWhenStorageIsLostAsync()
    {
        await storage.Lost;
        app.Lifetime.StopApplication();
    }

    private Uri BaseUri()
    {
        var addresses = app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;
        var bound = BindingAddress.Parse(addresses.First());
        // A caller cannot connect to "any address".
        var host = IPAddress.TryParse(bound.Host.Trim('[', ']'), out var ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any))
            ? "127.0.0.1"
            : bound.Host;
        return new Uri($"{bound.Scheme}://{host}:{bound.Port}/");
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "There is no local.settings.json; using {File}. Copy it to local.settings.json to change settings")]
    private static partial void LogSampleSettings(ILogger logger, string file);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The app stops: its state cannot be written any more")]
    private static partial void LogStateFailed(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Information, Message = "Functions answer at {BaseUri}")]
    private static partial void LogListening(ILogger logger, Uri baseUri);
}

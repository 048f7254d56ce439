using Azure.Storage.Blobs;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ModelJobs.Functions;
using ModelJobs.LocalRuntime.Hosting;

namespace ModelJobs.Bench.InProcess;

/// <summary>The app on the local runtime in this process, durable, on a new data folder, reached over HTTP: what it says about itself can be heard here.</summary>
internal sealed class AppInProcess : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly TemporaryFolder _folder;

    private AppInProcess(IHost host, TemporaryFolder folder)
    {
        (_host, _folder) = (host, folder);
        Jobs = new JobClient(host.Services.GetRequiredService<LocalRuntimeAddress>().BaseUri);
    }

    /// <summary>A client of its HTTP API.</summary>
    public JobClient Jobs { get; }

    /// <summary>Its storage.</summary>
    public BlobServiceClient Blobs => _host.Services.GetRequiredService<BlobServiceClient>();

    /// <summary>Its orchestrations.</summary>
    public DurableTaskClient Durable => _host.Services.GetRequiredService<DurableTaskClient>();

    /// <summary>Starts it with the settings that it ships with.</summary>
    /// <param name="settings">Others, as <c>--Section:Key=value</c>.</param>
    public static async Task<AppInProcess> StartAsync(params string[] settings)
    {
        var folder = new TemporaryFolder();
        try
        {
            var builder = ModelJobsApp.CreateBuilder(
            [
                $"--LocalRuntime:AppRoot={AppContext.BaseDirectory}", $"--LocalRuntime:DataFolder={folder.Path}", "--LocalRuntime:HttpPort=0", .. settings,
            ]);
            builder.Logging.ClearProviders();
            var host = builder.Build();
            await host.StartAsync();
            return new AppInProcess(host, folder);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Jobs.Dispose();
        await _host.StopAsync();
        _host.Dispose();
        _folder.Dispose();
    }
}

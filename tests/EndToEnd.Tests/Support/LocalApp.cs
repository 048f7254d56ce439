using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using ModelJobs.Functions;
using ModelJobs.Functions.Process.Runners;
using ModelJobs.LocalRuntime.Hosting;
using StorageEmulator = ModelJobs.Tests.Support.StorageEmulator;

namespace ModelJobs.EndToEnd.Tests.Support;

/// <summary>The whole app on the local runtime, reached over HTTP as users reach it.</summary>
public sealed class LocalApp : IAsyncDisposable
{
    private readonly IHost _host;

    /// <param name="host">The app, started.</param>
    /// <param name="recorder">Its model <c>recorded</c>.</param>
    /// <param name="mended">Its model <c>mended</c>.</param>
    /// <param name="handler">How to reach it; null: by its address.</param>
    internal LocalApp(IHost host, RecordingRunner recorder, RecordingRunner mended, HttpMessageHandler? handler = null)
    {
        _host = host;
        (Recorder, Mended) = (recorder, mended);
        Http = new HttpClient(handler ?? new SocketsHttpHandler()) { BaseAddress = host.Services.GetRequiredService<LocalRuntimeAddress>().BaseUri, Timeout = TimeSpan.FromMinutes(2) };
        Jobs = new JobsApi(Http);
    }

    public HttpClient Http { get; }

    public JobsApi Jobs { get; }

    /// <summary>What the model <c>recorded</c> was asked, in order.</summary>
    public RecordingRunner Recorder { get; }

    /// <summary>What models of the runner <c>mended</c> were asked: they succeed whatever the item asks for.</summary>
    public RecordingRunner Mended { get; }

    public IServiceProvider Services => _host.Services;

    /// <summary>Starts the app with the models <c>simulate</c> and <c>recorded</c> (simulate that takes notes).</summary>
    /// <param name="storage">The storage emulator.</param>
    /// <param name="settings">More configuration, as <c>Section:Key=value</c>.</param>
    public static Task<LocalApp> StartAsync(StorageEmulator storage, params string[] settings) => StartAsync(storage, _ => { }, settings);

    /// <summary>Starts the app as a test has changed it.</summary>
    /// <param name="storage">The storage emulator.</param>
    /// <param name="configure">Changes the app before it is built.</param>
    /// <param name="settings">More configuration, as <c>Section:Key=value</c>.</param>
    public static async Task<LocalApp> StartAsync(StorageEmulator storage, Action<FunctionsApplicationBuilder> configure, params string[] settings)
    {
        var container = "test-" + Guid.CreateVersion7().ToString("N");
        string[] configuration =
        [
            "LocalRuntime:HttpPort=0",
            "LocalRuntime:State=Memory",
            $"LocalRuntime:DataFolder={Path.Combine(Path.GetTempPath(), container)}",
            $"JobStorage={storage.ConnectionString}",
            $"AzureWebJobsStorage={storage.ConnectionString}",
            $"Jobs:Container={container}",
            "Jobs:RetryDelay=00:00:00.005",
            "Jobs:ReturnDelay=00:00:00.02",
            "Jobs:MaxReturnDelay=00:00:00.05",
            "Jobs:LaneHold=00:00:00.05",
            "Jobs:PartInterval=00:00:00.3",
            "Jobs:Seed=1",
            "Models:recorded:Runner=recorded",
            .. settings,
        ];
        var builder = ModelJobsApp.CreateBuilder([.. configuration.Select(setting => "--" + setting)]);
        var recorder = new RecordingRunner(new SimulateRunner(TimeProvider.System));
        builder.Services.AddSingleton(new RunnerKind("recorded", _ => recorder));
        var mended = new RecordingRunner(new MendedRunner());
        builder.Services.AddSingleton(new RunnerKind("mended", _ => mended));
        configure(builder);
        var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        return new LocalApp(host, recorder, mended);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _host.StopAsync(CancellationToken.None);
        _host.Dispose();
    }
}

using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ModelJobs.LocalRuntime.Hosting;
using ModelJobs.LocalRuntime.Tests.Hosting;
using ModelJobs.LocalRuntime.Worker.Catalog;

namespace ModelJobs.LocalRuntime.Tests.Worker;

/// <summary>An app with the functions of one class, running on the local runtime without blobs.</summary>
internal sealed class TestApp : IAsyncDisposable
{
    /// <summary>Bounds every wait of a test; nothing takes this long unless it hangs, even on a busy machine.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>Two queues, one of them with sessions. Messages are dead-lettered after three deliveries.</summary>
    private const string Queues = """
        {"UserConfig": {"Namespaces": [{"Name": "sbemulatorns", "Queues": [
          {"Name": "plain", "Properties": {"LockDuration": "PT1M", "MaxDeliveryCount": 3}},
          {"Name": "ordered", "Properties": {"LockDuration": "PT1M", "MaxDeliveryCount": 3, "RequiresSession": true}}
        ], "Topics": []}]}}
        """;

    private readonly AppFolder _folder;

    private TestApp(AppFolder folder, IHost host)
    {
        _folder = folder;
        Host = host;
        Http = new HttpClient();
        Bus = new ServiceBusClient(Configuration["ServiceBus"]!);
    }

    public IHost Host { get; }

    public HttpClient Http { get; }

    public ServiceBusClient Bus { get; }

    public IConfiguration Configuration => Host.Services.GetRequiredService<IConfiguration>();

    public DurableTaskClient Durable => Host.Services.GetRequiredService<DurableTaskClient>();

    /// <summary>A builder for the functions of a class; arguments override the test's settings.</summary>
    public static FunctionsApplicationBuilder CreateBuilder(AppFolder folder, Type functions, params string[] args)
    {
        var builder = FunctionsApplication.CreateBuilder(
        [
            "--LocalRuntime:AppRoot=" + folder.Path,
            "--LocalRuntime:HttpPort=0",
            "--LocalRuntime:Azurite=None",
            "--LocalRuntime:State=Memory",
            "--LocalRuntime:Seed=1",
            .. args,
        ]);
        builder.ConfigureFunctionsWebApplication();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(new FunctionTypes([functions]));
        return builder;
    }

    public static Task<TestApp> StartAsync<TFunctions>(params string[] args) => StartAsync<TFunctions>(static _ => { }, args);

    public static async Task<TestApp> StartAsync<TFunctions>(Action<FunctionsApplicationBuilder> configure, params string[] args)
    {
        var folder = new AppFolder().With("infra/servicebus.json", Queues);
        IHost? host = null;
        try
        {
            var builder = CreateBuilder(folder, typeof(TFunctions), args);
            configure(builder);
            host = builder.Build();
            await host.StartAsync(TestContext.Current.CancellationToken).WaitAsync(Limit);
            var app = new TestApp(folder, host);
            app.Http.BaseAddress = host.Services.GetRequiredService<LocalRuntimeAddress>().BaseUri;
            return app;
        }
        catch (Exception)
        {
            host?.Dispose();
            folder.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Bus.DisposeAsync();
        Http.Dispose();
        await Host.StopAsync(CancellationToken.None).WaitAsync(Limit);
        await ((IAsyncDisposable)Host).DisposeAsync().AsTask().WaitAsync(Limit);
        _folder.Dispose();
    }
}

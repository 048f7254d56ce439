using System.Diagnostics;
using System.Net;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using ModelJobs.LocalRuntime.Amqp.Hosting;
using ModelJobs.LocalRuntime.Broker;
using ModelJobs.LocalRuntime.Faults;
using ModelJobs.LocalRuntime.Store;
using ModelJobs.LocalRuntime.Worker.Catalog;
using ModelJobs.LocalRuntime.Worker.Durable.Management;
using ModelJobs.LocalRuntime.Worker.Http;
using ModelJobs.LocalRuntime.Worker.Invocation;
using ModelJobs.LocalRuntime.Worker.ServiceBus;
using ModelJobs.LocalRuntime.Worker.Timer;

namespace ModelJobs.LocalRuntime.Hosting;

/// <summary>Puts the parts of the runtime together around an app: configuration first, then services, then the host.</summary>
internal sealed class LocalAppBuilder
{
    private readonly Assembly _appAssembly;
    private readonly string _appRoot;
    private readonly string? _settingsFile;
    private readonly HostJson _host;
    private readonly EmbeddedServiceBus _serviceBus;
    private readonly LocalRuntimeAddress _address = new();

    public LocalAppBuilder(string[] args, Assembly appAssembly)
    {
        _appAssembly = appAssembly;
        var start = AppConfiguration.ReadStart(args);
        _appRoot = LocalRuntimeOptions.FindAppRoot(start);
        Web = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ApplicationName = appAssembly.GetName().Name,
            ContentRootPath = _appRoot,
            EnvironmentName = start["AZURE_FUNCTIONS_ENVIRONMENT"] ?? start["DOTNET_ENVIRONMENT"] ?? Environments.Development,
        });
        _settingsFile = AppConfiguration.Load(Web.Configuration, _appRoot, args);
        _host = HostJson.Load(_appRoot, Web.Configuration);
        _serviceBus = new EmbeddedServiceBus(Web.Configuration);
        ConfigureLogging(Web.Logging, _host, _address);
        Web.Host.UseDefaultServiceProvider(static options => options.ValidateScopes = options.ValidateOnBuild = true);
    }

    public WebApplicationBuilder Web { get; }

    public List<Func<FunctionExecutionDelegate, FunctionExecutionDelegate>> Middleware { get; } = [];

    public bool UsesAspNetCore { get; set; }

    public IHost Build()
    {
        var options = LocalRuntimeOptions.Read(Web.Configuration, _appRoot) with { SettingsFile = _settingsFile };
        var queues = EmbeddedServiceBus.ReadQueues(_appRoot);
        var store = options.State == StateMode.Disk ? StateStore.Open(options.DataFolder) : null;
        try
        {
            return Build(options, queues, store, SeedOf(options, store));
        }
        catch
        {
            store?.Dispose();
            throw;
        }
    }

    /// <summary>The only randomness that has no seed is the seed. Ids of an earlier start are in the store, so a given seed goes on from there.</summary>
    private static Random SeedOf(LocalRuntimeOptions options, StateStore? store)
        => options.Seed is { } seed ? new Random(seed + (int)(store?.Starts ?? 0)) : new Random(RandomNumberGenerator.GetInt32(int.MaxValue));

    private LocalRuntimeHost Build(LocalRuntimeOptions options, IReadOnlyList<QueueDefinition> queues, StateStore? store, Random seed)
    {
        FakeAuthentication.Configure(Web.Configuration, options);
        AddServices(Web.Services, options, queues, store, seed);
        ConfigureServer(Web, options);

        var app = Web.Build();
        var catalog = app.Services.GetRequiredService<FunctionCatalog>();
        _serviceBus.Connect(catalog, queues, _appRoot, app.Configuration);
        FakeAuthentication.Use(app, options);
        HttpFunctions.Map(app, catalog, _host.RoutePrefix);
        ManagementApi.Map(app);
        app.Services.GetRequiredService<DiagnosticListener>().Subscribe(new RefusedRequests(), static name => name == RefusedRequests.Event);
        var broker = BrokerDirectory.Register(_serviceBus.Host, app.Services.GetRequiredService<MessageBroker>());
        var storage = new StorageEmulator(options, _address, app.Configuration, app.Services.GetRequiredService<ILogger<StorageEmulator>>());
        return new LocalRuntimeHost(app, options, storage, app.Services.GetService<BlobProxy>(), broker, store);
    }

    private void AddServices(
        IServiceCollection services, LocalRuntimeOptions options, IReadOnlyList<QueueDefinition> queues, StateStore? store, Random seed)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton(_host);
        services.AddSingleton(_address);
        services.Configure<HostOptions>(host => host.ShutdownTimeout = options.StopTimeout);

        services.TryAddSingleton(FunctionTypes.InAssembly(_appAssembly));
        services.AddSingleton(provider => new TriggerFactory(Web.Configuration, _host, UsesAspNetCore));
        services.AddSingleton(static provider =>
            new InputBinders(new Lazy<DurableTaskClient>(provider.GetRequiredService<DurableTaskClient>)));
        services.AddSingleton<FunctionCatalog>();
        services.AddSingleton(new MiddlewarePipeline(Middleware));
        services.AddSingleton(new InvocationIds(seed.Next()));
        services.AddSingleton<InvocationLog>();
        services.AddSingleton<FunctionInvoker>();

        var brokerSeed = new Random(seed.Next());
        services.AddSingleton(provider => new MessageBroker(
            queues, provider.GetRequiredService<TimeProvider>(), brokerSeed, store, provider.GetService<QueueFactory>()));
        DurableEngine.AddTo(services, seed.Next(), store?.JournalOfHub());
        if (options.Faults is { } faults)
        {
            InjectedFaults.AddTo(services, FaultPlan.Parse(faults));
        }

        services.AddSingleton<ServiceBusListenerLog>();
        services.AddHostedService<AmqpEndpoint>();
        services.AddHostedService<ServiceBusListener>();
        services.AddHostedService<TimerListener>();
        services.AddRouting();
    }

    private static void ConfigureServer(WebApplicationBuilder web, LocalRuntimeOptions options)
        => web.WebHost.UseKestrelCore().ConfigureKestrel(server =>
        {
            server.AddServerHeader = false;
            server.Limits.MaxRequestBodySize = options.MaxRequestBodyBytes;
            server.Listen(
                new IPEndPoint(ListenAddress.Parse(options.HttpHost, nameof(options.HttpHost)), options.HttpPort),
                static listen =>
                {
                    listen.Protocols = HttpProtocols.Http1;
                    RefusedRequests.UseOn(listen);
                });
        });

    private static void ConfigureLogging(ILoggingBuilder logging, HostJson host, LocalRuntimeAddress address)
    {
        // Standard output belongs to the program: the command line prints JSON there.
        logging.AddSimpleConsole(static format => format.SingleLine = true);
        logging.Services.Configure<ConsoleLoggerOptions>(static console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        // What fails a start is thrown to who starts; logged as well, with its stack, it would bury the message.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", level => level >= LogLevel.Warning && address.IsKnown);
        foreach (var (category, level) in host.LogLevels)
        {
            if (category.Equals("default", StringComparison.OrdinalIgnoreCase))
            {
                logging.SetMinimumLevel(level);
            }
            else
            {
                logging.AddFilter(category, level);
            }
        }
    }
}

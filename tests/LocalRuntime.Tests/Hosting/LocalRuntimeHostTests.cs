using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ModelJobs.LocalRuntime.Hosting;
using ModelJobs.LocalRuntime.Tests.Engine;
using ModelJobs.LocalRuntime.Tests.Worker;

namespace ModelJobs.LocalRuntime.Tests.Hosting;

public sealed class LocalRuntimeHostTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Start_OnPortZero_TellsThePortThatItTook()
    {
        await using var app = await TestApp.StartAsync<NoFunctions>();

        var address = app.Host.Services.GetRequiredService<LocalRuntimeAddress>().BaseUri;

        Assert.Equal("127.0.0.1", address.Host);
        Assert.NotEqual(0, address.Port);
    }

    [Fact]
    public async Task Start_OnATakenPort_SaysWhichAndHowToChooseAnother()
    {
        await using var app = await TestApp.StartAsync<NoFunctions>();
        var port = app.Host.Services.GetRequiredService<LocalRuntimeAddress>().BaseUri.Port;

        var exception = await Assert.ThrowsAsync<LocalRuntimeException>(() => TestApp.StartAsync<NoFunctions>($"--LocalRuntime:HttpPort={port}"));

        Assert.Contains($"Port {port} of 127.0.0.1 is in use", exception.Message, StringComparison.Ordinal);
        Assert.Contains("--port (LocalRuntime:HttpPort)", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_ThatFails_IsThrownAndNotLogged()
    {
        await using var app = await TestApp.StartAsync<NoFunctions>();
        var port = app.Host.Services.GetRequiredService<LocalRuntimeAddress>().BaseUri.Port;
        using var log = new ListLoggerProvider();

        await Assert.ThrowsAsync<LocalRuntimeException>(
            () => TestApp.StartAsync<NoFunctions>(builder => builder.Logging.AddProvider(log), $"--LocalRuntime:HttpPort={port}"));

        Assert.DoesNotContain(log.Entries, entry => entry.Contains("failed to start", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Service_OfTheAppThatFailsLater_IsLogged()
    {
        using var log = new ListLoggerProvider();
        var start = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var app = await TestApp.StartAsync<NoFunctions>(builder =>
        {
            builder.Logging.AddProvider(log);
            builder.Services.AddHostedService(_ => new Failing(start.Task));
        });
        var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        app.Host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(stopping.SetResult);

        start.SetResult();
        await stopping.Task.WaitAsync(TestApp.Limit, Cancel);

        Assert.Contains("BackgroundService failed", log.Entries);
    }

    [Fact]
    public void Build_WithoutQueueDefinition_SaysWhereItBelongs()
    {
        using var folder = new AppFolder();

        var exception = Assert.Throws<LocalRuntimeException>(() => TestApp.CreateBuilder(folder, typeof(ServiceBusTriggerTests.Ordered)).Build());

        Assert.Contains($"there is no {Path.Combine("infra", "servicebus.json")} in the app's root ({folder.Path})", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_InAnAppRootOfItsOwn_KeepTheStateThere()
    {
        using var folder = new AppFolder();

        var options = LocalRuntimeOptions.Read(new ConfigurationBuilder().Build(), folder.Path);

        Assert.Equal(Path.Combine(folder.Path, ".local"), options.DataFolder);
    }


    [Theory]
    [InlineData("--LocalRuntime:HttpPort=http", "'LocalRuntime:HttpPort' is 'http'; it must be a whole number from 0 to 65535")]
    [InlineData("--LocalRuntime:HtpPort=1", "'LocalRuntime:HtpPort' is not a known setting")]
    [InlineData("--LocalRuntime:Azurite=maybe", "'LocalRuntime:Azurite' is 'maybe'; it must be one of Start, Attach, None")]
    [InlineData("--LocalRuntime:HttpHost=nowhere", "LocalRuntime:HttpHost is 'nowhere'")]
    public async Task Start_WithAWrongSetting_NamesIt(string argument, string message)
    {
        var exception = await Assert.ThrowsAsync<LocalRuntimeException>(() => TestApp.StartAsync<NoFunctions>(argument));

        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Build_WithAWrongQueueDefinition_NamesTheFile()
    {
        using var folder = new AppFolder().With("infra/servicebus.json", """{"UserConfig": 5}""");

        var exception = Assert.Throws<LocalRuntimeException>(() => TestApp.CreateBuilder(folder, typeof(NoFunctions)).Build());

        Assert.Contains("servicebus.json", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ServiceBus_OfTwoApps_AreTwoNamespaces()
    {
        await using var one = await TestApp.StartAsync<NoFunctions>();
        await using var other = await TestApp.StartAsync<NoFunctions>();

        await one.Bus.CreateSender("plain").SendMessageAsync(new ServiceBusMessage("x"), Cancel);

        Assert.NotNull(await one.Bus.CreateReceiver("plain").PeekMessageAsync(cancellationToken: Cancel));
        Assert.Null(await other.Bus.CreateReceiver("plain").PeekMessageAsync(cancellationToken: Cancel));
    }

    [Fact]
    public async Task ServiceBus_ConfiguredElsewhere_IsStillTheEmbeddedOne()
    {
        await using var app = await TestApp.StartAsync<NoFunctions>(
            "--ServiceBus=Endpoint=sb://real.servicebus.windows.net/;SharedAccessKeyName=n;SharedAccessKey=k");

        Assert.DoesNotContain("windows.net", app.Configuration["ServiceBus"], StringComparison.Ordinal);
        Assert.Contains("UseDevelopmentEmulator=true", app.Configuration["ServiceBus"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task HostedService_OfTheApp_StartsBeforeTheServerAndStopsAfterIt()
    {
        var service = new Recorder();
        await using var app = await TestApp.StartAsync<NoFunctions>(builder => builder.Services.AddHostedService(provider =>
        {
            service.Address = provider.GetRequiredService<LocalRuntimeAddress>();
            return service;
        }));

        Assert.False(service.KnewAddressAtStart);
        await app.Host.StopAsync(Cancel).WaitAsync(TestApp.Limit, Cancel);
        Assert.True(service.IsStopped);
        await Assert.ThrowsAsync<HttpRequestException>(() => app.Http.GetAsync("api", Cancel));
    }

    [Fact]
    public async Task Stop_OfAnIdleApp_WaitsForNoTimeout()
    {
        // Listeners wait for messages and sessions, and a connection is open: none of them may hold up the stop.
        await using var app = await TestApp.StartAsync<ServiceBusTriggerTests.Ordered>(
            builder => builder.Services.AddSingleton(new ServiceBusTriggerTests.Seen()), "--LocalRuntime:StopTimeout=1.00:00:00");
        using var open = await app.Http.GetAsync("api", Cancel);

        await app.Host.StopAsync(Cancel).WaitAsync(TestApp.Limit, Cancel);
    }

    [Fact]
    public async Task Service_ScopedInASingleton_IsRefusedAtBuild()
    {
        await Assert.ThrowsAsync<AggregateException>(() => TestApp.StartAsync<NoFunctions>(builder =>
        {
            builder.Services.AddScoped<Scoped>();
            builder.Services.AddSingleton<Captive>();
        }));
    }

    public sealed class NoFunctions;

    public sealed class Scoped;

    public sealed class Captive(Scoped scoped)
    {
        public Scoped Scoped => scoped;
    }

    private sealed class Failing(Task start) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await start;
            throw new InvalidOperationException();
        }
    }

    private sealed class Recorder : IHostedService
    {
        public LocalRuntimeAddress? Address { get; set; }

        public bool KnewAddressAtStart { get; private set; }

        public bool IsStopped { get; private set; }

        public Task StartAsync(CancellationToken cancellationToken)
        {
            KnewAddressAtStart = Record.Exception(() => Address!.BaseUri) is null;
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            IsStopped = true;
            return Task.CompletedTask;
        }
    }
}

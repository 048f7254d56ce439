using Microsoft.Extensions.Time.Testing;
using ModelJobs.Cli.Serve;
using ModelJobs.Cli.Tests.StandIns;

namespace ModelJobs.Cli.Tests.Commands;

public sealed class ServeCommandTests
{
    [Fact]
    public async Task Serve_UntilInterrupted_PrintsItsAddressAndStopsCleanly()
    {
        await using var service = await StandInService.StartAsync(new FakeTimeProvider());
        var starter = new StandInStarter(service);
        using var interrupt = new CancellationTokenSource();

        var running = CliRun.ExecuteAsync(
            ["serve", "--port", "0", "--data", "elsewhere"], new CliSetup { Starter = starter, Interrupt = interrupt.Token });
        await starter.Waiting.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await interrupt.CancelAsync();
        var run = await running;

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(new(0, null, "elsewhere", Quiet: false), starter.Options);
        Assert.Contains($"Serving at {service.BaseUri}", run.Error, StringComparison.Ordinal);
        Assert.Contains("data in /data, settings of /app/local.settings.sample.json", run.Error, StringComparison.Ordinal);
        Assert.Contains($"--endpoint http://127.0.0.1:{service.BaseUri.Port}", run.Error, StringComparison.Ordinal);
        Assert.True(starter.Stopped);
    }

    [Fact]
    public async Task Serve_WithQueuesAndBlobsOfItsOwn_PrintsWhatWorkersConnectWith()
    {
        await using var service = await StandInService.StartAsync(new FakeTimeProvider());
        var starter = new StandInStarter(service) { ServiceBusConnectionString = "Endpoint=sb://queues", StorageConnectionString = "BlobEndpoint=http://blobs" };
        using var interrupt = new CancellationTokenSource();
        await interrupt.CancelAsync();

        var run = await CliRun.ExecuteAsync(["serve"], new CliSetup { Starter = starter, Interrupt = interrupt.Token });

        Assert.Contains("  Endpoint=sb://queues", run.ErrorLines);
        Assert.Contains("  BlobEndpoint=http://blobs", run.ErrorLines);
    }

    [Fact]
    public async Task Serve_WithoutOptions_LeavesThemToTheSettings()
    {
        await using var service = await StandInService.StartAsync(new FakeTimeProvider());
        var starter = new StandInStarter(service);
        using var interrupt = new CancellationTokenSource();
        await interrupt.CancelAsync();

        await CliRun.ExecuteAsync(["serve"], new CliSetup { Starter = starter, Interrupt = interrupt.Token });

        Assert.Equal(new(null, null, null, Quiet: false), starter.Options);
    }

    [Fact]
    public async Task Serve_WithFaults_StartsTheServiceWithThem()
    {
        await using var service = await StandInService.StartAsync(new FakeTimeProvider());
        var starter = new StandInStarter(service);
        using var interrupt = new CancellationTokenSource();
        await interrupt.CancelAsync();

        await CliRun.ExecuteAsync(["serve", "--faults", "7:settles"], new CliSetup { Starter = starter, Interrupt = interrupt.Token });

        Assert.Equal(new(null, null, null, Quiet: false) { Faults = "7:settles" }, starter.Options);
    }

    [Theory]
    [InlineData("off", "")]
    [InlineData("0", "0")]
    [InlineData("5673", "5673")]
    public async Task Serve_WithAnAmqpPort_TakesIt(string option, string setting)
    {
        await using var service = await StandInService.StartAsync(new FakeTimeProvider());
        var starter = new StandInStarter(service);
        using var interrupt = new CancellationTokenSource();
        await interrupt.CancelAsync();

        await CliRun.ExecuteAsync(["serve", "--amqp-port", option], new CliSetup { Starter = starter, Interrupt = interrupt.Token });

        Assert.Equal(setting, starter.Options!.AmqpPort);
    }

    [Theory]
    [InlineData("on")]
    [InlineData("-1")]
    [InlineData("65536")]
    public async Task Serve_WithAnAmqpPortThatIsNone_SaysWhatItMustBe(string text)
    {
        var run = await CliRun.ExecuteAsync(["serve", "--amqp-port", text], new CliSetup());

        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("--amqp-port must be a whole number from 0 to 65535, or off.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_ThatStopsByItself_IsNoSuccess()
    {
        await using var service = await StandInService.StartAsync(new FakeTimeProvider());
        var starter = new StandInStarter(service);
        starter.Failure.SetResult();

        var run = await CliRun.ExecuteAsync(["serve"], new CliSetup { Starter = starter });

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("The service stopped by itself", run.Error, StringComparison.Ordinal);
        Assert.True(starter.Stopped);
    }

    [Fact]
    public async Task Serve_InterruptedWhileItStarts_SaysSo()
    {
        using var interrupt = new CancellationTokenSource();
        await interrupt.CancelAsync();

        var run = await CliRun.ExecuteAsync(["serve"], new CliSetup { Starter = new EndlessStarter(), Interrupt = interrupt.Token });

        Assert.Equal(130, run.ExitCode);
        Assert.Equal(["Stopped before the service had started."], run.ErrorLines);
    }

    private sealed class EndlessStarter : IServiceStarter
    {
        public async Task<IRunningService> StartAsync(ServiceOptions options, CancellationToken cancellationToken)
        {
            await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
            throw new InvalidOperationException();
        }
    }
}

using Microsoft.Extensions.Time.Testing;
using ModelJobs.Cli.Tests.StandIns;

namespace ModelJobs.Cli.Tests.Commands;

public sealed class ServeCommandTests
{
    [Fact]
    public async Task Serve_UntilInterrupted_PrintsItsAddressAndStopsCleanly()
    {
        await using StandInService service = await StandInService.StartAsync(new FakeTimeProvider());
        var starter = new StandInStarter(service);
        using var interrupt = new CancellationTokenSource();

        Task<CliRun> running = CliRun.ExecuteAsync(
            ["serve", "--port", "0", "--data", "elsewhere"], new CliSetup { Starter = starter, Interrupt = interrupt.Token });
        await starter.Waiting.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await interrupt.CancelAsync();
        CliRun run = await running;

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(new(0, 5672, "elsewhere", Quiet: false), starter.Options);
        Assert.Contains($"Serving at {service.BaseUri}", run.Error, StringComparison.Ordinal);
        Assert.Contains($"--endpoint http://127.0.0.1:{service.BaseUri.Port}", run.Error, StringComparison.Ordinal);
        Assert.True(starter.Stopped);
    }

    [Fact]
    public async Task Serve_WithoutPort_TakesThePortOfTheFunctionsHost()
    {
        await using StandInService service = await StandInService.StartAsync(new FakeTimeProvider());
        var starter = new StandInStarter(service);
        using var interrupt = new CancellationTokenSource();
        await interrupt.CancelAsync();

        await CliRun.ExecuteAsync(["serve"], new CliSetup { Starter = starter, Interrupt = interrupt.Token });

        Assert.Equal(new(7071, 5672, ".local", Quiet: false), starter.Options);
    }
}

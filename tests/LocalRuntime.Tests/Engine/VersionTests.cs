using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Tests.Engine;

public sealed class VersionTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Schedule_WithoutAVersion_GetsTheDefaultOfTheAppAndSoDoSubOrchestrations()
    {
        await using var harness = await Harness(new EngineOptions { DefaultVersion = "2.0" }).StartAsync();

        var ended = await harness.RunAsync("Parent");

        Assert.Equal("2.0 2.0", ended.ReadOutputAs<string>());
    }

    [Fact]
    public async Task Schedule_WithAVersion_KeepsItAndSubOrchestrationsHaveTheDefaultAllTheSame()
    {
        await using var harness = await Harness(new EngineOptions { DefaultVersion = "2.0" }).StartAsync();

        Assert.Equal("1.5 2.0", (await RunAsync(harness, "1.5")).ReadOutputAs<string>());
    }

    [Theory]
    [InlineData(nameof(VersionMatchStrategy.CurrentOrOlder), "1.9", true)]
    [InlineData(nameof(VersionMatchStrategy.CurrentOrOlder), "2.0", true)]
    [InlineData(nameof(VersionMatchStrategy.CurrentOrOlder), "2.1", false)]
    [InlineData(nameof(VersionMatchStrategy.Strict), "1.9", false)]
    [InlineData(nameof(VersionMatchStrategy.None), "2.1", true)]
    public async Task Run_OfAnotherVersion_FailsUnlessTheStrategyMatches(string strategy, string version, bool runs)
    {
        var options = new EngineOptions
        {
            DefaultVersion = "2.0",
            VersionMatchStrategy = Enum.Parse<VersionMatchStrategy>(strategy),
            VersionFailureStrategy = VersionFailureStrategy.Fail,
        };
        await using var harness = await Harness(options).StartAsync();

        var ended = await RunAsync(harness, version);

        Assert.Equal(runs ? OrchestrationRuntimeStatus.Completed : OrchestrationRuntimeStatus.Failed, ended.RuntimeStatus);
        Assert.Equal(runs ? null : VersionMatch.ErrorType, ended.FailureDetails?.ErrorType);
    }

    [Fact]
    public async Task Run_OfANewerVersion_WaitsUntilTheAppHasIt()
    {
        using var folder = new Store.StateFolder();
        await using (var old = await Harness(new EngineOptions { DefaultVersion = "1" }, folder.Store.JournalOfHub()).StartAsync())
        {
            await old.Client.ScheduleNewOrchestrationInstanceAsync(
                "Parent", new StartOrchestrationOptions("waits") { Version = "2" }, Token);
            await old.RunAsync("Parent");
            Assert.Equal(OrchestrationRuntimeStatus.Pending, old.Status("waits"));
        }

        folder.Reopen();
        await using var current = await Harness(new EngineOptions { DefaultVersion = "2" }, folder.Store.JournalOfHub()).StartAsync();

        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await current.CompletionAsync("waits")).RuntimeStatus);
    }

    [Fact]
    public async Task CompareVersionTo_InAnOrchestrator_ComparesItsOwnVersion()
    {
        await using var harness = await new EngineHarness()
            .Orchestrator("Parent", context => Task.FromResult($"{context.CompareVersionTo("1.9")} {context.CompareVersionTo("1.10")}"))
            .StartAsync();

        Assert.Equal("1 0", (await RunAsync(harness, "1.10")).ReadOutputAs<string>());
    }

    private static async Task<OrchestrationMetadata> RunAsync(EngineHarness harness, string version)
        => await harness.CompletionAsync(await harness.Client.ScheduleNewOrchestrationInstanceAsync(
            "Parent", new StartOrchestrationOptions { Version = version }, Token));

    private static EngineHarness Harness(EngineOptions options, IHubJournal? journal = null) => new EngineHarness(options, journal: journal)
        .Orchestrator("Parent", async context => $"{context.Version} {await context.CallSubOrchestratorAsync<string>("Child")}")
        .Orchestrator("Child", context => Task.FromResult(context.Version));
}

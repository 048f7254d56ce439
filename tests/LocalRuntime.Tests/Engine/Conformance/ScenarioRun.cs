using Microsoft.DurableTask.Client;

namespace ModelJobs.LocalRuntime.Tests.Engine.Conformance;

/// <summary>A scenario that runs on this engine, under fake time.</summary>
internal sealed class ScenarioRun(EngineHarness harness, string id) : IScenarioRun
{
    public string Id => id;

    public DurableTaskClient Client => harness.Client;

    public static EngineHarness Harness()
    {
        var harness = new EngineHarness();
        foreach (var (name, scenario) in Scenarios.All)
        {
            harness.Orchestrator(name, scenario.Orchestrator);
        }

        foreach (var (name, orchestrator) in Scenarios.Children)
        {
            harness.Orchestrator(name, orchestrator);
        }

        return harness
            .Activity<string?, string?>("Echo", static input => Scenarios.EchoActivity(input))
            .Activity<string?, string>("Fail", static input => Scenarios.FailActivity(input));
    }

    public Task StartedAsync() => HasAsync("OrchestratorCompleted", 1);

    public Task HasAsync(string eventType, int count)
        => harness.UntilAsync(() => harness.Engine.GetHistory(id).Count(e => e.EventType.ToString() == eventType) >= count);
}

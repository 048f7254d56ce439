using ModelJobs.Simulation.Tests.Support;

namespace ModelJobs.Simulation.Tests;

/// <summary>The capacity model against the whole app on simulated time. Budget: 10 seconds; on real time bench/ does the same.</summary>
public sealed class CapacitySimulationTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Run_JobsOverAGrid_DoWhatTheModelPredicts() => await SimulationRuns.RunAllAsync(
        "capacity",
        [
            new CapacitySimulation(nodes: 4, task: 1, delay: 0),
            new CapacitySimulation(nodes: 4, task: 1, delay: 0.5),
            new CapacitySimulation(nodes: 10, task: 10, delay: 7), // The example of docs/capacity.md, with all waits in one.
            new CapacitySimulation(nodes: 16, task: 0.5, delay: 2),
        ],
        output);
}

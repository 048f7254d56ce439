using ModelJobs.LocalRuntime.Faults;
using ModelJobs.Simulation.Tests.Support;

namespace ModelJobs.Simulation.Tests;

/// <summary>
/// Jobs that are cancelled, paused, resumed, redriven and discarded at random moments, that run into deadlines and beyond what they tolerate, under mild faults, on
/// simulated time: 200 seeds, in some twenty seconds. To repeat one: as <see cref="FaultSimulationTests"/>.
/// </summary>
public sealed class ControlSimulationTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("calm", 60)]
    [InlineData("mild", 140)]
    public async Task Run_ControlledAtRandomMoments_CountsAddUpAndTheOutputIsWhole(string profile, int seeds)
    {
        Assert.SkipUnless(SimulationRuns.One is null, "One simulation was asked for.");
        var simulations = Enumerable.Range(1, seeds * SimulationRuns.Factor)
            .Select(seed => new ControlSimulation(new FaultPlan(seed, FaultProfile.Find(profile)!)));
        await SimulationRuns.RunAllAsync(profile, [.. simulations], output);
    }

    [Fact]
    public async Task Run_OfTheSeedThatIsAskedFor_CountsAddUpAndTheOutputIsWhole()
    {
        Assert.SkipUnless(SimulationRuns.One is not null, "MODELJOBS_SIM_SEED names none.");
        await SimulationRuns.RunOneAsync(log => new ControlSimulation(FaultPlan.Parse(SimulationRuns.One), log), output);
    }
}

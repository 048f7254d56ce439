using ModelJobs.LocalRuntime.Faults;
using ModelJobs.Simulation.Tests.Support;

namespace ModelJobs.Simulation.Tests;

/// <summary>
/// The whole app under faults, on simulated time: 500 seeds over the profiles, in about a minute. <c>MODELJOBS_SIM_SEED=17:settles</c> runs one of them alone
/// and prints its log, <c>MODELJOBS_SIM_REPEAT=50</c> that many times; <c>MODELJOBS_SIM_FACTOR=20</c> runs twenty times as many seeds.
/// </summary>
public sealed class FaultSimulationTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("calm", 30, false)]
    [InlineData("settles", 90, false)]
    [InlineData("locks", 90, false)]
    [InlineData("storage", 80, false)]
    [InlineData("durable", 80, false)]
    [InlineData("everything", 90, false)]
    [InlineData("calm", 20, true)]
    [InlineData("everything", 20, true)]
    public async Task Run_UnderFaults_KeepsTheInvariants(string profile, int seeds, bool crashes)
    {
        Assert.SkipUnless(SimulationRuns.One is null, "One simulation was asked for.");
        var simulations = Enumerable.Range(1, seeds * SimulationRuns.Factor).Select(seed => crashes
            ? FaultSimulation.WithCrash(seed, FaultProfile.Find(profile)!)
            : new FaultPlan(seed, FaultProfile.Find(profile)!));
        await SimulationRuns.RunAllAsync(
            crashes ? $"{profile}, with a crash each" : profile, [.. simulations.Select(plan => new FaultSimulation(plan))], output);
    }

    [Fact]
    public async Task Run_OfTheSeedThatIsAskedFor_KeepsTheInvariants()
    {
        Assert.SkipUnless(SimulationRuns.One is not null, "MODELJOBS_SIM_SEED names none.");
        await SimulationRuns.RunOneAsync(log => new FaultSimulation(FaultPlan.Parse(SimulationRuns.One), log), output);
    }
}

using ModelJobs.LocalRuntime.Faults;
using ModelJobs.Simulation.Tests.Support;

namespace ModelJobs.Simulation.Tests;

/// <summary>
/// The whole app under faults, on simulated time: 500 seeds over the profiles, in about a minute. <c>MODELJOBS_SIM_SEED=17:settles</c> runs one of them alone
/// and prints its log; <c>MODELJOBS_SIM_FACTOR=20</c> runs twenty times as many.
/// </summary>
public sealed class FaultSimulationTests(ITestOutputHelper output)
{
    private const int SideBySide = 8;

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
        if (Environment.GetEnvironmentVariable("MODELJOBS_SIM_SEED") is { Length: > 0 } one)
        {
            await RunOneAsync(FaultPlan.Parse(one));
            return;
        }

        var factor = int.TryParse(Environment.GetEnvironmentVariable("MODELJOBS_SIM_FACTOR"), null, out var more) ? more : 1;
        var simulations = Enumerable.Range(1, seeds * factor).Select(seed => crashes
            ? FaultSimulation.WithCrash(seed, FaultProfile.Find(profile)!)
            : new FaultPlan(seed, FaultProfile.Find(profile)!));
        var start = TimeProvider.System.GetTimestamp();
        var pump = await RunAsync(simulations.Select(plan => new FaultSimulation(plan)), SideBySide);
        output.WriteLine($"{seeds * factor} seeds of {profile}, {pump.Jumps} jumps, {TimeProvider.System.GetElapsedTime(start)}; longest: {pump.Longest}");
    }

    private async Task RunOneAsync(FaultPlan plan)
    {
        var log = new SimulationLog();
        try
        {
            await RunAsync([new FaultSimulation(plan, log)], sideBySide: 1);
        }
        finally
        {
            foreach (var line in log.Lines)
            {
                output.WriteLine(line);
            }
        }
    }

    private static async Task<SimulationPump> RunAsync(IEnumerable<FaultSimulation> simulations, int sideBySide)
    {
        try
        {
            return await SimulationPump.RunAsync(simulations, sideBySide);
        }
        catch (AggregateException failures)
        {
            throw new InvalidOperationException(string.Join('\n', failures.InnerExceptions.Select(failure => failure.Message)), failures.InnerException);
        }
    }
}

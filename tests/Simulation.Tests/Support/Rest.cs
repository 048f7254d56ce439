using ModelJobs.EndToEnd.Tests.Support;

namespace ModelJobs.Simulation.Tests.Support;

/// <summary>Waits until what was delivered again after its job had ended has come to its end as well.</summary>
internal static class Rest
{
    /// <summary>Chunks of some minutes each, delivered some times, a minute's lock between.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromHours(6);

    private static readonly TimeSpan Step = TimeSpan.FromMinutes(2);

    /// <summary>Lets time pass until nothing is left that could be run, or for longer than that can take.</summary>
    public static async Task OfAsync(LocalApp app, SimulatedTime time)
    {
        var end = time.Elapsed + Longest;
        do
        {
            await Task.Delay(Step, time);
        }
        while (!QueueInvariants.IsAtRest(app) && time.Elapsed < end);
    }
}

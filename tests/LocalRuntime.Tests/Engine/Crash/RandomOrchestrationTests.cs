using System.Collections.Concurrent;
using System.Globalization;
using DurableTask.Core.History;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Tests.Engine.Crash;

/// <summary>
/// Random orchestrations come to the result that they must have, whatever happens. <c>MODELJOBS_SIMULATIONS</c> sets how many (nightly:
/// 200,000), <c>MODELJOBS_SIMULATION_SEED</c> repeats one.
/// </summary>
public sealed class RandomOrchestrationTests(ITestOutputHelper output)
{
    private const int Simulations = 2_500;
    private const string OneSeed = "MODELJOBS_SIMULATION_SEED";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Run_OfARandomOrchestration_GivesItsResultWithAndWithoutTrouble(bool hasTrouble)
    {
        var failures = new ConcurrentDictionary<int, string>();
        var crashes = 0;
        Parallel.ForEach(
            Seeds(),
            new ParallelOptions { CancellationToken = TestContext.Current.CancellationToken, MaxDegreeOfParallelism = Environment.ProcessorCount },
            (seed, loop) =>
            {
                try
                {
                    var simulation = new Simulation(seed, hasTrouble);
                    Assert.Equal(simulation.ExpectedOutcome, simulation.Run());
                    CheckHistories(simulation.Engine);
                    Interlocked.Add(ref crashes, simulation.Crashes);
                }
                catch (Exception exception) when (exception is not OperationCanceledException)
                {
                    failures.TryAdd(seed, exception.ToString());
                    loop.Stop();
                }
            });

        output.WriteLine($"{crashes} crashes");
        Assert.True(failures.IsEmpty, string.Join('\n', failures.Take(1).Select(failure
            => $"Seed {failure.Key} failed; repeat it with {OneSeed}={failure.Key}. {failure.Value}")));
        Assert.True(crashes > 0 == hasTrouble || Setting(OneSeed) is not null, "Crashes are to happen where they are wanted, and nowhere else.");
    }

    /// <summary>Every call was answered once, turns begin and end in turn, requests are numbered in their order.</summary>
    private static void CheckHistories(OrchestrationEngine engine)
    {
        foreach (var instance in engine.Read(hub => hub.Instances.ToList()))
        {
            var asked = instance.History.Where(e => ActionKey.Of(e) is not null).Select(e => e.EventId).ToList();
            Assert.Equal(Enumerable.Range(0, asked.Count), asked);
            var answered = instance.History.Select(Outcome.TaskOf).OfType<int>().ToList();
            Assert.Equal(answered.Distinct(), answered);
            Assert.Equal(
                instance.History.Where(e => e is TaskScheduledEvent or SubOrchestrationInstanceCreatedEvent).Select(e => e.EventId),
                instance.History.Where(e => e is not TimerFiredEvent).Select(Outcome.TaskOf).OfType<int>().Order());
            Assert.Equal(
                instance.History.Count(e => e is OrchestratorStartedEvent),
                instance.History.Count(e => e is OrchestratorCompletedEvent));
            Assert.Single(instance.History.OfType<ExecutionStartedEvent>());
            Assert.IsType<ExecutionCompletedEvent>(instance.History[^2]);
        }
    }

    private static IEnumerable<int> Seeds()
        => Setting(OneSeed) is { } seed ? [seed] : Enumerable.Range(1, Setting("MODELJOBS_SIMULATIONS") ?? Simulations);

    private static int? Setting(string name)
        => int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : null;
}

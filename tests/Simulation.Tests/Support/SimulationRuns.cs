using System.Globalization;

namespace ModelJobs.Simulation.Tests.Support;

/// <summary>
/// Runs a test's simulations, and says of each that fails how to run it alone. All that is drawn comes from a seed, but not in which order the threads of the
/// process come along: one that failed for that may have to be repeated some times.
/// </summary>
internal static class SimulationRuns
{
    private const int SideBySide = 8;

    /// <summary>The one simulation that is asked for by <c>MODELJOBS_SIM_SEED</c>; null: all.</summary>
    public static string? One => Environment.GetEnvironmentVariable("MODELJOBS_SIM_SEED") is { Length: > 0 } one ? one : null;

    /// <summary>How many times as many seeds are asked for by <c>MODELJOBS_SIM_FACTOR</c>.</summary>
    public static int Factor => Number("MODELJOBS_SIM_FACTOR");

    /// <summary>Runs many simulations.</summary>
    /// <exception cref="InvalidOperationException">Some failed; the message has the command that runs each.</exception>
    public static async Task RunAllAsync(string name, IReadOnlyCollection<ISimulation> simulations, ITestOutputHelper output)
    {
        var start = TimeProvider.System.GetTimestamp();
        var pump = await RunAsync(simulations);
        output.WriteLine($"{simulations.Count} seeds of {name}, {pump.Jumps} jumps, {TimeProvider.System.GetElapsedTime(start)}; longest: {pump.Longest}");
    }

    /// <summary>Runs one simulation, <c>MODELJOBS_SIM_REPEAT</c> times, and prints the log of one that failed, or else of the last.</summary>
    public static async Task RunOneAsync(Func<SimulationLog, ISimulation> create, ITestOutputHelper output)
    {
        var runs = Enumerable.Range(0, Number("MODELJOBS_SIM_REPEAT")).Select(_ => new Logged(create)).ToList();
        try
        {
            await RunAsync(runs);
        }
        finally
        {
            foreach (var line in (runs.Find(run => run.HasFailed) ?? runs[^1]).Log.Lines)
            {
                output.WriteLine(line);
            }
        }
    }

    private static int Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : 1;

    private static async Task<SimulationPump> RunAsync(IEnumerable<ISimulation> simulations)
    {
        try
        {
            return await SimulationPump.RunAsync(simulations, SideBySide);
        }
        catch (AggregateException failures)
        {
            throw new InvalidOperationException(string.Join('\n', failures.InnerExceptions.Select(failure => failure.Message)), failures.InnerException);
        }
    }

    private sealed class Logged : ISimulation
    {
        private readonly ISimulation _inner;
        private bool _isBegun;
        private bool _isDone;

        public Logged(Func<SimulationLog, ISimulation> create) => _inner = create(Log);

        public SimulationLog Log { get; } = new();

        public bool HasFailed => _isBegun && !_isDone;

        public SimulatedTime Time => _inner.Time;

        public bool IsBusy => _inner.IsBusy;

        public async Task RunAsync()
        {
            _isBegun = true;
            await _inner.RunAsync();
            _isDone = true;
        }

        public override string? ToString() => _inner.ToString();
    }
}

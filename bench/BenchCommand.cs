using System.CommandLine;
using ModelJobs.Bench.Capacity;
using ModelJobs.Bench.Comparison;
using ModelJobs.Bench.Digits;
using ModelJobs.Bench.Latency;
using ModelJobs.Bench.WholePath;

namespace ModelJobs.Bench;

/// <summary>The command line: every part runs by default, each can be left out.</summary>
internal sealed class BenchCommand : RootCommand
{
    private static readonly string[] AllStates = ["Disk", "Memory"];

    private readonly Option<int[]> _sizes = List("--sizes", "Items of the whole path's jobs; 0 leaves the part out", 1000, 10_000, 100_000, 1_000_000);
    private readonly Option<int[]> _chunkItems = List("--chunk-items", "Items in a chunk", 1, 50);
    private readonly Option<string[]> _states = List("--states", "Where queues and histories are kept: Disk, Memory", AllStates);
    private readonly Option<string[]> _peers = List("--peers", $"Systems to compare with: {string.Join(", ", Peer.Names)}; none leaves the part out", [.. Peer.Names]);
    private readonly Option<int> _peerEvents = new("--peer-events") { Description = "Events of the comparison", DefaultValueFactory = _ => 10_000 };
    private readonly Option<int> _repeats = new("--repeats") { Description = "Measured runs, of which the median counts", DefaultValueFactory = _ => 5 };
    private readonly Option<int> _warmup = new("--warmup") { Description = "Seconds of small jobs before each measurement", DefaultValueFactory = _ => 10 };
    private readonly Option<int> _concurrency = new("--concurrency") { Description = "Events that run at once", DefaultValueFactory = _ => 100 };
    private readonly Option<bool> _noBroker = new("--no-broker") { Description = "Leave out the broker alone" };

    public BenchCommand()
        : base("Measures the whole path, the broker alone, and other systems on the same work")
    {
        foreach (var option in new Option[] { _sizes, _chunkItems, _states, _peers, _peerEvents, _repeats, _warmup, _concurrency, _noBroker })
        {
            Options.Add(option);
        }

        Subcommands.Add(new CapacityCommand());
        Subcommands.Add(new LatencyCommand());
        Subcommands.Add(new DigitsCommand());
        _states.AcceptOnlyFromAmong(AllStates);
        _peers.AcceptOnlyFromAmong([.. Peer.Names, Peer.None]);
        SetAction((arguments, _) => RunAsync(arguments));
    }

    private async Task<int> RunAsync(ParseResult arguments)
    {
        var options = new BenchOptions
        {
            Sizes = [.. arguments.GetRequiredValue(_sizes).Where(size => size > 0)],
            ChunkItems = arguments.GetRequiredValue(_chunkItems),
            States = arguments.GetRequiredValue(_states),
            Peers = [.. arguments.GetRequiredValue(_peers).Where(name => name != Peer.None)],
            PeerEvents = arguments.GetValue(_peerEvents),
            Repeats = arguments.GetValue(_repeats),
            Warmup = TimeSpan.FromSeconds(arguments.GetValue(_warmup)),
            Concurrency = arguments.GetValue(_concurrency),
        };
        var output = Console.Out;
        output.WriteLine(Machine.Describe());
        if (options.Peers.Count > 0)
        {
            await ComparisonRun.MeasureAsync(output, options);
        }

        if (!arguments.GetValue(_noBroker))
        {
            await BrokerAlone.MeasureAsync(output, options);
        }

        var measured = new List<PathMeasurement>();
        foreach (var state in options.States)
        {
            foreach (var chunkItems in options.ChunkItems)
            {
                foreach (var size in options.Sizes)
                {
                    measured.Add(await PathRun.MeasureAsync(options, state, size, chunkItems));
                    await Console.Error.WriteLineAsync($"{state}, {chunkItems} items a chunk, {size} items: {measured[^1].Seconds:0.00} s");
                }
            }
        }

        if (measured.Count > 0)
        {
            PathTables.Print(output, measured);
        }

        return 0;
    }

    private static Option<T[]> List<T>(string name, string description, params T[] values) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => values,
        AllowMultipleArgumentsPerToken = true,
    };
}

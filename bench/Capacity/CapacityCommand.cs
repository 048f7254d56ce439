using System.CommandLine;
using System.Globalization;

namespace ModelJobs.Bench.Capacity;

/// <summary><c>capacity</c>: what the capacity model predicts of jobs over a grid of N, Tc and Tp, and what they do.</summary>
internal sealed class CapacityCommand : Command
{
    private readonly Option<int[]> _nodes = List("--nodes", "Nodes (N)", 4, 16);
    private readonly Option<double[]> _task = List("--task", "Seconds in the model (Tc)", 0.25, 1);
    private readonly Option<double[]> _delay = List("--delay", "Seconds that a message is on its way to a node, of Tp", 0, 0.25);
    private readonly Option<double> _seconds = new("--seconds") { Description = "Seconds that a job takes, about", DefaultValueFactory = _ => 40 };

    public CapacityCommand()
        : base("capacity", "Compares the parallelism and the time left that are predicted of jobs with what they turn out to be")
    {
        foreach (var option in new Option[] { _nodes, _task, _delay, _seconds })
        {
            Options.Add(option);
        }

        SetAction((arguments, _) => RunAsync(arguments));
    }

    private async Task<int> RunAsync(ParseResult arguments)
    {
        var (delays, seconds) = (arguments.GetRequiredValue(_delay), arguments.GetValue(_seconds));
        Console.Out.WriteLine(Machine.Describe());
        var measured = new List<CapacityMeasurement>();
        foreach (var nodes in arguments.GetRequiredValue(_nodes))
        {
            var baseline = await CapacityRun.BaselineAsync(nodes);
            foreach (var delay in delays)
            {
                await using var run = await CapacityRun.StartAsync(nodes, TimeSpan.FromSeconds(delay), baseline);
                foreach (var task in arguments.GetRequiredValue(_task))
                {
                    measured.Add(await run.MeasureAsync(TimeSpan.FromSeconds(task), seconds));
                    await Console.Error.WriteLineAsync(string.Create(
                        CultureInfo.InvariantCulture, $"N {nodes}, Tc {task} s, delay {delay} s: P {measured[^1].Observed:0.00} of {measured[^1].Predicted:0.00}"));
                }
            }
        }

        CapacityMeasurement.Print(Console.Out, measured);
        return 0;
    }

    private static Option<T[]> List<T>(string name, string description, params T[] values) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => values,
        AllowMultipleArgumentsPerToken = true,
    };
}

using System.CommandLine;

namespace ModelJobs.Bench.Latency;

/// <summary><c>latency</c>: a job of one item, step by step.</summary>
internal sealed class LatencyCommand : Command
{
    private readonly Option<int> _jobs = new("--jobs") { Description = "Jobs without and with their steps taken down", DefaultValueFactory = _ => 200 };
    private readonly Option<int> _warmup = new("--warmup") { Description = "Seconds of jobs before", DefaultValueFactory = _ => 10 };

    public LatencyCommand()
        : base("latency", "Measures a job of one item, step by step")
    {
        Options.Add(_jobs);
        Options.Add(_warmup);
        SetAction(async (arguments, _) =>
        {
            Console.Out.WriteLine(Machine.Describe());
            await LatencyRun.MeasureAsync(Console.Out, arguments.GetValue(_jobs), TimeSpan.FromSeconds(arguments.GetValue(_warmup)));
            return 0;
        });
    }
}

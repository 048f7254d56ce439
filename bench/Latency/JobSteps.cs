using DurableTask.Core.History;
using ModelJobs.Bench.InProcess;

namespace ModelJobs.Bench.Latency;

/// <summary>The moments of a one-item job, each the end of a step and the beginning of the next.</summary>
internal static class JobSteps
{
    private static readonly (string Step, Func<Run, DateTime?> End)[] All =
    [
        ("request reaches SubmitJob", run => run.StartOf("function SubmitJob")),
        ("input read and stored", run => run.EndOfPut("/input-")),
        ("manifest stored: the job is there", run => run.EndOfPut("/job.json")),
        ("orchestration begins", run => run.History.OfType<OrchestratorStartedEvent>().FirstOrDefault()?.Timestamp),
        ("planned", run => run.EndOf("function PlanJob")),
        ("dispatch begins", run => run.StartOf("function DispatchPage")),
        ("chunk sent and received", run => run.StartOf("function ProcessExpressChunk") ?? run.StartOf("function ProcessChunk")),
        ("control looked at: run begins", run => run.StartOf("modeljobs.chunk.queue_wait")),
        ("run", run => run.StartOf("modeljobs.chunk.run_time")),
        ("answer sent and collected: commit begins", run => run.StartOfPut("/part-")),
        ("part committed", run => run.EndOfPut("/part-")),
        ("answer settled: collect ends", run => run.EndOf("function CollectPage")),
        ("assemble begins", run => run.StartOf("function AssembleResults")),
        ("assembled", run => run.EndOf("function AssembleResults")),
        ("job ends", run => run.StartOf("job end")),
        ("end seen by the caller, who waits for it", run => run.Times.Ended),
        ("results read", run => run.Times.Read),
    ];

    /// <summary>Names of the steps, in order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(step => step.Step)];

    /// <summary>Milliseconds of each step; they add up to the whole. A step that the job did not take has none.</summary>
    public static double[] Of(JobTimes times, IReadOnlyList<TraceEvent> events, IReadOnlyList<HistoryEvent> history)
    {
        var run = new Run(times, events, history);
        var from = times.Sent;
        var steps = new double[All.Length];
        for (var i = 0; i < steps.Length; i++)
        {
            if (All[i].End(run) is { } end)
            {
                steps[i] = (end - from).TotalMilliseconds;
                from = end;
            }
        }

        return steps;
    }

    private sealed record Run(JobTimes Times, IReadOnlyList<TraceEvent> Events, IReadOnlyList<HistoryEvent> History)
    {
        public DateTime? StartOf(string name) => Events.FirstOrDefault(one => one.Name == name)?.Start;

        public DateTime? EndOf(string name) => Events.LastOrDefault(one => one.Name == name)?.End;

        public DateTime? StartOfPut(string name) => Events.FirstOrDefault(one => IsPut(one, name))?.Start;

        public DateTime? EndOfPut(string name) => Events.LastOrDefault(one => IsPut(one, name))?.End;

        private static bool IsPut(TraceEvent one, string name) =>
            one is { Method: "PUT", Url: { } url } && url.AbsolutePath.Contains(name, StringComparison.Ordinal);
    }
}

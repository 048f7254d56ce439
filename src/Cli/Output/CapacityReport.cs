using System.Globalization;
using System.Text.Json.Nodes;
using ModelJobs.Contracts;

namespace ModelJobs.Cli.Output;

/// <summary>What a job's measurements predict beside what was observed.</summary>
internal static class CapacityReport
{
    /// <summary>Writes the comparison as text.</summary>
    public static void Write(TextWriter output, Job job, JobCapacity measured)
    {
        output.WriteLine($"Job {PrintableText.Of(job.Id)}, {job.Status}: {JobText.Count(measured.Nodes)} {(measured.Nodes == 1 ? "node" : "nodes")}");
        output.WriteLine();
        output.WriteLine("                  predicted    observed    ratio");
        Row("parallelism", measured.Parallelism, measured.ParallelismObserved);
        Row("chunks/s", measured.EventsPerSecond, measured.EventsPerSecondObserved);
        output.WriteLine();
        Time("Tc", measured.TaskSeconds, "in the model");
        Time("Tp", measured.QueueSeconds, "a node waits for its next chunk");
        Time("Tq", measured.BalanceSeconds, "balancing: loading, limits, answering");
        Time("", measured.QueueWaitSeconds, "a chunk waits in its queue, which no node does");
        if (job.EtaSeconds is { } left)
        {
            output.WriteLine();
            output.WriteLine($"left        {JobText.Duration(TimeSpan.FromSeconds(left))}");
        }

        void Row(string name, double predicted, double? observed) =>
            output.WriteLine($"{name,-14}{Number(predicted),13}{Number(observed),12}{Number(observed / predicted),9}");

        void Time(string symbol, double seconds, string meaning) =>
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{symbol,-4}{seconds,10:0.0000} s   {meaning}"));
    }

    /// <summary>The comparison as one JSON object.</summary>
    public static JsonObject ToJson(Job job, JobCapacity measured) => new()
    {
        ["job"] = job.Id,
        ["status"] = job.Status.ToString(),
        ["nodes"] = measured.Nodes,
        ["taskSeconds"] = measured.TaskSeconds,
        ["queueSeconds"] = measured.QueueSeconds,
        ["balanceSeconds"] = measured.BalanceSeconds,
        ["queueWaitSeconds"] = measured.QueueWaitSeconds,
        ["parallelism"] = measured.Parallelism,
        ["parallelismObserved"] = measured.ParallelismObserved,
        ["parallelismRatio"] = measured.ParallelismObserved / measured.Parallelism,
        ["eventsPerSecond"] = measured.EventsPerSecond,
        ["eventsPerSecondObserved"] = measured.EventsPerSecondObserved,
        ["etaSeconds"] = job.EtaSeconds,
    };

    /// <summary>The capacity in one line: <c>3.88 of 4 nodes computed at once (predicted 3.92)</c>.</summary>
    public static string Line(JobCapacity measured) =>
        $"{Number(measured.ParallelismObserved ?? measured.Parallelism)} of {JobText.Count(measured.Nodes)} nodes computed at once (predicted {Number(measured.Parallelism)})";

    /// <summary>What was used in one line: <c>200 chunk runs, 10,000 attempts, 61 s in the model</c>.</summary>
    public static string Line(JobUsage usage)
    {
        var parts = new List<string>();
        if (usage.ChunkRuns is { } runs)
        {
            parts.Add($"{JobText.Count(runs)} chunk {(runs == 1 ? "run" : "runs")}");
        }

        parts.Add($"{JobText.Count(usage.Attempts)} {(usage.Attempts == 1 ? "attempt" : "attempts")}");
        if (usage.Tokens is { } tokens)
        {
            parts.Add($"{JobText.Count(tokens.Input)} tokens in, {JobText.Count(tokens.Output)} out");
        }

        if (usage.BusySeconds is { } busy)
        {
            parts.Add($"{JobText.Duration(TimeSpan.FromSeconds(busy))} in the model");
        }

        if (usage.Cost is { } cost)
        {
            parts.Add($"{cost.Total.ToString("0.######", CultureInfo.InvariantCulture)} {PrintableText.Of(cost.Currency)}");
        }

        return string.Join(", ", parts);
    }

    private static string Number(double? value) => value?.ToString("0.00", CultureInfo.InvariantCulture) ?? "-";
}

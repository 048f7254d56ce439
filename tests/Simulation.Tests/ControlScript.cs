using System.Globalization;

namespace ModelJobs.Simulation.Tests;

/// <summary>What a person does to a job while it runs, after a wait.</summary>
/// <param name="After">Since the step before.</param>
/// <param name="Action">The last segment of the call's path.</param>
internal sealed record ControlStep(TimeSpan After, string Action);

/// <summary>Another round of a job that has ended.</summary>
/// <param name="Action"><c>redrive</c> or <c>discard</c>.</param>
/// <param name="Codes">Error codes that its items have; null for any.</param>
/// <param name="Share">Which of the parked items are listed by their ids, as the remainders of their indexes by 3; null for no list.</param>
/// <param name="Model">The model to run on; null for the job's.</param>
/// <param name="AtOnce">Whether it is asked for right after the job has ended, while there may still be messages of it.</param>
/// <param name="Steps">What is done meanwhile.</param>
internal sealed record ControlRound(
    string Action, IReadOnlyList<string>? Codes, int? Share, string? Model, bool AtOnce, IReadOnlyList<ControlStep> Steps);

/// <summary>A job, what is done to it while it runs, and its further rounds, drawn from a seed.</summary>
internal sealed record ControlScript(JobScript Job, IReadOnlyList<ControlStep> Steps, IReadOnlyList<ControlRound> Rounds)
{
    private const int MaxRounds = 2;

    /// <summary>Nearly all jobs have ended by then if they are left alone.</summary>
    private static readonly TimeSpan JobSpan = TimeSpan.FromSeconds(25);

    public static ControlScript Draw(Random random)
    {
        var job = JobScript.DrawLong(random, Options(random));
        return new ControlScript(job, DrawSteps(random), [.. Enumerable.Range(0, random.Next(MaxRounds + 1)).Select(_ => DrawRound(random))]);
    }

    private static string Options(Random random)
    {
        var order = random.Next(4) switch
        {
            0 => "&orderByKey=true",
            1 => "&orderByKey=true&onFailure=stopLane",
            2 => Text($"&maxConcurrency={random.Next(1, 6)}"),
            _ => "",
        };
        var tolerate = random.Next(4) switch
        {
            0 => Text($"&tolerate={random.Next(0, 10)}"),
            1 => Text($"&tolerate={random.Next(0, 20)}%25"),
            _ => "",
        };
        var deadline = random.Next(4) == 0 ? Text($"&deadline={random.Next(1, (int)JobSpan.TotalSeconds)}s") : "";
        return order + tolerate + deadline;
    }

    private static List<ControlStep> DrawSteps(Random random)
    {
        var steps = new List<ControlStep>();
        switch (random.Next(5))
        {
            case 0:
                steps.Add(new ControlStep(Moment(random), "cancel"));
                break;
            case 1:
                AddPause(steps, random);
                break;
            case 2:
                AddPause(steps, random);
                steps.Add(new ControlStep(Moment(random), "cancel"));
                break;
            case 3:
                // Each of them at any time, also where it does not apply.
                steps.AddRange(Enumerable.Range(0, random.Next(1, 6)).Select(_ => new ControlStep(
                    Moment(random) / 3, ((string[])["pause", "resume", "resume", "pause", "cancel"])[random.Next(5)])));
                steps.Add(new ControlStep(TimeSpan.Zero, "resume"));
                break;
        }

        return steps;
    }

    private static void AddPause(List<ControlStep> steps, Random random)
    {
        for (var pauses = random.Next(1, 3); pauses > 0; pauses--)
        {
            steps.Add(new ControlStep(Moment(random) / 2, "pause"));
            steps.Add(new ControlStep(random.Next(4) == 0 ? TimeSpan.Zero : Moment(random) * 2, "resume"));
        }
    }

    private static ControlRound DrawRound(Random random)
    {
        var isDiscard = random.Next(4) == 0;
        var (codes, share) = random.Next(3) switch
        {
            0 => ((string[])["simulated", "canceled"], (int?)null),
            1 => (null, random.Next(3)),
            _ => (null, null),
        };
        return new ControlRound(
            isDiscard ? "discard" : "redrive", codes, share, isDiscard || random.Next(2) == 0 ? null : "mended", random.Next(2) == 0, DrawSteps(random));
    }

    private static TimeSpan Moment(Random random) => random.NextDouble() * JobSpan;

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

using System.Globalization;

namespace ModelJobs.Simulation.Tests;

/// <summary>A job to submit, drawn from a seed.</summary>
/// <param name="Name">Its idempotency key; items and keys are named after it.</param>
/// <param name="Query">Model and options.</param>
/// <param name="Lines">Its items.</param>
/// <param name="MustFail">Indexes of the items that fail for good when they run.</param>
/// <param name="MayFail">Indexes of those that need more attempts than they surely get: how often a chunk comes back, its items share.</param>
internal sealed record JobScript(string Name, string Query, IReadOnlyList<string> Lines, IReadOnlySet<long> MustFail, IReadOnlySet<long> MayFail)
{
    /// <summary>Attempts that each item gets in place, as <c>Jobs:MaxAttempts</c> has it.</summary>
    private const int MaxAttempts = 5;

    /// <summary>Transient failures of an item that succeeds in the end; some more than are tried in place.</summary>
    private const int MaxFailTimes = 7;

    /// <summary>Transient failures of an item that is given up.</summary>
    private const int Always = 1000;

    /// <summary>Longer than a lock lasts: it must be renewed meanwhile.</summary>
    private const int LongSeconds = 70;

    /// <summary>Draws a job: without order, with order by key, or with a limit on its concurrency; one page, or seldom two.</summary>
    /// <param name="random">Where it is drawn from.</param>
    /// <param name="number">Number of the job.</param>
    /// <param name="mayBeLong">Whether it may have two pages, and so hundreds of chunks.</param>
    public static JobScript Draw(Random random, int number, bool mayBeLong)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"job{number}");
        var isLong = random.Next(20) == 0 && mayBeLong;
        var items = isLong ? random.Next(201, 240) : random.Next(1, 40);
        var chunk = isLong ? 1 : random.Next(1, 8);
        var keys = random.Next(1, 5);
        var options = random.Next(4) switch
        {
            0 => "",
            1 => "&maxConcurrency=" + random.Next(1, 4),
            2 => "&orderByKey=true&maxConcurrency=" + random.Next(1, 4),
            _ => "&orderByKey=true",
        };
        var failures = new Failures([], []);
        var lines = Enumerable.Range(0, items).Select(i => DrawLine(random, name, i, keys, failures)).ToList();
        return new JobScript(name, $"?model=recorded&chunkItems={chunk}{options}", lines, failures.Must, failures.May);
    }

    /// <summary>Draws a job of one page whose items take some time, so that there is something to interfere with.</summary>
    /// <param name="random">Where it is drawn from.</param>
    /// <param name="options">Its options, each with an ampersand before it.</param>
    public static JobScript DrawLong(Random random, string options)
    {
        const string Name = "job";
        var items = random.Next(20, 160);
        var keys = random.Next(1, 8);
        var failures = new Failures([], []);
        var lines = Enumerable.Range(0, items)
            .Select(i => Line(random, Name, i, keys, random.Next(3) == 0 ? 0 : 2 * random.NextDouble(), failures)).ToList();
        return new JobScript(Name, $"?model=recorded&chunkItems={random.Next(1, 12)}{options}", lines, failures.Must, failures.May);
    }

    private static string DrawLine(Random random, string name, int index, int keys, Failures failures)
    {
        var seconds = random.Next(60) switch
        {
            0 => LongSeconds,
            < 20 => random.NextDouble(),
            _ => 0,
        };
        return Line(random, name, index, keys, seconds, failures);
    }

    private static string Line(Random random, string name, int index, int keys, double seconds, Failures failures)
    {
        var (fails, times) = random.Next(36) switch
        {
            0 or 1 => (""","fail":"permanent" """, Always),
            2 => ("transient", Always),
            < 9 => ("transient", random.Next(1, MaxFailTimes + 1)),
            _ => ("", 0),
        };
        if (fails == "transient")
        {
            fails = $""","fail":"transient","failTimes":{times}""";
        }

        if (times >= MaxAttempts)
        {
            (times == Always ? failures.Must : failures.May).Add(index);
        }

        var key = random.Next(10) == 0 ? "" : $"\"key\":\"{name}-{random.Next(keys)}\",";
        return string.Create(CultureInfo.InvariantCulture, $$$"""{"id":"{{{name}}}-{{{index}}}",{{{key}}}"input":{"id":{{{index}}},"duration":{{{seconds:0.000}}}{{{fails}}}}}""");
    }

    private sealed record Failures(HashSet<long> Must, HashSet<long> May);
}

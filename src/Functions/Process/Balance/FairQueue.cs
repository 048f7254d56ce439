using System.Diagnostics.CodeAnalysis;

namespace ModelJobs.Functions.Process.Balance;

/// <summary>
/// A queue in which jobs take turns, each with as many as its weight says (stride scheduling: the job that has had the least goes next, and
/// each turn adds to what it has had, the less the heavier it is). Within a job, first come, first served.
/// </summary>
internal sealed class FairQueue<T>
{
    private readonly Dictionary<string, Line> _lines = new(StringComparer.Ordinal);

    // What the job had had that was served last. A job that comes, or comes again, begins one turn behind it: it can neither save up turns
    // while it is away nor get ahead of the others by coming back call by call.
    private double _served;
    private long _arrivals;

    /// <summary>How many wait.</summary>
    public int Count { get; private set; }

    /// <summary>Of how many jobs they are.</summary>
    public int Jobs => _lines.Count;

    /// <summary>The weights of those jobs, added up.</summary>
    public int Weight => _lines.Values.Sum(line => line.Weight);

    /// <summary>Adds one to its job's line.</summary>
    /// <returns>Its place, for <see cref="Remove"/>.</returns>
    public LinkedListNode<T> Enqueue(JobShare share, T waiting)
    {
        if (!_lines.TryGetValue(share.Job, out var line))
        {
            _lines[share.Job] = line = new Line(share.Job, _arrivals++) { Had = _served + (1.0 / Math.Max(1, share.Weight)) };
        }

        line.Weight = Math.Max(1, share.Weight);
        Count++;
        return line.Waiting.AddLast(waiting);
    }

    /// <summary>Who goes next.</summary>
    public bool TryPeek([MaybeNullWhen(false)] out T next)
    {
        var line = Next();
        next = line is null ? default : line.Waiting.First!.Value;
        return line is not null;
    }

    /// <summary>Takes the one that <see cref="TryPeek"/> shows.</summary>
    public void Dequeue()
    {
        var line = Next() ?? throw new InvalidOperationException("Nobody waits.");
        _served = line.Had;
        line.Had += 1.0 / line.Weight;
        line.Waiting.RemoveFirst();
        Left(line);
    }

    /// <summary>Takes one out of turn.</summary>
    public void Remove(JobShare share, LinkedListNode<T> place)
    {
        var line = _lines[share.Job];
        line.Waiting.Remove(place);
        Left(line);
    }

    private void Left(Line line)
    {
        Count--;
        if (line.Waiting.Count == 0)
        {
            _lines.Remove(line.Job);
        }
    }

    private Line? Next()
    {
        Line? next = null;
        foreach (var line in _lines.Values)
        {
            if (next is null || line.Had < next.Had || (line.Had == next.Had && line.Arrival < next.Arrival))
            {
                next = line;
            }
        }

        return next;
    }

    private sealed class Line(string job, long arrival)
    {
        public string Job { get; } = job;

        public long Arrival { get; } = arrival;

        public LinkedList<T> Waiting { get; } = [];

        public double Had { get; set; }

        public int Weight { get; set; } = 1;
    }
}

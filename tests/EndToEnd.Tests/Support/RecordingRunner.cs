using ModelJobs.Functions.Process.Runners;

namespace ModelJobs.EndToEnd.Tests.Support;

/// <summary>One attempt at one item. Start and End are on a clock that counts begins and ends.</summary>
public sealed record Attempt(string Id, string? Key, long Index, int Number, long Start, long End)
{
    /// <summary>Whether the item had come to its end with it: it succeeded or failed for good.</summary>
    public bool IsLast { get; init; }
}

/// <summary>Runs items one by one through another runner and notes begin and end of each attempt.</summary>
public sealed class RecordingRunner(IModelRunner inner) : IModelRunner
{
    private readonly Lock _lock = new();
    private readonly List<Attempt> _attempts = [];
    private long _clock;
    private int _running;

    /// <summary>Most chunks that ran at the same time.</summary>
    public int MaxRunning { get; private set; }

    /// <summary>The clock of attempts: those that begin from now on start after it.</summary>
    public long Clock => Interlocked.Read(ref _clock);

    public IReadOnlyList<Attempt> Attempts
    {
        get
        {
            lock (_lock)
            {
                return [.. _attempts];
            }
        }
    }

    public async Task<IReadOnlyList<ItemOutcome>> RunAsync(IReadOnlyList<ItemCall> items, CancellationToken cancellationToken)
    {
        var outcomes = new List<ItemOutcome>();
        lock (_lock)
        {
            MaxRunning = Math.Max(MaxRunning, ++_running);
        }

        foreach (var call in items)
        {
            var start = Interlocked.Increment(ref _clock);
            outcomes.AddRange(await inner.RunAsync([call], cancellationToken));
            lock (_lock)
            {
                _attempts.Add(new Attempt(call.Item.Id, call.Item.Key, call.Item.Index, call.Attempt, start, Interlocked.Increment(ref _clock))
                {
                    IsLast = !outcomes[^1].IsTransient,
                });
            }
        }

        lock (_lock)
        {
            _running--;
        }

        return outcomes;
    }
}

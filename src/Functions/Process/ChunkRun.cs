using ModelJobs.Contracts;
using ModelJobs.Functions.Process.Balance;
using ModelJobs.Functions.Process.Runners;

namespace ModelJobs.Functions.Process;

/// <summary>
/// Items of one chunk on their way through their model: what came of each, how often it was attempted, and which are to be run next.
/// An item is open until it has come to something; an open item rests once its attempts in place are used up. A call that the endpoint throttled
/// is no attempt: it says nothing of the item.
/// </summary>
internal sealed class ChunkRun
{
    /// <summary>Code of an item that was not run because an earlier one of its key had failed.</summary>
    public const string KeyStopped = "key_stopped";

    private readonly State[] _items;
    private readonly bool _inOrder;
    private readonly bool _stopOnFailure;
    private long _outputBytes;

    /// <param name="items">The items.</param>
    /// <param name="attempts">How often each was attempted before.</param>
    /// <param name="inOrder">
    /// Whether items of one key run one at a time and in order, retries included. Items of different keys then still share runs:
    /// each run takes the first open item of each key.
    /// </param>
    /// <param name="stopOnFailure">Whether an item that fails for good has the later ones of its key canceled.</param>
    public ChunkRun(IReadOnlyList<ChunkItem> items, int attempts = 0, bool inOrder = false, bool stopOnFailure = false)
    {
        (Items, _inOrder, _stopOnFailure, Open) = (items, inOrder, stopOnFailure && inOrder, items.Count);
        _items = new State[items.Count];
        for (var position = 0; position < _items.Length; position++)
        {
            (_items[position].Attempts, _items[position].Before) = (attempts, attempts);
        }
    }

    /// <summary>The items.</summary>
    public IReadOnlyList<ChunkItem> Items { get; }

    /// <summary>The job that the items belong to, for models whose calls jobs take turns at.</summary>
    public JobShare? Share { get; init; }

    /// <summary>What measures the run; null if nothing does.</summary>
    public RunMeter? Meter { get; init; }

    /// <summary>How many items are open.</summary>
    public int Open { get; private set; }

    /// <summary>If set, only the item at this position is run.</summary>
    public int? Only { get; set; }

    /// <summary>Keys of which an item failed for good in this run, with that item's index; only where that stops them.</summary>
    public Dictionary<string, long> StoppedKeys => field ??= new(StringComparer.Ordinal);

    /// <summary>Positions of the open items, ascending.</summary>
    public IEnumerable<int> OpenPositions => Enumerable.Range(0, _items.Length).Where(position => !_items[position].Closed);

    /// <summary>Whether an item rests.</summary>
    public bool HasResting => Open > 0 && OpenPositions.Any(position => _items[position].Resting is not null);

    /// <summary>Most attempts of an open item; 0 if none is open.</summary>
    public int MostAttempts => MostAttemptsOf(OpenPositions);

    /// <summary>What an item says that was not run because of another.</summary>
    /// <param name="index">The item that failed.</param>
    public static JobError StoppedBy(long index) => new(KeyStopped, $"Item {index} of the same key failed; what comes after it was not run.");

    /// <summary>Whether the item at a position is open.</summary>
    public bool IsOpen(int position) => !_items[position].Closed;

    /// <summary>How often the item at a position was attempted.</summary>
    public int AttemptsOf(int position) => _items[position].Attempts;

    /// <summary>How often the item at a position was attempted since <see cref="Wake"/>.</summary>
    public int AttemptsInPlace(int position) => _items[position].Attempts - _items[position].Before;

    /// <summary>Most attempts of an item at one of some positions; 0 without any.</summary>
    public int MostAttemptsOf(IEnumerable<int> positions) => positions.Select(position => _items[position].Attempts).DefaultIfEmpty().Max();

    /// <summary>Positions of the items that rest, ascending.</summary>
    /// <param name="throttled">Those whose calls were throttled, or those that failed.</param>
    public List<int> Resting(bool throttled) =>
        [.. OpenPositions.Where(position => _items[position].Resting is { } last && last.IsThrottled == throttled)];

    /// <summary>The longest wait that the model asked for on behalf of some items that rest.</summary>
    public TimeSpan RetryAfter(IEnumerable<int> positions) =>
        positions.Select(position => _items[position].Resting?.RetryAfter ?? TimeSpan.Zero).DefaultIfEmpty().Max();

    /// <summary>Takes back the attempt that was counted last: the endpoint did not take the call.</summary>
    /// <returns>How often that has happened to the item since <see cref="Wake"/>.</returns>
    public int Throttle(int position)
    {
        _items[position].Attempts--;
        return ++_items[position].Throttles;
    }

    /// <summary>Says which items are to be run now, and counts the attempt.</summary>
    public List<int> Next()
    {
        var next = new List<int>(Only is null ? Open : 1);
        HashSet<string>? keys = null;
        for (var position = 0; position < _items.Length && Open > 0; position++)
        {
            ref var item = ref _items[position];
            if (item.Closed || (Only is { } only && position != only))
            {
                continue;
            }

            // A key whose first open item rests is not passed by.
            var first = !_inOrder || Items[position].Key is not { } key || (keys ??= new(StringComparer.Ordinal)).Add(key);
            if (first && item.Resting is null)
            {
                item.Attempts++;
                next.Add(position);
            }
        }

        return next;
    }

    /// <summary>The call of an item for the attempt that was counted last.</summary>
    public ItemCall Call(int position) => new(Items[position], _items[position].Attempts, Share);

    /// <summary>Takes an outcome that is final.</summary>
    public void Finish(int position, ItemOutcome outcome) =>
        Close(position, ChunkRunner.ToResult(Items[position], ChunkRunner.Limit(outcome, ref _outputBytes), _items[position].Attempts));

    /// <summary>Lets an item rest: more attempts in place do not help.</summary>
    public void Rest(int position, ItemOutcome outcome) => _items[position].Resting = outcome;

    /// <summary>Has the items that rest attempted again.</summary>
    public void Wake()
    {
        foreach (var position in OpenPositions)
        {
            ref var item = ref _items[position];
            (item.Resting, item.Before, item.Throttles) = (null, item.Attempts, 0);
        }
    }

    /// <summary>Fails items that rest with the last error of each.</summary>
    /// <param name="throttled">Those whose calls were throttled, or those that failed.</param>
    public void FailResting(bool throttled)
    {
        foreach (var position in Resting(throttled))
        {
            if (_items[position].Resting is { } last)
            {
                Finish(position, last);
            }
        }
    }

    /// <summary>Closes an item with what came of it elsewhere.</summary>
    public void Close(int position, ItemResult result)
    {
        ref var item = ref _items[position];
        if (item.Closed)
        {
            return;
        }

        (item.Closed, item.Result, item.Resting) = (true, result, null);
        Open--;
        if (_stopOnFailure && result.Status == ItemStatus.Failed && Items[position].Key is { } key)
        {
            StoppedKeys.TryAdd(key, result.Index);
            CancelOpen(other => other.Key == key, StoppedBy(result.Index));
        }
    }

    /// <summary>Closes an item that was answered before.</summary>
    public void Skip(int position)
    {
        if (IsOpen(position))
        {
            _items[position].Closed = true;
            Open--;
        }
    }

    /// <summary>Cancels open items.</summary>
    public void CancelOpen(Func<ChunkItem, bool> which, JobError error)
    {
        foreach (var position in OpenPositions)
        {
            if (which(Items[position]))
            {
                Close(position, NotRun(position, ItemStatus.Canceled, error));
            }
        }
    }

    /// <summary>Cancels all open items.</summary>
    public void CancelOpen(JobError error) => CancelOpen(static _ => true, error);

    /// <summary>Fails all open items.</summary>
    public void FailOpen(JobError error)
    {
        foreach (var position in OpenPositions)
        {
            Close(position, NotRun(position, ItemStatus.Failed, error));
        }
    }

    /// <summary>The results that were not taken yet, in the order of the items.</summary>
    public IReadOnlyList<ItemResult> TakeResults()
    {
        var results = new List<ItemResult>(_items.Length - Open);
        foreach (ref var item in _items.AsSpan())
        {
            if (item.Result is { } result)
            {
                results.Add(result);
                item.Result = null;
            }
        }

        return results;
    }

    private ItemResult NotRun(int position, ItemStatus status, JobError error) =>
        ChunkRunner.NotRun(Items[position], status, error) with { Attempts = _items[position].Attempts };

    private struct State
    {
        public ItemResult? Result;
        public ItemOutcome? Resting;
        public int Attempts;
        public int Before;
        public int Throttles;
        public bool Closed;
    }
}

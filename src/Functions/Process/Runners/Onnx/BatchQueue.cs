namespace ModelJobs.Functions.Process.Runners.Onnx;

/// <summary>
/// Puts items of all chunks that wait at the same time into common runs. While a run slot is free, a chunk runs at once, alone; when chunks come faster
/// than they run, they wait, and the next run takes all of them that fit together. So batches grow with the load, without anybody waiting for company, unless
/// <see cref="OnnxRunnerOptions.MaxBatchDelay"/> asks for it.
/// </summary>
internal sealed class BatchQueue : IDisposable
{
    private readonly Lock _lock = new();
    private readonly OnnxModel _model;
    private readonly OnnxRunnerOptions _options;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;

    // Items of one shape fit into one tensor; groups in the order in which their first item came.
    private readonly Dictionary<string, Queue<WaitingItem>> _groups = new(StringComparer.Ordinal);
    private int _running;
    private long _runs;

    public BatchQueue(OnnxModel model, OnnxRunnerOptions options, TimeProvider time)
    {
        _model = model;
        _options = options;
        _time = time;
        _timer = time.CreateTimer(_ => Start(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Runs of the model that were started.</summary>
    public long Runs => Interlocked.Read(ref _runs);

    /// <summary>Runs items of a chunk.</summary>
    /// <returns>An outcome per item.</returns>
    /// <exception cref="ObjectDisposedException">The model is gone.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; a run that other chunks share goes on without this one.</exception>
    public async Task<ItemOutcome[]> RunAsync(IReadOnlyList<ItemCall> items, CancellationToken cancellationToken)
    {
        var outcomes = new ItemOutcome[items.Count];
        var fitting = new List<FittedItem>(items.Count);
        for (var i = 0; i < outcomes.Length; i++)
        {
            if (FittedItem.TryFit(items[i].Item.Input, i, _model.Inputs, out var item, out var problem))
                fitting.Add(item);
            else
                outcomes[i] = InvalidInput(problem);
        }

        var chunk = new WaitingChunk(outcomes, fitting.Count, cancellationToken);
        var now = _time.GetTimestamp();
        lock (_lock)
        {
            foreach (var item in fitting)
            {
                if (!_groups.TryGetValue(item.ShapeKey, out var group))
                    _groups[item.ShapeKey] = group = new Queue<WaitingItem>();
                group.Enqueue(new WaitingItem(item, chunk, now));
            }
        }

        Start();
        await using var cancellation = cancellationToken.UnsafeRegister(_ => chunk.Cancel(), null);
        return await chunk.Task;
    }

    /// <summary>No run starts by the clock any more; those that wait still start as slots become free.</summary>
    public void Dispose() => _timer.Dispose();

    // Starts runs while there are slots and batches that are ready.
    private void Start()
    {
        lock (_lock)
        {
            while (_running < _options.ParallelRuns && TakeBatch() is { Count: > 0 } batch)
            {
                _running++;
                _runs++;
                ThreadPool.UnsafeQueueUserWorkItem(_ => Run(batch), null);
            }
        }
    }

    // The group whose first item has waited longest goes first, if it is full or has waited long enough.
    private List<WaitingItem>? TakeBatch()
    {
        if (_groups.Count == 0)
            return null;

        var (key, group) = _groups.MinBy(one => one.Value.Peek().Since);
        var wait = group.Count >= _model.MaxBatchItems
            ? TimeSpan.Zero
            : _options.MaxBatchDelay - _time.GetElapsedTime(group.Peek().Since);
        if (wait > TimeSpan.Zero)
        {
            _timer.Change(wait, Timeout.InfiniteTimeSpan);
            return null;
        }

        var batch = new List<WaitingItem>(Math.Min(group.Count, _model.MaxBatchItems));
        while (batch.Count < _model.MaxBatchItems && group.TryDequeue(out var item))
        {
            if (!item.Chunk.HasEnded)
                batch.Add(item);
        }

        if (group.Count == 0)
            _groups.Remove(key);
        return batch.Count > 0 ? batch : TakeBatch();
    }

    private void Run(List<WaitingItem> items)
    {
        try
        {
            // A run of one chunk ends with it; one that several share does not.
            var only = items.TrueForAll(item => item.Chunk == items[0].Chunk) ? items[0].Chunk.CancellationToken : CancellationToken.None;
            Run(items, only);
        }
        catch (Exception exception)
        {
            foreach (var item in items)
                item.Chunk.Fail(exception);
        }
        finally
        {
            lock (_lock)
                _running--;
            Start();
        }
    }

    private void Run(List<WaitingItem> items, CancellationToken cancellationToken)
    {
        using var batch = new Batch(_model.Inputs, items[0].Item.Shapes, items.Count);
        var accepted = new List<WaitingItem>(items.Count);
        foreach (var item in items)
        {
            if (batch.TryAdd(item.Item, out var problem))
                accepted.Add(item);
            else
                item.Set(InvalidInput(problem));
        }

        if (accepted.Count == 0)
            return;
        try
        {
            var outputs = _model.Run(batch, cancellationToken);
            for (var i = 0; i < accepted.Count; i++)
                accepted[i].Set(outputs[i]);
        }
        catch (ModelException) when (accepted.Count > 1)
        {
            // Some item in it fails the whole batch, an index out of range for example: find it, and let the others have their result.
            foreach (var item in accepted)
                Run([item], cancellationToken);
        }
        catch (ModelException exception)
        {
            accepted[0].Set(ItemOutcome.Permanent("model_error", exception.Message));
        }
    }

    private static ItemOutcome InvalidInput(string problem) => ItemOutcome.Permanent("invalid_input", problem);

    private sealed record WaitingItem(FittedItem Item, WaitingChunk Chunk, long Since)
    {
        public void Set(ItemOutcome outcome) => Chunk.Set(Item.Position, outcome);
    }
}

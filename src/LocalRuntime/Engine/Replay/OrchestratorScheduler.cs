namespace ModelJobs.LocalRuntime.Engine;

/// <summary>
/// Runs the orchestrator's code during one turn: on the turn's thread, in the order in which it was queued. What another thread queues
/// is the continuation of an await that is not durable (Task.Delay, I/O, Task.Run); it is never run, since replay could not repeat it.
/// </summary>
/// <param name="onLate">Called when such a continuation comes after the turn has ended.</param>
internal sealed class OrchestratorScheduler(Action onLate) : TaskScheduler
{
    private readonly Queue<Task> _queue = [];
    private readonly int _threadId = Environment.CurrentManagedThreadId;
    private volatile bool _sawForeignWork;
    private volatile bool _closed;
    private int _lateReports;

    /// <summary>Whether the caller runs on the turn's thread, during the turn.</summary>
    public bool IsOwnThread => !_closed && Environment.CurrentManagedThreadId == _threadId;

    public bool SawForeignWork => _sawForeignWork;

    public override int MaximumConcurrencyLevel => 1;

    /// <summary>Starts a function; what it does after its first await runs here too.</summary>
    public Task<T> Run<T>(Func<Task<T>> function)
    {
        // A lambda, so that an exception thrown before the first await ends up in the inner task.
        var outer = new Task<Task<T>>(async () => await function());
        outer.Start(this);
        Drain();
        return outer.Result;
    }

    /// <summary>Runs what is queued, and what that queues.</summary>
    public void Drain()
    {
        while (_queue.TryDequeue(out var task))
        {
            TryExecuteTask(task);
        }
    }

    /// <summary>The turn is over.</summary>
    public void Close() => _closed = true;

    protected override void QueueTask(Task task)
    {
        if (IsOwnThread)
        {
            _queue.Enqueue(task);
            return;
        }

        _sawForeignWork = true;
        if (_closed && Interlocked.Increment(ref _lateReports) == 1)
        {
            onLate();
        }
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => IsOwnThread && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks() => _queue.ToArray();
}

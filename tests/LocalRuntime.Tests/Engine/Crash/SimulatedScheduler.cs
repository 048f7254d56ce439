namespace ModelJobs.LocalRuntime.Tests.Engine.Crash;

/// <summary>
/// Runs tasks one at a time on the thread that drives it, in an order that comes from a seed: all that happens between two awaits of any
/// task is one step, and which step is next is chance, but the same chance for the same seed.
/// </summary>
internal sealed class SimulatedScheduler(Random random) : TaskScheduler
{
    private readonly List<Task> _ready = [];
    private readonly int _thread = Environment.CurrentManagedThreadId;

    public override int MaximumConcurrencyLevel => 1;

    /// <summary>Runs one step.</summary>
    /// <returns>False if nothing is ready.</returns>
    public bool Step()
    {
        if (_ready.Count == 0)
        {
            return false;
        }

        var next = random.Next(_ready.Count);
        var task = _ready[next];
        _ready.RemoveAt(next);
        TryExecuteTask(task);
        return true;
    }

    public Task Run(Func<Task> function) => Task.Factory.StartNew(function, CancellationToken.None, TaskCreationOptions.None, this).Unwrap();

    protected override void QueueTask(Task task)
    {
        Assert.Equal(_thread, Environment.CurrentManagedThreadId);
        _ready.Add(task);
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => [.. _ready];
}

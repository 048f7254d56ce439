using System.Threading.Channels;

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>Handles items in the order in which they were added, at most so many at a time.</summary>
/// <param name="concurrency">How many.</param>
/// <param name="scheduler">Runs the loops that handle them.</param>
/// <param name="handle">Must not throw.</param>
internal sealed class WorkQueue<T>(int concurrency, TaskScheduler scheduler, Func<T, Task> handle)
{
    private readonly Channel<T> _items = Channel.CreateUnbounded<T>();
    private volatile bool _isStopping;
    private Task _loops = Task.CompletedTask;

    public void Add(T item) => _items.Writer.TryWrite(item);

    public void Start() => _loops = Task.WhenAll(Enumerable.Range(0, concurrency).Select(_
        => Task.Factory.StartNew(HandleItems, CancellationToken.None, TaskCreationOptions.DenyChildAttach, scheduler).Unwrap()));

    /// <summary>Takes no more items.</summary>
    /// <returns>Completes when the items in work are done.</returns>
    public Task Stop()
    {
        _isStopping = true;
        _items.Writer.TryComplete();
        return _loops;
    }

    private async Task HandleItems()
    {
        // Not WaitToReadAsync, which would wake every idle loop for each item.
        while (!_isStopping)
        {
            T item;
            try
            {
                item = await _items.Reader.ReadAsync();
            }
            catch (ChannelClosedException)
            {
                return;
            }

            if (!_isStopping)
            {
                await handle(item);
            }
        }
    }
}

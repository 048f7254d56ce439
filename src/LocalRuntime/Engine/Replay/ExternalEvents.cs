using DurableTask.Core.History;
using Microsoft.DurableTask;

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>Matches events that were raised with waits for them, by name without regard to case.</summary>
internal sealed class ExternalEvents(DataConverter converter)
{
    private readonly Dictionary<string, Stack<IWaiter>> _waiters = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, Queue<EventRaisedEvent>> _unclaimed = new(StringComparer.OrdinalIgnoreCase);

    private interface IWaiter
    {
        Type EventType { get; }

        bool IsWaiting { get; }

        void Complete(string? payload);
    }

    /// <summary>Whether the orchestrator may be waiting for an event.</summary>
    public bool HasWaiter => _waiters.Values.Any(stack => stack.Any(waiter => waiter.IsWaiting));

    /// <summary>Takes the events that nobody has waited for; those of one name are in the order in which they were raised.</summary>
    public List<EventRaisedEvent> TakeUnclaimed()
    {
        List<EventRaisedEvent> unclaimed = [.. _unclaimed.Values.SelectMany(static queue => queue)];
        _unclaimed.Clear();
        return unclaimed;
    }

    /// <summary>Takes the oldest unclaimed event, or waits for the next.</summary>
    /// <exception cref="ArgumentException">A wait for this name but another type is open.</exception>
    public Task<T> Wait<T>(string name, CancellationToken cancellationToken)
    {
        var waiter = new Waiter<T>(converter);
        if (_unclaimed.TryGetValue(name, out var queue) && queue.TryDequeue(out var raised))
        {
            waiter.Complete(raised.Input);
            return waiter.Task;
        }

        if (!_waiters.TryGetValue(name, out var stack))
        {
            _waiters.Add(name, stack = []);
        }

        if (stack.TryPeek(out var other) && other.EventType != typeof(T))
        {
            throw new ArgumentException(
                $"Events with the same name must have the same type: '{name}' is awaited as {other.EventType} and now as {typeof(T)}.");
        }

        stack.Push(waiter);
        cancellationToken.Register(() => waiter.TrySetCanceled(cancellationToken));
        return waiter.Task;
    }

    /// <summary>
    /// Gives the event to the latest waiter. As in Azure that may be one that was canceled, and then the event is lost: after a wait
    /// that timed out, wait again before the next event can come, or keep one wait open and race it against timers.
    /// </summary>
    public void Raise(EventRaisedEvent raised)
    {
        if (!_waiters.TryGetValue(raised.Name, out var stack))
        {
            Keep(raised);
            return;
        }

        var waiter = stack.Pop();
        if (stack.Count == 0)
        {
            _waiters.Remove(raised.Name);
        }

        waiter.Complete(raised.Input);
    }

    private void Keep(EventRaisedEvent raised)
    {
        if (!_unclaimed.TryGetValue(raised.Name, out var queue))
        {
            _unclaimed.Add(raised.Name, queue = []);
        }

        queue.Enqueue(raised);
    }

    private sealed class Waiter<T>(DataConverter converter) : TaskCompletionSource<T>, IWaiter
    {
        public Type EventType => typeof(T);

        public bool IsWaiting => !Task.IsCompleted;

        public void Complete(string? payload)
        {
            if (!IsWaiting)
            {
                return;
            }

            T? value;
            try
            {
                value = converter.Deserialize<T>(payload);
            }
            catch (Exception exception)
            {
                TrySetException(exception);
                return;
            }

            TrySetResult(value!);
        }
    }
}

namespace ModelJobs.LocalRuntime.Broker;

/// <summary>A receiver that waits; due when it waited long enough. It ends once: served, timed out, cancelled or failed.</summary>
internal abstract class Waiter : DueItem
{
    protected Waiter(long order) => Order = order;

    /// <summary>The line it stands in; null once it ended.</summary>
    public WaitingLine? Line { get; set; }

    /// <summary>Its node in the line.</summary>
    public LinkedListNode<Waiter>? Node { get; set; }

    /// <summary>Ends the wait with what a wait in vain gives.</summary>
    public abstract void TimeOut();

    public abstract void Cancel(CancellationToken cancellationToken);

    public abstract void Fail(Exception exception);
}

/// <summary>A wait for a <typeparamref name="T"/>.</summary>
internal abstract class Waiter<T>(long order) : Waiter(order)
{
    // A receiver's code must not run inside the queue's lock.
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Task => _completion.Task;

    public void Serve(T result) => _completion.SetResult(result);

    public override void Cancel(CancellationToken cancellationToken) => _completion.SetCanceled(cancellationToken);

    public override void Fail(Exception exception) => _completion.SetException(exception);
}

/// <summary>Waits for messages.</summary>
internal sealed class ReceiveWaiter(long order, ReceiveRequest request) : Waiter<Delivery[]>(order)
{
    public ReceiveRequest Request { get; } = request;

    public override void TimeOut() => Serve([]);
}

/// <summary>Waits for a session.</summary>
internal sealed class SessionWaiter(long order, string queue, TimeSpan maxWait) : Waiter<SessionLease>(order)
{
    public override void TimeOut() => Fail(BrokerErrors.NoSessionInTime(queue, maxWait));
}

/// <summary>Waiters in the order in which they came; one can leave from anywhere.</summary>
internal sealed class WaitingLine
{
    private readonly LinkedList<Waiter> _waiters = new();

    public Waiter? First => _waiters.First?.Value;

    public void Join(Waiter waiter)
    {
        waiter.Line = this;
        waiter.Node = _waiters.AddLast(waiter);
    }

    public void Leave(Waiter waiter)
    {
        _waiters.Remove(waiter.Node!);
        waiter.Line = null;
    }
}

using Azure.Messaging.ServiceBus;

namespace ModelJobs.Functions.Dispatch;

/// <summary>A page's turn to be sent. Disposed of, it lets the next page have its own, whether or not this one was sent.</summary>
internal sealed class PageTurn : IDisposable
{
    private readonly SemaphoreSlim _line;
    private readonly Func<IReadOnlyList<ServiceBusMessage>, CancellationToken, Task> _send;
    private readonly Task _come;
    private int _isLeft;

    /// <param name="line">Where pages wait, one after another.</param>
    /// <param name="send">Sends a page.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public PageTurn(SemaphoreSlim line, Func<IReadOnlyList<ServiceBusMessage>, CancellationToken, Task> send, CancellationToken cancellationToken)
    {
        (_line, _send) = (line, send);
        _come = line.WaitAsync(cancellationToken);
    }

    /// <summary>Sends the messages of the page once its turn has come; those of one queue arrive in the order given.</summary>
    /// <param name="messages">Messages of chunks.</param>
    /// <param name="cancellationToken">Ends the sending; some may have been sent.</param>
    public async Task SendAsync(IReadOnlyList<ServiceBusMessage> messages, CancellationToken cancellationToken)
    {
        await _come;
        await _send(messages, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isLeft, 1) == 0)
        {
            _come.ContinueWith(
                (_, line) => ((SemaphoreSlim)line!).Release(),
                _line,
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }
    }
}

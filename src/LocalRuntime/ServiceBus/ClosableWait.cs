namespace Azure.Messaging.ServiceBus;

/// <summary>Waits that end when their caller cancels them, and when the client or receiver that waits is closed.</summary>
internal static class ClosableWait
{
    /// <param name="wait">What waits, until the token that it is given is set.</param>
    /// <param name="argument">Passed to <paramref name="wait"/>.</param>
    /// <param name="closing">Set when what waits is closed.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <exception cref="TaskCanceledException">Cancelled or closed.</exception>
    public static async ValueTask<T> RunAsync<T, TArgument>(
        Func<TArgument, CancellationToken, ValueTask<T>> wait,
        TArgument argument,
        CancellationToken closing,
        CancellationToken cancellationToken)
    {
        if (!cancellationToken.CanBeCanceled)
        {
            return await wait(argument, closing).ConfigureAwait(false);
        }
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, closing);
        try
        {
            return await wait(argument, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Callers tell their own cancellation by its token.
            throw new TaskCanceledException(null, null, cancellationToken);
        }
    }
}

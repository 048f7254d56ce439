using Microsoft.Extensions.Hosting;

namespace ModelJobs.LocalRuntime.Worker.Invocation;

/// <summary>
/// Starts functions as long as the host runs. Unlike a <see cref="BackgroundService"/> it has begun to listen when the host has
/// started, so that a clock that is moved next finds its timers set.
/// </summary>
internal abstract class TriggerListener : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private Task _listening = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _listening = ListenAsync(_stop.Token);
        return Task.CompletedTask;
    }

    /// <summary>Starts no more functions, cancels those that run and waits for them as long as the host allows.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        try
        {
            await _listening.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // What still runs is left behind, as the host asked; messages stay locked until their locks run out.
        }
    }

    public void Dispose() => _stop.Dispose();

    /// <summary>Listens until <paramref name="stop"/> is set, then ends without an exception.</summary>
    protected abstract Task ListenAsync(CancellationToken stop);
}

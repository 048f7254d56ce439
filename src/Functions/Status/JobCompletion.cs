using Microsoft.DurableTask.Client;

namespace ModelJobs.Functions.Status;

/// <summary>Waits for the end of a job: it is told of it, and does not ask for it.</summary>
internal static class JobCompletion
{
    /// <summary>Waits until a job has ended, but no longer than a while.</summary>
    /// <param name="durable">Tells.</param>
    /// <param name="id">The job.</param>
    /// <param name="wait">How long.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task WaitAsync(DurableTaskClient durable, string id, TimeSpan wait, TimeProvider time, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(wait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            await durable.WaitForInstanceCompletionAsync(id, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The wait is over; the caller sees how far the job is.
        }
    }
}

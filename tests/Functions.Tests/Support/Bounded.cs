namespace ModelJobs.Functions.Tests.Support;

/// <summary>Bounds waits, so that a test that would hang fails instead.</summary>
internal static class Bounded
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static Task<T> BoundedAsync<T>(this Task<T> task) => task.WaitAsync(Patience, TestContext.Current.CancellationToken);

    /// <summary>Waits until a token is canceled.</summary>
    public static async Task CanceledAsync(this CancellationToken token)
    {
        var canceled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = token.Register(canceled.SetResult);
        await canceled.Task.BoundedAsync();
    }

    public static Task BoundedAsync(this Task task) => task.WaitAsync(Patience, TestContext.Current.CancellationToken);
}

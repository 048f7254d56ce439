namespace ModelJobs.EndToEnd.Tests.Support;

/// <summary>Waits for what the app does on its own, where it tells nobody.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    /// <summary>Waits until a condition holds.</summary>
    /// <param name="condition">The condition.</param>
    /// <param name="patience">How long it may take.</param>
    /// <param name="otherwise">What is wrong if it does not.</param>
    public static async Task BecomesAsync(Func<bool> condition, TimeSpan patience, string otherwise)
    {
        using var looks = new PeriodicTimer(Look);
        var start = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < patience, otherwise);
            await looks.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }
}

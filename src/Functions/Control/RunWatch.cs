using Azure;

namespace ModelJobs.Functions.Control;

/// <summary>
/// Watches the controls of jobs of which items are being run, so that a long run ends soon after its job is stopped. One look for all
/// runs of a job: what it costs grows with time, not with chunks.
/// </summary>
internal sealed class RunWatch(JobControls controls, TimeProvider time) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Watch> _watches = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _closing = new();

    /// <summary>Says that items of a job are about to be run.</summary>
    /// <param name="job">The job.</param>
    /// <param name="epoch">The epoch that they were sent in.</param>
    /// <returns>To be disposed of when they have been.</returns>
    public Run Enter(string job, int epoch)
    {
        lock (_gate)
        {
            if (!_watches.TryGetValue(job, out var watch))
            {
                _watches.Add(job, watch = new Watch(job));
                _ = WatchAsync(watch);
            }

            watch.Runs++;
            watch.Epoch = Math.Max(watch.Epoch, epoch);
            return new Run(this, watch);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _closing.Cancel();
        _closing.Dispose();
    }

    private async Task WatchAsync(Watch watch)
    {
        try
        {
            do
            {
                await Task.Delay(JobControls.MaxAge, time, _closing.Token);
                if (await IsStoppedAsync(watch))
                {
                    // First: a job that is redriven must not find a watch that has ended.
                    Remove(watch);
                    await watch.Stopped.CancelAsync();
                    return;
                }
            }
            while (!RemoveIfUnused(watch));
        }
        catch (OperationCanceledException)
        {
            // The app is closing.
        }
    }

    private async Task<bool> IsStoppedAsync(Watch watch)
    {
        try
        {
            return (await controls.GetAsync(watch.Job, watch.Epoch, _closing.Token)).State == ControlState.Stopped;
        }
        catch (RequestFailedException)
        {
            // The next look may see more; until then the runs go on.
            return false;
        }
    }

    private void Remove(Watch watch)
    {
        lock (_gate)
        {
            _watches.Remove(watch.Job);
        }
    }

    // Not at once when the last run ends: where chunk follows chunk, the next is about to begin.
    private bool RemoveIfUnused(Watch watch)
    {
        lock (_gate)
        {
            return watch.Runs == 0 && _watches.Remove(watch.Job);
        }
    }

    private void Leave(Watch watch)
    {
        lock (_gate)
        {
            watch.Runs--;
        }
    }

    /// <summary>A run of items of a job.</summary>
    public readonly struct Run : IDisposable
    {
        private readonly RunWatch _owner;
        private readonly Watch _watch;

        internal Run(RunWatch owner, Watch watch) => (_owner, _watch) = (owner, watch);

        /// <summary>Canceled once the job is stopped.</summary>
        public CancellationToken Stopped => _watch.Stopped.Token;

        /// <inheritdoc/>
        public void Dispose() => _owner.Leave(_watch);
    }

    internal sealed class Watch(string job)
    {
        public string Job => job;

        public CancellationTokenSource Stopped { get; } = new();

        public int Runs { get; set; }

        /// <summary>The latest epoch that its runs were sent in.</summary>
        public int Epoch { get; set; }
    }
}

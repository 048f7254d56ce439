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
    /// <returns>To be disposed of when they have been.</returns>
    public Run Enter(string job)
    {
        lock (_gate)
        {
            if (!_watches.TryGetValue(job, out var watch))
            {
                _watches.Add(job, watch = new Watch(job));
                _ = WatchAsync(watch);
            }

            watch.Runs++;
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
                await LookAsync(watch);
            }
            while (!HasEnded(watch));
        }
        catch (OperationCanceledException)
        {
            // The app is closing.
        }
    }

    private async Task LookAsync(Watch watch)
    {
        try
        {
            if ((await controls.GetAsync(watch.Job, _closing.Token)).State == ControlState.Stopped)
            {
                await watch.Stopped.CancelAsync();
            }
        }
        catch (RequestFailedException)
        {
            // The next look may see more; until then the runs go on.
        }
    }

    // Not at once when the last run ends: where chunk follows chunk, the next is about to begin.
    private bool HasEnded(Watch watch)
    {
        lock (_gate)
        {
            if (watch.Runs > 0 && !watch.Stopped.IsCancellationRequested)
            {
                return false;
            }

            // A job that is stopped and then redriven must not find this watch.
            _watches.Remove(watch.Job);
            return true;
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
    }
}

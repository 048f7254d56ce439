using Microsoft.DurableTask.Client;
using ModelJobs.Functions.Process.Balance;

namespace ModelJobs.Functions.Access;

/// <summary>What one instance of the app knows of one caller: how fast it submits, and how many of its jobs have not ended.</summary>
internal sealed class CallerUsage
{
    private const double SecondsPerMinute = 60;

    /// <summary>Instances that a page of a query has; back ends give no more than 1,000.</summary>
    private const int MaxPageSize = 1000;

    /// <summary>
    /// Pages of a count. A back end may give pages with little in them while it passes over jobs that have ended; ids begin with the newest, so
    /// what is behind that many pages is old.
    /// </summary>
    private const int MaxPages = 10;

    private static readonly OrchestrationRuntimeStatus[] Open =
        [OrchestrationRuntimeStatus.Pending, OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Suspended];

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly int _maxOpen;
    private readonly long _start;
    private readonly TokenBucket _submissions;

    private Task? _counting;
    private TimeSpan? _countedAt;
    private int _counted;
    private int _startedSince;
    private int _starting;

    public CallerUsage(JobSettings settings, TimeProvider time)
    {
        _time = time;
        _maxOpen = settings.MaxOpenJobs;
        _start = time.GetTimestamp();
        _submissions = new TokenBucket(settings.MaxSubmissionsPerMinute / SecondsPerMinute, settings.MaxSubmissionsPerMinute, TimeSpan.Zero);
    }

    /// <summary>How old the latest count of jobs is; null if there is none.</summary>
    public TimeSpan? Age
    {
        get
        {
            lock (_lock)
            {
                return Now - _countedAt;
            }
        }
    }

    private TimeSpan Now => _time.GetElapsedTime(_start);

    /// <summary>Counts a submission.</summary>
    /// <returns>Null; or, if there were too many, how long until there may be another.</returns>
    public TimeSpan? Submit()
    {
        lock (_lock)
        {
            var wait = _submissions.WaitFor(1, Now);
            if (wait > TimeSpan.Zero)
            {
                return wait;
            }

            _submissions.Take(1, Now);
            return null;
        }
    }

    /// <summary>Takes a place for one more job, if there is one.</summary>
    public JobPlace? TakePlace()
    {
        lock (_lock)
        {
            if (_counted + _startedSince + _starting >= _maxOpen)
            {
                return null;
            }

            _starting++;
            return new JobPlace(this);
        }
    }

    /// <summary>Counts the caller's jobs, unless they were counted a moment ago; a count that runs serves all who ask.</summary>
    /// <param name="durable">Has the jobs.</param>
    /// <param name="prefix">What their ids begin with.</param>
    /// <param name="maxAge">How old a count may be to be left as it is.</param>
    public Task CountAsync(DurableTaskClient durable, string prefix, TimeSpan maxAge)
    {
        lock (_lock)
        {
            return _counting is { IsCompleted: false } running ? running
                : _countedAt is { } at && Now - at < maxAge ? Task.CompletedTask
                : _counting = RunCountAsync(durable, prefix);
        }
    }

    private async Task RunCountAsync(DurableTaskClient durable, string prefix)
    {
        int before;
        lock (_lock)
        {
            before = _startedSince;
        }

        var (counted, pages) = (0, 0);
        var query = new OrchestrationQuery { InstanceIdPrefix = prefix, Statuses = Open, PageSize = Math.Min(_maxOpen, MaxPageSize) };
        await foreach (var page in durable.GetAllInstancesAsync(query).AsPages())
        {
            counted += page.Values.Count(instance => JobId.IsValid(instance.InstanceId));
            if (counted >= _maxOpen || ++pages == MaxPages)
            {
                break;
            }
        }

        lock (_lock)
        {
            // Those that were started while it ran may be in it or not; counted twice at worst, until the next count.
            (_counted, _startedSince, _countedAt) = (counted, _startedSince - before, Now);
        }
    }

    /// <summary>Gives a place back.</summary>
    /// <param name="started">Whether a job was started in it.</param>
    public void Release(bool started)
    {
        lock (_lock)
        {
            _starting--;
            _startedSince += started ? 1 : 0;
        }
    }
}

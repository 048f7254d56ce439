using ModelJobs.Functions.Process.Balance;
using ModelJobs.Functions.Process.Runners;
using ModelJobs.Functions.Tests.Process.Runners;
using ModelJobs.Tests.Support;
using ModelJobs.Tests.Support.OpenAi;

namespace ModelJobs.Functions.Tests.Process.Balance;

/// <summary>
/// Runs items through a runner on virtual time, all of them at once, each tried again when its failure may pass. The clock moves only when every item
/// is known to wait for it: in the limiter, for the stand-in's answer, or for its next attempt. So time passes as it would if computing took none.
/// </summary>
internal sealed class VirtualLoad(VirtualTime time, OpenAiStandIn standIn, IBalancedRunner runner)
{
    private static readonly TimeSpan Backoff = TimeSpan.FromSeconds(1);

    private int _open;
    private int _backingOff;

    /// <summary>Runs at given times, in seconds.</summary>
    public List<(double At, Action Do)> Events { get; } = [];

    /// <summary>Items that ended without an answer.</summary>
    public List<ItemOutcome> Failed { get; } = [];

    /// <summary>When the last item ended, in seconds.</summary>
    public double EndedAt { get; private set; }

    /// <summary>Runs items of a job until all have ended.</summary>
    public Task RunAsync(int items, string input = "\"hello\"") => RunAsync([(new JobShare("job"), items)], input);

    /// <summary>Runs items of several jobs until all have ended.</summary>
    /// <returns>When the last item of each job ended, in seconds.</returns>
    public async Task<Dictionary<string, double>> RunAsync(IReadOnlyList<(JobShare Share, int Items)> jobs, string input)
    {
        var ends = jobs.ToDictionary(job => job.Share.Job, _ => 0.0);
        _open = jobs.Sum(job => job.Items);
        var timers = Events.Select(one => time.CreateTimer(_ => one.Do(), null, TimeSpan.FromSeconds(one.At), Timeout.InfiniteTimeSpan)).ToList();
        var running = jobs
            .SelectMany(job => Enumerable.Range(0, job.Items).Select(index => Task.Run(() => RunOneAsync(job.Share, index, input, ends))))
            .ToList();
        var all = Task.WhenAll(running);
        while (!all.IsCompleted)
        {
            if (!AllWait())
            {
                await Task.Yield();
            }
            else if (!all.IsCompleted && !time.MoveToNextTimer())
            {
                throw new InvalidOperationException("Items wait for nothing.");
            }
        }

        timers.ForEach(timer => timer.Dispose());
        await all;
        EndedAt = ends.Values.Max();
        return ends;
    }

    // The order matters: an item that moves on from one count to the next meanwhile is missed, never counted twice.
    private bool AllWait()
    {
        var open = Volatile.Read(ref _open);
        var waiting = Volatile.Read(ref _backingOff) + standIn.Waiting;
        return open > 0 && waiting + runner.Balance.Waiting == open;
    }

    private async Task RunOneAsync(JobShare share, int index, string input, Dictionary<string, double> ends)
    {
        for (var attempt = 1; ; attempt++)
        {
            var call = Calls.Of(input, index, attempt) with { Share = share };
            var outcome = (await runner.RunAsync([call], TestContext.Current.CancellationToken))[0];
            if (outcome.Error is null || !outcome.IsTransient)
            {
                lock (ends)
                {
                    ends[share.Job] = time.Elapsed.TotalSeconds;
                    if (outcome.Error is not null)
                    {
                        Failed.Add(outcome);
                    }
                }

                Interlocked.Decrement(ref _open);
                return;
            }

            await BackOffAsync(outcome.RetryAfter ?? Backoff);
        }
    }

    private async Task BackOffAsync(TimeSpan wait)
    {
        var passed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var timer = time.CreateTimer(
            _ =>
            {
                Interlocked.Decrement(ref _backingOff);
                passed.SetResult();
            },
            null,
            wait,
            Timeout.InfiniteTimeSpan);
        Interlocked.Increment(ref _backingOff);
        await passed.Task;
    }
}

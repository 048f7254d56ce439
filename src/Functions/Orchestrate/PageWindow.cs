using System.Runtime.ExceptionServices;
using Microsoft.DurableTask;
using ModelJobs.Contracts;
using ModelJobs.Functions.Assemble;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Control;

namespace ModelJobs.Functions.Orchestrate;

/// <summary>
/// Keeps a window of pages in flight, which adapts (<see cref="DispatchWindow"/>), and puts them into the output as far as pages are done without a gap. Begins no page any more
/// once the job is paused or goes on to another epoch, and answers for those that it has not begun once the job is stopped. Runs inside
/// the job orchestrator: everything here must be deterministic.
/// </summary>
internal sealed class PageWindow
{
    private readonly TaskOrchestrationContext _context;
    private readonly PageSteps _steps;
    private readonly List<int> _pages;
    private readonly Dictionary<int, CarriedPage> _carried;
    private readonly Dictionary<int, DateTime> _begunAt = [];
    private readonly SortedDictionary<int, Task<PageEnd>> _inFlight = [];
    private readonly SortedSet<int> _done;
    private readonly int _nextPage;
    private JobRun _run;
    private int _begun;
    private int _assembled;
    private Task<int>? _assembly;
    private Task<JobControl>? _change;
    private bool _hasProgressed;
    private int? _failedPage;
    private Exception? _failure;

    /// <summary>Takes up the pages carried over and the next ones.</summary>
    /// <param name="context">The job orchestrator's context.</param>
    /// <param name="run">How far the job has come.</param>
    /// <param name="pages">The pages to begin, ascending.</param>
    /// <param name="nextPage">The page to go on with after them.</param>
    public PageWindow(TaskOrchestrationContext context, JobRun run, IEnumerable<int> pages, int nextPage)
    {
        (_context, _run, _nextPage) = (context, run, nextPage);
        _carried = run.Carried.ToDictionary(page => page.Plan.Page);
        _done = [.. run.Carried.Where(page => page.Done).Select(page => page.Plan.Page)];
        _pages = [.. run.Carried.Select(page => page.Plan.Page).Concat(pages).Order()];
        _steps = new PageSteps(context, run);
    }

    /// <summary>Runs the pages to their end, or until the job is paused or goes on to another epoch.</summary>
    /// <returns>How far the job has come; nothing is in flight any more.</returns>
    /// <exception cref="TaskFailedException">A page failed. Pages in flight were brought to their end, those before it are assembled.</exception>
    public async Task<JobRun> RunAsync()
    {
        using var ended = new CancellationTokenSource();
        var told = _context.WaitForExternalEvent<JobControl>(JobOrchestrator.ControlEvent, ended.Token);
        var deadline = _run.EndsBy is { } end && !IsStopped ? _context.CreateTimer(end.UtcDateTime, ended.Token) : null;
        while (MayBegin || _inFlight.Count > 0 || _assembly is not null || _change is not null || Assemblable.Count > 0)
        {
            while (MayBegin && _inFlight.Count < _run.PagesNow)
            {
                Begin(_pages[_begun++]);
            }

            StartAssembly();
            // Before the wait: who asks for the status adds up the parts of the pages that it names as being in flight.
            ReportProgress();
            await Task.WhenAny(Waits(told, deadline));
            if (told.IsCompleted)
            {
                Hear(await told);
                told = _context.WaitForExternalEvent<JobControl>(JobOrchestrator.ControlEvent, ended.Token);
            }

            if (deadline is { IsCompleted: true })
            {
                deadline = null;
                _change ??= StopAsync(PastDeadline(_run));
            }

            await TakeFinishedAsync();
        }

        ReportProgress();
#pragma warning disable CA1849 // CancelAsync would go on on another thread, which an orchestrator must not.
        ended.Cancel();
#pragma warning restore CA1849
        if (_failure is not null)
        {
            ExceptionDispatchInfo.Throw(_failure);
        }

        return await ResultAsync();
    }

    /// <summary>The order to stop a job that takes too long.</summary>
    public static StopOrder PastDeadline(JobRun run) =>
        new(run.Job.Id, new JobError(JobControl.DeadlineExceeded, $"The job had not ended by its deadline, {run.EndsBy:u}."));

    private bool IsInterrupted => _run.Control.State == ControlState.Paused || _run.Control.Epoch != _steps.Epoch;

    // A redrive that is stopped leaves the pages that it has not taken up yet as they are.
    private bool MayBegin => _failure is null && !IsInterrupted && _begun < _pages.Count
        && (!IsStopped || _run.Redrive is null || _carried.ContainsKey(_pages[_begun]));

    private bool IsStopped => _run.Control.State == ControlState.Stopped;

    /// <summary>The next pages for the output: done, and without one before them that is not.</summary>
    private List<int> Assemblable =>
    [
        .. _pages.Skip(_assembled).TakeWhile(page => _done.Contains(page) && page < (_failedPage ?? int.MaxValue)).Take(AssembleResults.MaxPages),
    ];

    private IEnumerable<Task> Waits(Task<JobControl> told, Task? deadline)
    {
        foreach (var page in _inFlight.Values)
        {
            yield return page;
        }

        if (_assembly is not null)
        {
            yield return _assembly;
        }

        if (_change is not null)
        {
            yield return _change;
        }

        if (deadline is not null)
        {
            yield return deadline;
        }

        yield return told;
    }

    private void Begin(int page)
    {
        _carried.TryGetValue(page, out var carried);
        if (carried is not { Done: true })
        {
            _begunAt[page] = _context.CurrentUtcDateTime;
            _inFlight.Add(page, _steps.RunAsync(page, carried, _run.Control, _run.RoundFailed));
        }
    }

    private void StartAssembly()
    {
        if (_assembly is null && Assemblable is { Count: > 0 } pages)
        {
            var order = new AssembleOrder(_run.Job.Id, pages) { IsFirst = _run.Round == 0 && pages[0] == 0 };
            _assembly = _context.CallActivityAsync<int>(nameof(AssembleResults), order, DurableRetries.Storage);
        }
    }

    private async Task TakeFinishedAsync()
    {
        foreach (var (page, task) in _inFlight.Where(entry => entry.Value.IsCompleted).ToList())
        {
            _inFlight.Remove(page);
            try
            {
                Take(page, await task);
            }
            catch (TaskFailedException failure)
            {
                Fail(page, failure);
            }
        }

        if (_assembly is { IsCompleted: true } assembly)
        {
            _assembly = null;
            try
            {
                _assembled += await assembly;
            }
            catch (TaskFailedException failure)
            {
                Fail(_pages[_assembled], failure);
            }
        }

        if (_change is { IsCompleted: true } change)
        {
            _change = null;
            try
            {
                Hear(await change);
            }
            catch (TaskFailedException failure)
            {
                _failure ??= failure;
            }
        }
    }

    private void Take(int page, PageEnd end)
    {
        _hasProgressed |= end.Complete || end.Answered > (_carried.GetValueOrDefault(page)?.Answered ?? 0);
        _carried[page] = new CarriedPage(end.Plan, end.Complete, end.Answered);
        if (end.Complete)
        {
            _done.Add(page);
            _run = _run with
            {
                CompletedPages = _run.CompletedPages + 1,
                Totals = _run.Totals + end.Change,
                RoundFailed = _run.RoundFailed + end.Change.Failed,
                Sums = end.Sums is { } sums ? (_run.Sums ?? RunSums.None) + sums : _run.Sums,
                Window = _run.Window?.After(
                    page, _begun < _pages.Count ? _pages[_begun] : _nextPage, end.Sums, _context.CurrentUtcDateTime - _begunAt[page], _run.PagesInFlight),
            };
        }

        // What a redrive takes up is neither failed nor canceled any more, whether or not it has come to something yet.
        _run = _run with { Totals = _run.Totals - end.Reopened };
        if (end.Control is { } control)
        {
            Hear(control);
        }

        if (_run.RoundFailed > _run.MaxFailed && !IsStopped)
        {
            var reason = new JobError(JobControl.ToleranceExceeded, $"More items failed than the job tolerates ({_run.Job.Options.Tolerate}).");
            _change ??= StopAsync(new StopOrder(_run.Job.Id, reason));
        }
    }

    private Task<JobControl> StopAsync(StopOrder order) =>
        _context.CallActivityAsync<JobControl>(nameof(ChangeControl.StopJob), order, DurableRetries.Storage);

    private void Hear(JobControl control)
    {
        if (control.Version > _run.Control.Version)
        {
            _run = _run with { Control = control };
        }
    }

    // No page is begun any more and none from this one on is assembled, but those in flight come to their end: nothing of the job
    // is left running behind its back.
    private void Fail(int page, TaskFailedException failure)
    {
        _failure ??= failure;
        _failedPage = Math.Min(_failedPage ?? int.MaxValue, page);
    }

    private async Task<JobRun> ResultAsync()
    {
        var unbegun = _pages.Skip(_begun).ToList();
        var control = _run.Control;
        var isIdle = !_hasProgressed && control.State == ControlState.Running;
        return (_run with
        {
            // Those that were not begun and not carried over either are looked up again; only a redrive leaves any between those that were.
            NextPage = unbegun.FirstOrDefault(page => !_carried.ContainsKey(page), _nextPage),
            Carried = [.. _pages.Skip(_assembled).Where(_carried.ContainsKey).Select(page => _carried[page])],
            // Each epoch must not begin the patience with the job anew.
            SentAgain = isIdle ? _run.SentAgain + 1 : 0,
            IdleSince = isIdle ? _run.IdleSince ?? _context.CurrentUtcDateTime : null,
            LaneChunks = await _steps.LaneChunksAsync(),
            Control = _steps.Control,
        }).Under(control);
    }

    // Pages that wait for a resume have answers too, which the totals do not have yet.
    private void ReportProgress()
    {
        var open = _pages.Where(page => _inFlight.ContainsKey(page) || _carried.GetValueOrDefault(page) is { Done: false });
        _context.SetCustomStatus(new JobProgress(_run.Pages ?? 0, _run.CompletedPages, _run.Totals, _run.StartedAt, [.. open], _run.Round)
        {
            Sums = _run.Sums,
            Window = _run.PagesNow,
        });
    }
}

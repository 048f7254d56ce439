using System.Runtime.ExceptionServices;
using Microsoft.DurableTask;
using ModelJobs.Functions.Assemble;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Dispatch;

namespace ModelJobs.Functions.Orchestrate;

/// <summary>
/// Keeps a window of pages in flight, each dispatched and then collected, and assembles the output as far as pages are done
/// without a gap. Runs inside the job orchestrator: everything here must be deterministic.
/// </summary>
internal sealed class PageWindow(TaskOrchestrationContext context, JobRun run)
{
    private readonly SortedDictionary<int, Task<PageReport>> _pages = [];
    private readonly int _firstPage = run.NextPage;
    private JobRun _run = run;
    private int _completed = run.NextPage;
    private int _next = run.NextPage;
    private Task<DispatchReport>? _lastDispatch;
    private Task<int>? _assembly;
    private int? _failedPage;
    private Exception? _failure;

    private int Pages => _run.Pages ?? throw new InvalidOperationException("The job has no plan.");

    /// <summary>Runs at most <paramref name="maxPages"/> pages to their end, or all that are left.</summary>
    /// <returns>How far the job has come; nothing is in flight any more.</returns>
    /// <exception cref="TaskFailedException">A page failed. Pages in flight were brought to their end, those before it are assembled.</exception>
    public async Task<JobRun> RunAsync(int maxPages)
    {
        var end = Math.Min(Pages, _firstPage + maxPages);
        ReportProgress();
        while ((_failure is null && _next < end) || _pages.Count > 0 || _assembly is not null || _run.AssembledPages < FirstOpenPage)
        {
            while (_failure is null && _next < end && _pages.Count < _run.PagesInFlight)
            {
                StartPage(_next++);
            }

            StartAssembly();
            await Task.WhenAny(InFlight());
            await TakeFinishedAsync();
            ReportProgress();
        }

        if (_failure is not null)
        {
            ExceptionDispatchInfo.Throw(_failure);
        }

        var lanes = _lastDispatch is null ? _run.LaneChunks : (await _lastDispatch).LaneChunks;
        return _run with { NextPage = _next, LaneChunks = lanes };
    }

    /// <summary>Every page before this one is done.</summary>
    private int FirstOpenPage => Math.Min(_failedPage ?? int.MaxValue, _pages.Count > 0 ? _pages.Keys.First() : _next);

    private IEnumerable<Task> InFlight() => _assembly is null ? _pages.Values : _pages.Values.Append<Task>(_assembly);

    private void StartPage(int page)
    {
        var dispatch = DispatchAsync(page, _run.Lanes > 0 ? _lastDispatch : null);
        _lastDispatch = dispatch;
        _pages.Add(page, CollectAsync(page, dispatch));
    }

    // Chunks of a lane must be enqueued in input order, so a page with lanes waits until the page before it is dispatched
    // and goes on counting where that one ended. This is why pages are dispatched here and not in their own orchestration.
    private async Task<DispatchReport> DispatchAsync(int page, Task<DispatchReport>? previous)
    {
        var lanes = previous is null ? _run.LaneChunks : (await previous).LaneChunks;
        var order = new DispatchOrder(_run.Job.Id, _run.Job.Input, _run.Job.Model, page, _run.Job.Options, lanes, _run.Job.External);
        return await context.CallActivityAsync<DispatchReport>(nameof(DispatchPage), order, DurableRetries.Storage);
    }

    private async Task<PageReport> CollectAsync(int page, Task<DispatchReport> dispatch)
    {
        var dispatched = await dispatch;
        var external = _run.Job.External ? new ExternalPage(_run.Job.Input, _run.Job.Options) : null;
        var order = new PageRun(new CollectOrder(_run.Job.Id, page, dispatched.Chunks, dispatched.Items, external), _run.MaxIdle);
        var options = new SubOrchestrationOptions(instanceId: PageOrchestrator.InstanceId(_run.Job.Id, page));
        return await context.CallSubOrchestratorAsync<PageReport>(nameof(PageOrchestrator), order, options);
    }

    private void StartAssembly()
    {
        if (_assembly is null && _run.AssembledPages < FirstOpenPage)
        {
            var order = new AssembleOrder(_run.Job.Id, _run.AssembledPages, FirstOpenPage);
            _assembly = context.CallActivityAsync<int>(nameof(AssembleResults), order, DurableRetries.Storage);
        }
    }

    private async Task TakeFinishedAsync()
    {
        foreach (var (page, task) in _pages.Where(entry => entry.Value.IsCompleted).ToList())
        {
            _pages.Remove(page);
            try
            {
                var report = await task;
                _completed++;
                _run = _run with { Succeeded = _run.Succeeded + report.Succeeded, Failed = _run.Failed + report.Failed };
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
                _run = _run with { AssembledPages = await assembly };
            }
            catch (TaskFailedException failure)
            {
                Fail(_run.AssembledPages, failure);
            }
        }
    }

    // No page is started any more and none from this one on is assembled, but those in flight come to their end: nothing of the job
    // is left running behind its back.
    private void Fail(int page, TaskFailedException failure)
    {
        _failure ??= failure;
        _failedPage = Math.Min(_failedPage ?? int.MaxValue, page);
    }

    private void ReportProgress() =>
        context.SetCustomStatus(new JobProgress(Pages, _completed, _run.Succeeded, _run.Failed, _run.StartedAt, [.. _pages.Keys]));
}

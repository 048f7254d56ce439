using DurableTask.Core.History;
using DurableTask.Core.Tracing;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Converters;
using Microsoft.Extensions.Logging.Abstractions;
using ModelJobs.Contracts;
using ModelJobs.Functions.Assemble;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Dispatch;
using ModelJobs.Functions.Orchestrate;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Redrive;
using ModelJobs.Functions.Storage;
using ModelJobs.Functions.Tests.Support;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.Functions.Tests.Orchestrate;

/// <summary>The app's orchestrators on the durable engine, with activities that only answer, and a count of the history events.</summary>
internal sealed class OrchestrationBench : ITaskInvoker, IAsyncDisposable
{
    private readonly Dictionary<string, int> _historyEvents = [];
    private readonly OrchestrationEngine _engine;
    private readonly int _slices;
    private readonly long _itemsPerPage;

    /// <param name="itemsPerPage">Items in each page.</param>
    /// <param name="slices">Calls of CollectPage that a page takes.</param>
    public OrchestrationBench(long itemsPerPage, int slices)
    {
        (_itemsPerPage, _slices) = (itemsPerPage, slices);
        var options = new EngineOptions { MaxConcurrentActivityFunctions = 4, MaxConcurrentOrchestratorFunctions = 2 };
        _engine = new OrchestrationEngine(options, this, TimeProvider.System, NullLoggerFactory.Instance);
        _engine.Changed += Count;
    }

    /// <summary>The most history events that an execution of any orchestration has had.</summary>
    public int LargestHistory { get; private set; }

    /// <summary>The history events of all executions of all orchestrations.</summary>
    public long HistoryEvents => _engine.HistoryEventsAppended;

    /// <summary>Runs a job to its end.</summary>
    public async Task<JobSummary> RunAsync(long items, JobOptions options)
    {
        await _engine.StartAsync();
        var run = new JobRun
        {
            Job = new JobManifest
            {
                Id = FlowBench.Job,
                Model = "simulate",
                Options = options,
                Input = "input",
                Items = items,
                Fingerprint = "",
                CreatedAt = DateTimeOffset.UnixEpoch,
            },
            PagesInFlight = 8,
            MaxIdle = TimeSpan.FromHours(1),
        };
        var id = await _engine.Client.ScheduleNewOrchestrationInstanceAsync(nameof(JobOrchestrator), run);
        var ended = await _engine.Client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, TestContext.Current.CancellationToken);
        Assert.True(ended.RuntimeStatus == OrchestrationRuntimeStatus.Completed, $"{ended.FailureDetails}");
        return ended.ReadOutputAs<JobSummary>()!;
    }

    public Func<TaskOrchestrationContext, Task<object?>>? FindOrchestrator(string name) => name switch
    {
        nameof(JobOrchestrator) => static async context => await JobOrchestrator.Run(context),
        nameof(PageOrchestrator) => static async context => await PageOrchestrator.Run(context),
        _ => null,
    };

    public Task<string?> RunActivityAsync(string name, string instanceId, string? input, DistributedTraceContext? trace, CancellationToken cancellationToken)
        => Task.FromResult(JsonDataConverter.Default.Serialize(Answer(name, input, instanceId)));

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    private object Answer(string name, string? input, string instanceId)
    {
        switch (name)
        {
            case nameof(PlanJob):
                var plan = Read<PlanOrder>(input);
                return new PlanReport((int)(plan.Items / PlanJob.MaxItems(plan.ChunkItems)));
            case nameof(DispatchPage):
                var dispatch = Read<DispatchOrder>(input);
                return new DispatchReport(new PagePlan(dispatch.Page, 0, 0, 0, (int)_itemsPerPage), dispatch.LaneChunks, OpenItems.None);
            case nameof(CollectPage):
                var page = Read<CollectOrder>(input);
                var slice = _engine.GetHistory(instanceId).OfType<TaskScheduledEvent>().Count();
                return new PageReport(page.Page.Page, _itemsPerPage * slice / _slices, 0, 0, Complete: slice == _slices);
            case nameof(AssembleResults):
                return Read<AssembleOrder>(input).Pages.Count;
            default:
                return 0;
        }
    }

    private static T Read<T>(string? input) => JsonDataConverter.Default.Deserialize<T>(input)!;

    private void Count(HubChange change)
    {
        if (change is not TurnCommitted turn)
        {
            return;
        }

        var events = _historyEvents.GetValueOrDefault(turn.InstanceId) + turn.Events.Count;
        LargestHistory = Math.Max(LargestHistory, events);
        _historyEvents[turn.InstanceId] = turn.Next is null ? events : 0;
    }
}

using System.Diagnostics;
using DurableTask.Core;
using DurableTask.Core.Exceptions;
using DurableTask.Core.History;
using DurableTask.Core.Tracing;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>The client of an engine in the same process. It answers when everything that the answer can be made of is on disk.</summary>
internal sealed class EngineClient(OrchestrationEngine engine, EngineOptions engineOptions, TimeProvider time, DataConverter converter)
    : DurableTaskClient(engineOptions.HubName)
{
    private readonly SeededIds _ids = new(engineOptions.Seed);

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <exception cref="OrchestrationAlreadyExistsException">
    /// An instance of the id exists in a status in which it is kept: one that the options name, or, without such options, any in which it runs
    /// (unless host.json allows to replace those too).
    /// </exception>
    /// <exception cref="ArgumentException">The id breaks a rule, or the options name a status that there is not.</exception>
    public override async Task<string> ScheduleNewOrchestrationInstanceAsync(
        TaskName orchestratorName,
        object? input = null,
        StartOrchestrationOptions? options = null,
        CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        ArgumentException.ThrowIfNullOrEmpty(orchestratorName.Name, nameof(orchestratorName));
        var id = options?.InstanceId ?? _ids.Next();
        InstanceId.Validate(id);
        var kept = ReusePolicy.KeptStatuses(options?.DedupeStatuses, engineOptions.CanReplaceRunningInstances);
        var version = options?.Version?.Version ?? engineOptions.DefaultVersion;
        var started = new ExecutionStartedEvent(HistoryEvent.NoId, converter.Serialize(input))
        {
            Name = orchestratorName,
            Version = version.Length > 0 ? version : null,
            Tags = options?.Tags is { Count: > 0 } tags ? new Dictionary<string, string>(tags) : null,
            ScheduledStartTime = options?.StartAt?.UtcDateTime,
            ParentTraceContext = CurrentTrace(),
            Timestamp = Now,
        };
        engine.Change(hub =>
        {
            ThrowIfKept(hub.Find(id), kept);
            return [new InstanceCreated(id, started)];
        });
        await engine.Written;
        return id;
    }

    // Also one that is not sampled: its activities would begin traces of their own. But a span that was made without a listener (the web
    // server makes one for each call) is not worth its bytes in every history.
    private static DistributedTraceContext? CurrentTrace() =>
        Activity.Current is { Source.Name.Length: > 0, IdFormat: ActivityIdFormat.W3C, Id: { } id } current ? new DistributedTraceContext(id, current.TraceStateString) : null;

    public override Task RaiseEventAsync(
        string instanceId, string eventName, object? eventPayload = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        var raised = new EventRaisedEvent(HistoryEvent.NoId, converter.Serialize(eventPayload)) { Name = eventName, Timestamp = Now };
        return Send(instanceId, raised, cancellation);
    }

    public override Task<OrchestrationMetadata> WaitForInstanceStartAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default)
        => WaitFor(instanceId, InstanceMilestone.Started, getInputsAndOutputs, cancellation);

    public override Task<OrchestrationMetadata> WaitForInstanceCompletionAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default)
        => WaitFor(instanceId, InstanceMilestone.Completed, getInputsAndOutputs, cancellation);

    public override async Task TerminateInstanceAsync(
        string instanceId, TerminateInstanceOptions? options = null, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        var terminated = new ExecutionTerminatedEvent(HistoryEvent.NoId, converter.Serialize(options?.Output)) { Timestamp = Now };
        engine.Change(hub => InstanceQueries.Family(hub, instanceId, options is { Recursive: true })
            .Select(instance => new MessageSent(instance.Id, terminated)));
        await engine.Written;
    }

    public override Task SuspendInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default)
        => Send(instanceId, new ExecutionSuspendedEvent(HistoryEvent.NoId, reason) { Timestamp = Now }, cancellation);

    public override Task ResumeInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default)
        => Send(instanceId, new ExecutionResumedEvent(HistoryEvent.NoId, reason) { Timestamp = Now }, cancellation);

    public override async Task<OrchestrationMetadata?> GetInstancesAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        return await WhenWritten(engine.Read(hub => hub.Find(instanceId)?.ToMetadata(getInputsAndOutputs ? converter : null)));
    }

    public override AsyncPageable<OrchestrationMetadata> GetAllInstancesAsync(OrchestrationQuery? filter = null)
    {
        var query = filter ?? new OrchestrationQuery();
        return Pageable.Create<OrchestrationMetadata>((token, size, cancellation) =>
        {
            cancellation.ThrowIfCancellationRequested();
            var pageQuery = query with { ContinuationToken = token ?? query.ContinuationToken, PageSize = size ?? query.PageSize };
            return WhenWritten(engine.Read(hub => InstanceQueries.Page(hub, pageQuery, converter)));
        });
    }

    public override Task<PurgeResult> PurgeInstanceAsync(
        string instanceId, PurgeInstanceOptions? options = null, CancellationToken cancellation = default)
        => Purge(hub => hub.Find(instanceId) is { Completion: not null } instance ? [instance] : [], options, cancellation);

    public override Task<PurgeResult> PurgeAllInstancesAsync(
        PurgeInstancesFilter filter, PurgeInstanceOptions? options = null, CancellationToken cancellation = default)
        => Purge(hub => InstanceQueries.Completed(hub, filter), options, cancellation);

    /// <inheritdoc/>
    /// <remarks>The new instance has the input of the last execution, and the version and tags, of the old one, but no parent.</remarks>
    public override async Task<string> RestartAsync(
        string instanceId, bool restartWithNewInstanceId = false, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        var id = restartWithNewInstanceId ? _ids.Next() : instanceId;
        engine.Change(hub =>
        {
            var before = FindOrThrow(hub, instanceId);
            if (before.Completion is null && !restartWithNewInstanceId)
            {
                throw new InvalidOperationException(
                    $"The orchestration '{instanceId}' is {before.Status}: wait until it has ended, or restart it with a new instance id.");
            }

            var started = new ExecutionStartedEvent(HistoryEvent.NoId, before.Input)
            {
                Name = before.Name,
                Version = before.Started.Version,
                Tags = before.Started.Tags,
                Timestamp = Now,
            };
            return [new InstanceCreated(id, started)];
        });
        await engine.Written;
        return id;
    }

    public override async Task RewindInstanceAsync(string instanceId, string reason, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        engine.Change(hub => FindOrThrow(hub, instanceId) is { Completion.OrchestrationStatus: OrchestrationStatus.Failed }
            ? [new InstanceRewound(instanceId, reason, Now)]
            : throw new InvalidOperationException(
                $"The orchestration '{instanceId}' is {hub.Find(instanceId)!.Status}: only one that has failed can be rewound."));
        await engine.Written;
    }

    /// <returns>The current execution's history, a copy.</returns>
    public override async Task<IList<HistoryEvent>> GetOrchestrationHistoryAsync(string instanceId, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        return await WhenWritten(engine.Read(hub => HistoryJson.ReadAll(HistoryJson.WriteAll(FindOrThrow(hub, instanceId).History))));
    }

    /// <summary>The engine belongs to the host.</summary>
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static void ThrowIfKept(Instance? existing, IReadOnlySet<OrchestrationRuntimeStatus> kept)
    {
        if (existing is not null && kept.Contains(existing.Status))
        {
            throw new OrchestrationAlreadyExistsException(
                $"An orchestration with the instance id '{existing.Id}' exists already and is {existing.Status}.");
        }
    }

    private static Instance FindOrThrow(TaskHub hub, string instanceId) => hub.Find(instanceId)
        ?? throw new ArgumentException($"An orchestration with the instance id '{instanceId}' was not found.", nameof(instanceId));

    private async Task Send(string instanceId, HistoryEvent message, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        engine.Change(_ => [new MessageSent(instanceId, message)]);
        await engine.Written;
    }

    private async Task<T> WhenWritten<T>(T result)
    {
        await engine.Written;
        return result;
    }

    private async Task<OrchestrationMetadata> WaitFor(
        string instanceId, InstanceMilestone milestone, bool getInputsAndOutputs, CancellationToken cancellation)
    {
        var instance = await engine.WaitFor(instanceId, milestone).WaitAsync(cancellation);
        return await WhenWritten(engine.Read(_ => instance.ToMetadata(getInputsAndOutputs ? converter : null)));
    }

    private async Task<PurgeResult> Purge(
        Func<TaskHub, IReadOnlyList<Instance>> select, PurgeInstanceOptions? options, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var count = 0;
        engine.Change(hub =>
        {
            var ids = select(hub)
                .SelectMany(instance => InstanceQueries.Family(hub, instance.Id, options is { Recursive: true }))
                .Where(instance => instance.Completion is not null)
                .Select(instance => instance.Id)
                .Distinct()
                .ToList();
            count = ids.Count;
            return count == 0 ? [] : [new InstancesPurged(ids)];
        });
        return await WhenWritten(new PurgeResult(count, true));
    }
}

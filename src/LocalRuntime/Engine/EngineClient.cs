using DurableTask.Core.Exceptions;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>The client of an engine in the same process. It answers when everything that the answer can be made of is on disk.</summary>
internal sealed class EngineClient(OrchestrationEngine engine, EngineOptions options, TimeProvider time, DataConverter converter)
    : DurableTaskClient(options.HubName)
{
    private readonly SeededIds _ids = new(options.Seed);

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <exception cref="OrchestrationAlreadyExistsException">
    /// An instance of the id exists and has not completed, or has a status that the options want kept.
    /// </exception>
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
        var started = new ExecutionStarted(Now, orchestratorName, converter.Serialize(input))
        {
            Version = options?.Version?.Version ?? "",
            Tags = options?.Tags,
        };
        engine.Change(hub =>
        {
            ThrowIfKept(hub.Find(id), options?.DedupeStatuses);
            return [new InstanceCreated(id, started, options?.StartAt?.UtcDateTime)];
        });
        await engine.Written;
        return id;
    }

    public override Task RaiseEventAsync(
        string instanceId, string eventName, object? eventPayload = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        return Send(instanceId, new EventRaised(Now, eventName, converter.Serialize(eventPayload)), cancellation);
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
        var terminated = new ExecutionTerminated(Now, converter.Serialize(options?.Output));
        engine.Change(hub => InstanceQueries.Family(hub, instanceId, options is { Recursive: true })
            .Select(instance => new MessageSent(instance.Id, terminated)));
        await engine.Written;
    }

    public override Task SuspendInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default)
        => Send(instanceId, new ExecutionSuspended(Now, reason), cancellation);

    public override Task ResumeInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default)
        => Send(instanceId, new ExecutionResumed(Now, reason), cancellation);

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

    /// <summary>The engine belongs to the host.</summary>
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static void ThrowIfKept(Instance? existing, IReadOnlyList<string>? keptStatuses)
    {
        if (existing is null)
        {
            return;
        }

        var isKept = keptStatuses?.Contains(existing.Status.ToString(), StringComparer.OrdinalIgnoreCase) ?? false;
        if (existing.Completion is null || isKept)
        {
            throw new OrchestrationAlreadyExistsException(
                $"An orchestration with the instance id '{existing.Id}' exists already and is {existing.Status}.");
        }
    }

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

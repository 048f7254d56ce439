using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Converters;
using ModelJobs.Functions.Orchestrate;

namespace ModelJobs.Functions.Tests.Support;

/// <summary>Orchestrations that do nothing: they are what a test says that they are.</summary>
internal sealed class FakeDurableClient() : DurableTaskClient("fake")
{
    private readonly SortedDictionary<string, OrchestrationMetadata> _instances = new(StringComparer.Ordinal);

    /// <summary>Ids of the orchestrations that were started, in order.</summary>
    public List<string> Started { get; } = [];

    /// <summary>What the job started last was started with.</summary>
    public JobRun? LastRun { get; private set; }

    /// <summary>Events that were raised, in order.</summary>
    public List<(string Instance, string Name, object? Payload)> Raised { get; } = [];

    /// <summary>Ids of the orchestrations that were resumed, terminated and purged, in order.</summary>
    public List<string> Resumed { get; } = [];

    public List<string> Terminated { get; } = [];

    public List<string> Purged { get; } = [];

    /// <summary>Thrown when an orchestration is started.</summary>
    public Exception? StartFailure { get; set; }

    /// <summary>Called when an orchestration is asked for, before it is read.</summary>
    public Action<string> Reading { get; set; } = _ => { };

    /// <summary>Called when an event is raised, before it is.</summary>
    public Action Raising { get; set; } = () => { };

    /// <summary>Called when an orchestration is started, before it is.</summary>
    public Func<string, Task> Starting { get; set; } = _ => Task.CompletedTask;

    /// <summary>Ends the waits for completion; they last forever unless set.</summary>
    public TaskCompletionSource<OrchestrationMetadata> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Called when a page of a list is asked for, with its continuation.</summary>
    public Action<string?> Listing { get; set; } = _ => { };

    /// <summary>Instances in a page of a list, whatever a caller asks for.</summary>
    public int ListPage { get; set; } = 100;

    /// <summary>Ids of the orchestrations there are.</summary>
    public IEnumerable<string> Ids => _instances.Keys;

    /// <summary>Sets what an orchestration looks like from now on.</summary>
    public void Set(
        JobRun run,
        OrchestrationRuntimeStatus status,
        JobProgress? progress = null,
        DateTimeOffset lastUpdatedAt = default,
        TaskFailureDetails? failure = null,
        JobSummary? summary = null) =>
        _instances[run.Job.Id] = new OrchestrationMetadata(nameof(JobOrchestrator), run.Job.Id)
        {
            DataConverter = JsonDataConverter.Default,
            RuntimeStatus = status,
            SerializedInput = JsonDataConverter.Default.Serialize(run),
            SerializedOutput = JsonDataConverter.Default.Serialize(summary),
            SerializedCustomStatus = JsonDataConverter.Default.Serialize(progress),
            LastUpdatedAt = lastUpdatedAt,
            FailureDetails = failure,
        };

    /// <summary>Sets an orchestration of which only the status counts.</summary>
    public void Set(string instance, OrchestrationRuntimeStatus status, DateTimeOffset lastUpdatedAt = default) =>
        _instances[instance] = new OrchestrationMetadata("any", instance) { RuntimeStatus = status, LastUpdatedAt = lastUpdatedAt };

    /// <summary>Sets an orchestration of which its status of its own making counts as well.</summary>
    public void Set(string instance, OrchestrationRuntimeStatus status, object customStatus) =>
        _instances[instance] = new OrchestrationMetadata("any", instance)
        {
            DataConverter = JsonDataConverter.Default,
            RuntimeStatus = status,
            SerializedCustomStatus = JsonDataConverter.Default.Serialize(customStatus),
        };

    /// <summary>What an orchestration was started with.</summary>
    public T InputOf<T>(string instance) => _instances[instance].ReadInputAs<T>()!;

    public override Task<OrchestrationMetadata?> GetInstancesAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default)
    {
        Reading(instanceId);
        return Task.FromResult(_instances.GetValueOrDefault(instanceId));
    }

    public override async Task<string> ScheduleNewOrchestrationInstanceAsync(
        TaskName orchestratorName, object? input = null, StartOrchestrationOptions? options = null, CancellationToken cancellation = default)
    {
        if (StartFailure is { } failure)
        {
            throw failure;
        }

        var id = options?.InstanceId ?? throw new InvalidOperationException("Every orchestration of the app has an id of its own.");
        await Starting(id);
        if (_instances.GetValueOrDefault(id) is { IsCompleted: false })
        {
            throw new InvalidOperationException($"An orchestration with the id '{id}' runs.");
        }

        if (input is JobRun run)
        {
            Assert.Equal(run.Job.Id, id);
            Set(run, OrchestrationRuntimeStatus.Pending);
            LastRun = run;
        }
        else
        {
            _instances[id] = new OrchestrationMetadata(orchestratorName.Name, id)
            {
                DataConverter = JsonDataConverter.Default,
                RuntimeStatus = OrchestrationRuntimeStatus.Pending,
                SerializedInput = JsonDataConverter.Default.Serialize(input),
            };
        }

        Started.Add(id);
        return id;
    }

    public override Task<OrchestrationMetadata> WaitForInstanceCompletionAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) =>
        _instances.GetValueOrDefault(instanceId) is { IsCompleted: true } ended
            ? Task.FromResult(ended)
            : Completion.Task.WaitAsync(cancellation);

    public override Task<OrchestrationMetadata> WaitForInstanceStartAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) => throw new NotSupportedException();

    public override Task RaiseEventAsync(
        string instanceId, string eventName, object? eventPayload = null, CancellationToken cancellation = default)
    {
        Raising();
        Raised.Add((instanceId, eventName, eventPayload));
        return Task.CompletedTask;
    }

    public override Task SuspendInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default) =>
        throw new NotSupportedException();

    public override Task ResumeInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default)
    {
        Resumed.Add(instanceId);
        return Task.CompletedTask;
    }

    public override Task TerminateInstanceAsync(
        string instanceId, TerminateInstanceOptions? options = null, CancellationToken cancellation = default)
    {
        Terminated.Add(instanceId);
        Set(instanceId, OrchestrationRuntimeStatus.Terminated);
        return Task.CompletedTask;
    }

    /// <summary>Purges whatever it is asked to, running or not, as Azure Storage does.</summary>
    public override Task<PurgeResult> PurgeInstanceAsync(
        string instanceId, PurgeInstanceOptions? options = null, CancellationToken cancellation = default)
    {
        Purged.Add(instanceId);
        return Task.FromResult(new PurgeResult(_instances.Remove(instanceId) ? 1 : 0));
    }

    public override AsyncPageable<OrchestrationMetadata> GetAllInstancesAsync(OrchestrationQuery? filter = null)
    {
        var query = filter ?? new OrchestrationQuery();
        var statuses = query.Statuses?.ToHashSet();
        return Pageable.Create<OrchestrationMetadata>((token, _, _) =>
        {
            Listing(token);
            var left = _instances.Values
                .Where(instance => instance.InstanceId.StartsWith(query.InstanceIdPrefix ?? "", StringComparison.Ordinal)
                    && statuses?.Contains(instance.RuntimeStatus) != false
                    && (token is null || string.CompareOrdinal(instance.InstanceId, token) > 0))
                .Take(ListPage + 1)
                .ToList();
            var page = left.Take(ListPage).ToList();
            return Task.FromResult(new Page<OrchestrationMetadata>(page, left.Count > ListPage ? page[^1].InstanceId : null));
        });
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Converters;
using ModelJobs.Functions.Orchestrate;

namespace ModelJobs.Functions.Tests.Support;

/// <summary>Orchestrations that do nothing: they are what a test says that they are.</summary>
internal sealed class FakeDurableClient() : DurableTaskClient("fake")
{
    private readonly Dictionary<string, OrchestrationMetadata> _instances = [];

    /// <summary>Ids of the orchestrations that were started, in order.</summary>
    public List<string> Started { get; } = [];

    /// <summary>Thrown when an orchestration is started.</summary>
    public Exception? StartFailure { get; set; }

    /// <summary>Ends the waits for completion; they last forever unless set.</summary>
    public TaskCompletionSource<OrchestrationMetadata> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Sets what an orchestration looks like from now on.</summary>
    public void Set(
        JobRun run,
        OrchestrationRuntimeStatus status,
        JobProgress? progress = null,
        DateTimeOffset lastUpdatedAt = default,
        TaskFailureDetails? failure = null) =>
        _instances[run.Job.Id] = new OrchestrationMetadata(nameof(JobOrchestrator), run.Job.Id)
        {
            DataConverter = JsonDataConverter.Default,
            RuntimeStatus = status,
            SerializedInput = JsonDataConverter.Default.Serialize(run),
            SerializedCustomStatus = JsonDataConverter.Default.Serialize(progress),
            LastUpdatedAt = lastUpdatedAt,
            FailureDetails = failure,
        };

    /// <summary>Sets an orchestration of which only the status counts.</summary>
    public void Set(string instance, OrchestrationRuntimeStatus status) =>
        _instances[instance] = new OrchestrationMetadata("any", instance) { RuntimeStatus = status };

    public override Task<OrchestrationMetadata?> GetInstancesAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) =>
        Task.FromResult(_instances.GetValueOrDefault(instanceId));

    public override Task<string> ScheduleNewOrchestrationInstanceAsync(
        TaskName orchestratorName, object? input = null, StartOrchestrationOptions? options = null, CancellationToken cancellation = default)
    {
        if (StartFailure is { } failure)
        {
            throw failure;
        }

        var run = (JobRun)input!;
        Assert.Equal(run.Job.Id, options?.InstanceId);
        Set(run, OrchestrationRuntimeStatus.Pending);
        Started.Add(run.Job.Id);
        return Task.FromResult(run.Job.Id);
    }

    public override Task<OrchestrationMetadata> WaitForInstanceCompletionAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) =>
        Completion.Task.WaitAsync(cancellation);

    public override Task<OrchestrationMetadata> WaitForInstanceStartAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) => throw new NotSupportedException();

    public override Task RaiseEventAsync(
        string instanceId, string eventName, object? eventPayload = null, CancellationToken cancellation = default) =>
        throw new NotSupportedException();

    public override Task SuspendInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default) =>
        throw new NotSupportedException();

    public override Task ResumeInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default) =>
        throw new NotSupportedException();

    public override AsyncPageable<OrchestrationMetadata> GetAllInstancesAsync(OrchestrationQuery? filter = null) => throw new NotSupportedException();

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

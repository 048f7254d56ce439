using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace Microsoft.DurableTask.Client;

/// <summary>A snapshot of an orchestration, as clients see it.</summary>
public sealed class OrchestrationMetadata
{
    public OrchestrationMetadata(string name, string instanceId) => (Name, InstanceId) = (name, instanceId);

    public string Name { get; }

    public string InstanceId { get; }

    /// <summary>Set only if inputs and outputs were asked for.</summary>
    public DataConverter? DataConverter { get; init; }

    public OrchestrationRuntimeStatus RuntimeStatus { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset LastUpdatedAt { get; init; }

    public string? SerializedInput { get; init; }

    public string? SerializedOutput { get; init; }

    public string? SerializedCustomStatus { get; init; }

    public IReadOnlyDictionary<string, string> Tags { get; init; } = ImmutableDictionary<string, string>.Empty;

    public TaskFailureDetails? FailureDetails { get; init; }

    public bool IsRunning => RuntimeStatus == OrchestrationRuntimeStatus.Running;

    public bool IsCompleted
        => RuntimeStatus is OrchestrationRuntimeStatus.Completed
            or OrchestrationRuntimeStatus.Failed
            or OrchestrationRuntimeStatus.Terminated;

    /// <exception cref="InvalidOperationException">Inputs and outputs were not asked for.</exception>
    public T? ReadInputAs<T>() => Read<T>(SerializedInput);

    /// <exception cref="InvalidOperationException">Inputs and outputs were not asked for.</exception>
    public T? ReadOutputAs<T>() => Read<T>(SerializedOutput);

    /// <exception cref="InvalidOperationException">Inputs and outputs were not asked for.</exception>
    public T? ReadCustomStatusAs<T>() => Read<T>(SerializedCustomStatus);

    public override string ToString()
        => $"[Name: '{Name}', ID: '{InstanceId}', RuntimeStatus: {RuntimeStatus}, CreatedAt: {CreatedAt:s}, LastUpdatedAt: {LastUpdatedAt:s}"
            + Part("Input", SerializedInput)
            + Part("Output", SerializedOutput)
            + Part("FailureDetails", FailureDetails?.ToString())
            + "]";

    private T? Read<T>(string? data, [CallerMemberName] string method = "")
        => DataConverter is { } converter
            ? converter.Deserialize<T>(data)
            : throw new InvalidOperationException(
                $"{method} needs an {nameof(OrchestrationMetadata)} that was fetched with inputs and outputs.");

    private static string Part(string label, string? value)
    {
        const int MaxLength = 50;
        return value is null ? "" : $", {label}: '{(value.Length <= MaxLength ? value : value[..MaxLength] + "...")}'";
    }
}

using System.Runtime.Serialization;
using System.Text.Json.Serialization;

namespace DurableTask.Core;

/// <summary>An instance and one of its executions.</summary>
public class OrchestrationInstance : IExtensibleDataObject
{
    public string InstanceId { get; set; } = "";

    /// <summary>32 hexadecimal digits; each ContinueAsNew has its own.</summary>
    public string ExecutionId { get; set; } = "";

    [JsonIgnore]
    public ExtensionDataObject? ExtensionData { get; set; }

    public override int GetHashCode() => HashCode.Combine(InstanceId, ExecutionId);

    public override string ToString() => $"[InstanceId: {InstanceId}, ExecutionId: {ExecutionId}]";
}

/// <summary>The orchestration that called a sub-orchestration.</summary>
public class ParentInstance : IExtensibleDataObject
{
#pragma warning disable CA1051 // The vendor's type has fields here.
    public string Name = "";
    public string? Version;
    public OrchestrationInstance OrchestrationInstance = new();

    /// <summary>Number of the call.</summary>
    public int TaskScheduleId;
#pragma warning restore CA1051

    [JsonIgnore]
    public ExtensionDataObject? ExtensionData { get; set; }
}

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>Names one call of an activity. The execution tells apart calls of the same number before and after ContinueAsNew.</summary>
internal readonly record struct ActivityKey(string InstanceId, long Execution, int TaskId);

/// <summary>A call of an activity that has not ended.</summary>
internal sealed record ActivityWork(ActivityKey Key, string Name, string? Input);

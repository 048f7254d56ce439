namespace ModelJobs.LocalRuntime.Engine;

/// <summary>What a change of the hub gives the engine to do.</summary>
internal sealed class HubEffects
{
    /// <summary>New calls of activities.</summary>
    public List<ActivityWork> Activities { get; } = [];

    /// <summary>Instances that may have something to do, or that someone may wait for.</summary>
    public List<Instance> Touched { get; } = [];
}

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>What a change of the hub gives the engine to do, and to keep.</summary>
internal sealed class HubEffects
{
    /// <summary>New calls of activities.</summary>
    public List<ActivityWork> Activities { get; } = [];

    /// <summary>Instances that may have something to do, or that someone may wait for.</summary>
    public List<Instance> Touched { get; } = [];

    /// <summary>What of the hub is to be written down.</summary>
    public List<HubRow> Rows { get; } = [];
}

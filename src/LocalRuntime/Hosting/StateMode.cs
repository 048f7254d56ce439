namespace ModelJobs.LocalRuntime.Hosting;

/// <summary>Where queues and orchestrations are kept.</summary>
public enum StateMode
{
    /// <summary>In a file in the data folder: what was acknowledged survives the process, however it ends.</summary>
    Disk,

    /// <summary>In memory: they go with the process.</summary>
    Memory,
}

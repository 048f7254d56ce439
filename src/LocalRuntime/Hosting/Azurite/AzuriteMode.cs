namespace ModelJobs.LocalRuntime.Hosting;

/// <summary>Which Azurite keeps the blobs.</summary>
public enum AzuriteMode
{
    /// <summary>One of our own, on a free port, stopped with the app.</summary>
    Start,

    /// <summary>One that listens on Azurite's usual port already; it is an error if there is none.</summary>
    Attach,

    /// <summary>None: the app uses no blobs.</summary>
    None,
}

namespace ModelJobs.LocalRuntime.Hosting;

/// <summary>How to start an Azurite.</summary>
public sealed record AzuriteOptions
{
    /// <summary>Azurite is taken from <c>node_modules</c> in this folder or the nearest one above it.</summary>
    public required string SearchFolder { get; init; }

    /// <summary>Where to look next, in the same way.</summary>
    public IReadOnlyList<string> OtherSearchFolders { get; init; } = [];

    /// <summary>Where it keeps its blobs; null for its memory.</summary>
    public string? DataFolder { get; init; }

    public string NodePath { get; init; } = "node";

    /// <summary>How long it may take until it listens.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(60);
}

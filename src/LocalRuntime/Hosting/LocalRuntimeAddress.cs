namespace ModelJobs.LocalRuntime.Hosting;

/// <summary>Where the app's HTTP functions answer; known once the host has started, also if it took a free port.</summary>
public sealed class LocalRuntimeAddress
{
    private Uri? _baseUri;

    /// <summary>As <c>http://127.0.0.1:7071/</c>, without the route prefix.</summary>
    /// <exception cref="InvalidOperationException">The host has not started.</exception>
    public Uri BaseUri
    {
        get => _baseUri ?? throw new InvalidOperationException("The address is known once the host has started.");
        internal set => _baseUri = value;
    }

    /// <summary>Whether the host has started.</summary>
    internal bool IsKnown => _baseUri is not null;
}

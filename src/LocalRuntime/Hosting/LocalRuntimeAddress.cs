namespace ModelJobs.LocalRuntime.Hosting;

/// <summary>Where the app's HTTP functions and its queues answer; known once the host has started, also if it took free ports.</summary>
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

    /// <summary>
    /// For clients of Service Bus in other processes, in the form of the official emulator's; null if there is no AMQP endpoint. It holds
    /// the key: show it to the user, never to a log.
    /// </summary>
    public string? ServiceBusConnectionString { get; internal set; }

    /// <summary>The file with the certificate that clients over TLS must trust; null if there is no AMQP endpoint.</summary>
    public string? ServiceBusCertificate { get; internal set; }

    /// <summary>
    /// For programs that read and write the app's blobs, such as external workers; null if the app's storage is not an Azurite that it found or
    /// started itself.
    /// </summary>
    public string? StorageConnectionString { get; internal set; }
}

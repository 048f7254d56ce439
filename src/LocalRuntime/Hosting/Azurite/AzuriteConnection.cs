namespace ModelJobs.LocalRuntime.Hosting;

/// <summary>Connection strings of Azurite's one well-known account.</summary>
internal static class AzuriteConnection
{
    /// <summary>What a configuration says that wants the emulator.</summary>
    public const string Shortcut = "UseDevelopmentStorage=true";

    /// <summary>Where Azurite listens unless told otherwise.</summary>
    public static readonly Uri DefaultEndpoint = new("http://127.0.0.1:10000/");

    private const string Account = "devstoreaccount1";

    // Public: every Azurite has this key, and it opens nothing else.
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    public static string To(Uri endpoint)
        => $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Key};BlobEndpoint={new Uri(endpoint, Account)};";
}

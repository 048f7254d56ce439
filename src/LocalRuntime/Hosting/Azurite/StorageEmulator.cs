using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace ModelJobs.LocalRuntime.Hosting;

/// <summary>
/// Gives the app the blobs that its configuration asks for. A storage account that is configured is left alone; where there is
/// none, or <c>UseDevelopmentStorage=true</c>, the app gets an Azurite (see <see cref="AzuriteMode"/>).
/// </summary>
internal sealed partial class StorageEmulator(
    LocalRuntimeOptions options, LocalRuntimeAddress address, IConfiguration configuration, ILogger<StorageEmulator> logger) : IAsyncDisposable
{
    /// <summary>The setting that names the storage of the app itself, where its blobs are.</summary>
    private const string AppStorage = "JobStorage";

    /// <summary>The settings that name storage: the host's own, and the app's.</summary>
    public static readonly string[] Connections = ["AzureWebJobsStorage", AppStorage];

    /// <summary>How long an Azurite that listens already may take to answer.</summary>
    private static readonly TimeSpan AttachTimeout = TimeSpan.FromSeconds(5);

    private readonly TaskCompletionSource _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private AzuriteProcess? _azurite;
    private DataFolderLock? _dataFolder;
    private bool _isStopping;

    /// <summary>Ends when the Azurite that was started here has ended by itself.</summary>
    public Task Lost => _lost.Task;

    /// <summary>Starts Azurite if it is needed and puts its connection string into the configuration.</summary>
    /// <exception cref="LocalRuntimeException">There is no Azurite to be had; the message says what to do.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var wanted = Array.FindAll(Connections, IsEmulator);
        if (options.Azurite == AzuriteMode.None || wanted.Length == 0)
        {
            return;
        }

        var connectionString = options.Azurite == AzuriteMode.Attach
            ? await AttachAsync(cancellationToken)
            : await StartOwnAsync(cancellationToken);
        foreach (var connection in wanted)
        {
            configuration[connection] = connectionString;
        }

        address.StorageConnectionString = wanted.Contains(AppStorage) ? connectionString : null;
    }

    public async ValueTask DisposeAsync()
    {
        _isStopping = true;
        if (_azurite is not null)
        {
            await _azurite.DisposeAsync();
        }

        _dataFolder?.Dispose();
    }

    private bool IsEmulator(string connection)
    {
        var section = configuration.GetSection(connection);
        // A section, as JobStorage:blobServiceUri, is an account that is reached with an identity.
        return string.IsNullOrWhiteSpace(section.Value)
            ? !section.GetChildren().Any()
            : section.Value.Trim().TrimEnd(';').Equals(AzuriteConnection.Shortcut, StringComparison.OrdinalIgnoreCase);
    }

    private async Task<string> StartOwnAsync(CancellationToken cancellationToken)
    {
        _dataFolder = options.AzuriteInMemory ? null : DataFolderLock.Take(options.DataFolder, "azurite.lock");
        _azurite = await AzuriteProcess.StartAsync(
            new AzuriteOptions
            {
                SearchFolder = options.AppRoot,
                OtherSearchFolders = [AppContext.BaseDirectory],
                DataFolder = options.AzuriteInMemory ? null : Path.Combine(options.DataFolder, "azurite"),
                NodePath = options.NodePath,
            },
            cancellationToken);
        LogStarted(logger, _azurite.Endpoint);
        _ = ReportExitAsync(_azurite);
        return _azurite.ConnectionString;
    }

    private async Task ReportExitAsync(AzuriteProcess azurite)
    {
        await azurite.Exited;
        if (!_isStopping)
        {
            LogEnded(logger, azurite.Endpoint);
            _lost.SetResult();
        }
    }

    private static async Task<string> AttachAsync(CancellationToken cancellationToken)
    {
        var endpoint = AzuriteConnection.DefaultEndpoint;
        using var client = new HttpClient { Timeout = AttachTimeout };
        try
        {
            using var response = await client.GetAsync(endpoint, cancellationToken);
            if (response.Headers.Server.ToString().StartsWith("Azurite", StringComparison.OrdinalIgnoreCase))
            {
                return AzuriteConnection.To(endpoint);
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException
            && !cancellationToken.IsCancellationRequested)
        {
            throw new LocalRuntimeException(
                $"LocalRuntime:Azurite is 'attach', but nothing answers at {endpoint}. " +
                "Start Azurite there, or leave the setting out.",
                exception);
        }

        throw new LocalRuntimeException($"LocalRuntime:Azurite is 'attach', but what answers at {endpoint} is not Azurite.");
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Azurite listens on {Endpoint}")]
    private static partial void LogStarted(ILogger logger, Uri endpoint);

    [LoggerMessage(Level = LogLevel.Critical, Message = "Azurite on {Endpoint} ended by itself, so the app stops; start it again, and its jobs go on")]
    private static partial void LogEnded(ILogger logger, Uri endpoint);
}

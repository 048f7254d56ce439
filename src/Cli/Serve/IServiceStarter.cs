namespace ModelJobs.Cli.Serve;

/// <summary>Starts the app in this process.</summary>
internal interface IServiceStarter
{
    /// <summary>Starts the service and waits until it answers.</summary>
    /// <exception cref="CommandException">It could not start; the message says why.</exception>
    Task<IRunningService> StartAsync(ServiceOptions options, CancellationToken cancellationToken);
}

/// <summary>A service that answers; disposing it stops it cleanly.</summary>
internal interface IRunningService : IAsyncDisposable
{
    /// <summary>Where it answers, without the <c>api</c> prefix, for example <c>http://127.0.0.1:7071/</c>.</summary>
    Uri BaseUri { get; }

    /// <summary>The connection string for Service Bus clients, with its key; null if the service does not speak AMQP.</summary>
    string? ServiceBusConnectionString { get; }

    /// <summary>The connection string for programs that read its blobs; null if it has not brought its own storage.</summary>
    string? StorageConnectionString { get; }

    /// <summary>The folder of its state and blobs.</summary>
    string DataFolder { get; }

    /// <summary>The settings file that it read; null if there is none.</summary>
    string? SettingsFile { get; }

    /// <summary>Ends when the service stops by itself, or <paramref name="cancellationToken"/> is canceled; does not throw for the latter.</summary>
    Task WaitForShutdownAsync(CancellationToken cancellationToken);
}

/// <summary>How to start the service.</summary>
/// <param name="Port">TCP port of its HTTP endpoint; 0 takes a free one; null: what the settings say.</param>
/// <param name="AmqpPort">
/// TCP port of its queues for Service Bus clients, as the setting has it: 0 takes a free one, <see cref="NoAmqp"/> keeps the queues to itself; null:
/// what the settings say, or else <see cref="DefaultAmqpPort"/>.
/// </param>
/// <param name="DataFolder">Folder of its state and blobs, created if missing; null: what the settings say.</param>
/// <param name="Quiet">Log warnings and errors only: a command with progress of its own shows the rest.</param>
internal sealed record ServiceOptions(int? Port, string? AmqpPort, string? DataFolder, bool Quiet)
{
    /// <summary>What is to go wrong on purpose, as the setting <c>LocalRuntime:Faults</c> has it; null: what the settings say.</summary>
    public string? Faults { get; init; }

    /// <summary>No port for Service Bus clients.</summary>
    public const string NoAmqp = "";

    /// <summary>The port of AMQP.</summary>
    public const string DefaultAmqpPort = "5672";
}

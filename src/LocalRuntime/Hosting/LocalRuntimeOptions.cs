using Microsoft.Extensions.Configuration;

namespace ModelJobs.LocalRuntime.Hosting;

/// <summary>
/// Settings of the runtime itself, configuration section <c>LocalRuntime</c>: <c>--LocalRuntime:HttpPort=0</c> as an argument,
/// <c>LocalRuntime__HttpPort</c> as an environment variable.
/// </summary>
public sealed record LocalRuntimeOptions
{
    internal const string Section = "LocalRuntime";

    /// <summary>Longest <see cref="DeliveryDelay"/>: well within the locks of messages.</summary>
    private static readonly TimeSpan MaxDeliveryDelay = TimeSpan.FromSeconds(10);

    /// <summary>The folder with host.json. Default: the nearest one at or above the current folder, or else the program's own.</summary>
    public required string AppRoot { get; init; }

    /// <summary>The settings file that was read; null if there is none.</summary>
    public string? SettingsFile { get; init; }

    /// <summary>
    /// Where state is kept, relative to <see cref="AppRoot"/>. Default: <c>.local</c> there, or in the current folder where the root is
    /// only the program's own: that one may not be the user's to write to, and goes with the program.
    /// </summary>
    public required string DataFolder { get; init; }

    /// <summary>Where queues and orchestrations are kept.</summary>
    public StateMode State { get; init; } = StateMode.Disk;

    /// <summary>The address to listen on: an IP address, <c>localhost</c>, or <c>*</c> for all.</summary>
    public string HttpHost { get; init; } = "127.0.0.1";

    /// <summary>The port to listen on; 0 takes a free one (see <see cref="LocalRuntimeAddress"/>).</summary>
    public int HttpPort { get; init; } = 7071;

    /// <summary>The port of the AMQP 1.0 endpoint on the queues; 0 takes a free one; null: there is none.</summary>
    public int? AmqpPort { get; init; }

    /// <summary>The address that the AMQP endpoint listens on: an IP address, <c>localhost</c>, or <c>*</c> for all.</summary>
    public string AmqpHost { get; init; } = "127.0.0.1";

    /// <summary>The key that AMQP clients must have; null: one is made and kept in <see cref="DataFolder"/>.</summary>
    public string? AmqpKey { get; init; }

    /// <summary>How long an AMQP client that does not say so waits for the next session; the service lets it wait for about a minute.</summary>
    public TimeSpan AmqpSessionWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a message that was received for a trigger is on its way to the function: what a network and the host take where they are not in
    /// this process. The message is locked meanwhile, and its place among the trigger's concurrent calls taken.
    /// </summary>
    public TimeSpan DeliveryDelay { get; init; }

    /// <summary>Largest body of a request. Azure takes 100 MB (210 MB on Flex Consumption); here a large upload may be tried.</summary>
    public long MaxRequestBodyBytes { get; init; } = 64L << 30;

    /// <summary>How long a stop may take before what still runs is left behind.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Where ids come from; null takes a new seed at each start. A test sets it to see the same ids again.</summary>
    public int? Seed { get; init; }

    /// <summary>What is to go wrong on purpose, as <c>SEED[:PROFILE[:POINT[:N]]]</c>; null: nothing. See docs/local-runtime.md.</summary>
    public string? Faults { get; init; }

    /// <summary>Where blobs are kept when the configuration says <c>UseDevelopmentStorage=true</c> or nothing.</summary>
    public AzuriteMode Azurite { get; init; } = AzuriteMode.Start;

    /// <summary>Keep blobs in Azurite's memory instead of in <see cref="DataFolder"/>.</summary>
    public bool AzuriteInMemory { get; init; }

    /// <summary>The program that runs Azurite.</summary>
    public string NodePath { get; init; } = "node";

    /// <summary>
    /// Stands in for App Service authentication: callers say who they are, and are believed. On loopback only. See docs/local-runtime.md.
    /// </summary>
    public bool FakeAuthentication { get; init; }

    internal static string FindAppRoot(IConfiguration configuration)
    {
        if (configuration[$"{Section}:{nameof(AppRoot)}"] is { Length: > 0 } configured)
        {
            return Directory.Exists(configured)
                ? Path.GetFullPath(configured)
                : throw new LocalRuntimeException($"{Section}:{nameof(AppRoot)} is '{configured}', which is not a folder.");
        }

        for (var folder = new DirectoryInfo(Directory.GetCurrentDirectory()); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "host.json")))
            {
                return folder.FullName;
            }
        }

        return AppContext.BaseDirectory;
    }

    private static bool IsProgramFolder(string appRoot) =>
        Path.TrimEndingDirectorySeparator(appRoot) == Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);

    /// <exception cref="LocalRuntimeException">A value is wrong or a name unknown.</exception>
    internal static LocalRuntimeOptions Read(IConfiguration configuration, string appRoot)
    {
        var section = new SettingsSection(configuration.GetSection(Section), "configuration", Section, separator: ':');
        var defaults = new LocalRuntimeOptions { AppRoot = appRoot, DataFolder = Path.Combine(IsProgramFolder(appRoot) ? Directory.GetCurrentDirectory() : appRoot, ".local") };
        var options = new LocalRuntimeOptions
        {
            AppRoot = appRoot,
            DataFolder = section.Text(nameof(DataFolder)) is { } folder ? Path.GetFullPath(folder, appRoot) : defaults.DataFolder,
            State = section.Choice(nameof(State), defaults.State),
            HttpHost = section.Text(nameof(HttpHost)) ?? defaults.HttpHost,
            HttpPort = section.Integer(nameof(HttpPort), defaults.HttpPort, min: 0, max: ushort.MaxValue),
            AmqpPort = section.Text(nameof(AmqpPort)) is null ? null : section.Integer(nameof(AmqpPort), 0, min: 0, max: ushort.MaxValue),
            AmqpHost = section.Text(nameof(AmqpHost)) ?? defaults.AmqpHost,
            AmqpKey = section.Text(nameof(AmqpKey)),
            AmqpSessionWait = section.Duration(nameof(AmqpSessionWait), defaults.AmqpSessionWait),
            DeliveryDelay = section.Duration(nameof(DeliveryDelay), defaults.DeliveryDelay, MaxDeliveryDelay),
            MaxRequestBodyBytes = section.Integer(nameof(MaxRequestBodyBytes), defaults.MaxRequestBodyBytes, min: 1L),
            StopTimeout = section.Duration(nameof(StopTimeout), defaults.StopTimeout),
            Seed = section.Text(nameof(Seed)) is null ? null : section.Integer(nameof(Seed), 0, min: int.MinValue),
            Faults = section.Text(nameof(Faults)),
            Azurite = section.Choice(nameof(Azurite), defaults.Azurite),
            AzuriteInMemory = section.Boolean(nameof(AzuriteInMemory), defaults.AzuriteInMemory),
            NodePath = section.Text(nameof(NodePath)) ?? defaults.NodePath,
            FakeAuthentication = section.Boolean(nameof(FakeAuthentication), defaults.FakeAuthentication),
        };
        section.RejectUnknown(nameof(AppRoot));
        return options;
    }
}

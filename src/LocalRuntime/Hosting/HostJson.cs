using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace ModelJobs.LocalRuntime.Hosting;

/// <summary>
/// The settings of host.json that this runtime honours, with the real host's defaults. As there, a setting
/// <c>AzureFunctionsJobHost__extensions__serviceBus__maxConcurrentCalls</c> overrides the file.
/// </summary>
/// <param name="FunctionTimeout">How long an invocation may take; <see cref="Timeout.InfiniteTimeSpan"/> for as long as it wants.</param>
/// <param name="RoutePrefix">What the routes of HTTP triggers begin with; may be empty.</param>
/// <param name="LogLevels">The least level per category; <c>default</c> for all others.</param>
/// <param name="ServiceBus">Limits of Service Bus triggers.</param>
/// <param name="DurableTask">Limits of the durable engine.</param>
internal sealed record HostJson(
    TimeSpan FunctionTimeout,
    string RoutePrefix,
    IReadOnlyDictionary<string, LogLevel> LogLevels,
    ServiceBusHostOptions ServiceBus,
    DurableTaskHostOptions DurableTask)
{
    private const string FileName = "host.json";
    private const string OverrideSection = "AzureFunctionsJobHost";
    private const string Unlimited = "-1";

    /// <summary>The default of the Flex Consumption plan.</summary>
    private static readonly TimeSpan DefaultFunctionTimeout = TimeSpan.FromMinutes(30);

    /// <summary>Reads host.json (comments allowed) from the app's root; without the file everything has its default.</summary>
    /// <exception cref="LocalRuntimeException">A value is wrong or a name unknown.</exception>
    public static HostJson Load(string appRoot, IConfiguration configuration)
    {
        var overrides = configuration.GetSection(OverrideSection).AsEnumerable(makePathsRelative: true);
        var settings = Read(Path.Combine(appRoot, FileName), overrides.Where(static pair => pair.Value is not null));
        var root = new SettingsSection(settings, FileName, path: "", separator: '.');
        if (root.Text("version") is { } version && version != "2.0")
        {
            throw root.Wrong("version", version, "2.0");
        }

        var timeout = root.Text("functionTimeout") == Unlimited
            ? Timeout.InfiniteTimeSpan
            : root.Duration("functionTimeout", DefaultFunctionTimeout);
        var levels = ReadLogLevels(root.Section("logging"));
        var extensions = root.Section("extensions");
        var http = extensions.Section("http");
        var host = new HostJson(
            timeout,
            http.TextOrEmpty("routePrefix") ?? "api",
            levels,
            ServiceBusHostOptions.Read(extensions.Section("serviceBus")),
            DurableTaskHostOptions.Read(extensions.Section("durableTask")));
        http.RejectUnknown("maxOutstandingRequests", "maxConcurrentRequests", "dynamicThrottlesEnabled", "hsts", "customHeaders");
        extensions.RejectUnknown("blobs", "queues", "eventHubs", "cosmosDB", "signalR", "sendGrid", "kafka", "warmup");
        root.RejectUnknown(
            "$schema", "aggregator", "applicationInsights", "concurrency", "customHandler", "extensionBundle", "functions", "healthMonitor",
            "managedDependency", "retry", "sendCanceledInvocationsToWorker", "singleton", "telemetryMode",
            "watchDirectories", "watchFiles");
        return host;
    }

    private static IConfiguration Read(string path, IEnumerable<KeyValuePair<string, string?>> overrides)
    {
        try
        {
            return new ConfigurationBuilder()
                .AddJsonFile(path, optional: true, reloadOnChange: false)
                .AddInMemoryCollection(overrides)
                .Build();
        }
        catch (InvalidDataException exception) when (exception.InnerException is FormatException or JsonException)
        {
            var cause = exception.InnerException;
            throw new LocalRuntimeException($"{path} is not JSON: {(cause.InnerException ?? cause).Message}", exception);
        }
    }

    private static Dictionary<string, LogLevel> ReadLogLevels(SettingsSection logging)
    {
        var levels = logging.Section("logLevel");
        logging.RejectUnknown("applicationInsights", "console", "fileLoggingMode");
        return levels.Names.ToDictionary(
            static name => name, name => levels.Choice(name, LogLevel.Information), StringComparer.OrdinalIgnoreCase);
    }
}

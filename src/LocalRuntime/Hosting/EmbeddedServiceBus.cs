using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using ModelJobs.LocalRuntime.Broker;
using ModelJobs.LocalRuntime.Worker.Catalog;
using ModelJobs.LocalRuntime.Worker.ServiceBus;

namespace ModelJobs.LocalRuntime.Hosting;

/// <summary>
/// The app's Service Bus namespace, in this process, with the queues of infra/servicebus.json. Every connection of the app leads
/// here, whatever is configured: this build has no client that could reach another one.
/// </summary>
internal sealed class EmbeddedServiceBus
{
    private static readonly string DefinitionFile = Path.Combine("infra", "servicebus.json");

    /// <summary>The settings that are set before any trigger is known.</summary>
    private static readonly string[] UsualConnections = ["ServiceBus", "AzureWebJobsServiceBus"];

    private static int _count;

    public EmbeddedServiceBus(ConfigurationManager configuration)
    {
        // Two apps in one process, as in tests, must not meet.
        Host = $"local-{Interlocked.Increment(ref _count)}.servicebus.localhost";
        foreach (var connection in UsualConnections)
        {
            configuration[connection] = ConnectionString;
        }
    }

    /// <summary>The host name under which clients in this process find the broker.</summary>
    public string Host { get; }

    /// <summary>In the form that the official emulator uses; the key is a placeholder there too.</summary>
    public string ConnectionString =>
        $"Endpoint=sb://{Host};SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;";

    /// <summary>Reads the queues, from the app's root or next to the program.</summary>
    /// <returns>None if there is no definition: an app without Service Bus triggers needs none.</returns>
    /// <exception cref="LocalRuntimeException">The definition is wrong.</exception>
    public static IReadOnlyList<QueueDefinition> ReadQueues(string appRoot)
    {
        var file = new[] { appRoot, AppContext.BaseDirectory }
            .Select(static folder => Path.Combine(folder, DefinitionFile))
            .FirstOrDefault(File.Exists);
        try
        {
            return file is null ? [] : ServiceBusConfig.Read(file);
        }
        catch (InvalidDataException exception)
        {
            throw new LocalRuntimeException(exception.Message, exception);
        }
    }

    /// <summary>Points the triggers' connections to this namespace and checks that their queues exist and fit.</summary>
    /// <exception cref="FunctionWorkerException">A trigger and its queue do not fit.</exception>
    /// <exception cref="LocalRuntimeException">There are triggers, but no queues at all.</exception>
    public void Connect(FunctionCatalog catalog, IReadOnlyList<QueueDefinition> queues, string appRoot, IConfiguration configuration)
    {
        foreach (var (function, trigger) in catalog.With<ServiceBusTrigger>())
        {
            if (queues.Count == 0)
            {
                throw new LocalRuntimeException(
                    $"Function '{function.Name}' is triggered by queue '{trigger.Queue}', but no queues are defined: there is no {DefinitionFile} " +
                    $"in the app's root ({appRoot}) or next to the program ({AppContext.BaseDirectory}), or it is empty. " +
                    "Put the one of the source tree there.");
            }

            configuration[trigger.Connection] = ConnectionString;
            var path = QueuePath.Parse(trigger.Queue);
            var queue = queues.FirstOrDefault(q => q.Name.Equals(path.Queue, StringComparison.OrdinalIgnoreCase))
                ?? throw new FunctionWorkerException(
                    $"Function '{function.Name}' is triggered by queue '{path.Queue}', which {DefinitionFile} does not define. It has: " +
                    $"{string.Join(", ", queues.Select(static q => q.Name).Order(StringComparer.Ordinal))}.");
            // Dead letters of a queue with sessions have session ids, but no sessions.
            var hasSessions = queue.RequiresSession && !path.IsDeadLetter;
            if (trigger.UsesSessions != hasSessions)
            {
                throw new FunctionWorkerException(
                    $"Function '{function.Name}' has IsSessionsEnabled = {trigger.UsesSessions}, but queue '{path}' " +
                    $"{(hasSessions ? "requires sessions" : "has no sessions")}.");
            }
        }
    }
}

using System.Text.Json.Nodes;

namespace ModelJobs.Infra.Tests.Support;

/// <summary>A way to deploy: parameters as Bicep writes them, and what differs in the files that the templates load.</summary>
internal sealed record Variant(string Name)
{
    public const string AzureManaged = "azureManaged";

    /// <summary>A name of a connection that is not the host's storage.</summary>
    public const string SchedulerConnection = "DURABLE_TASK_SCHEDULER_CONNECTION_STRING";

    /// <summary>App registration that callers have tokens for.</summary>
    public const string ClientId = "22222222-2222-2222-2222-222222222222";

    /// <summary>As <c>azd up</c> deploys it when nobody says anything.</summary>
    public static readonly Variant Plain = new("plain");

    /// <summary>All that can be switched on, with Azure Storage as back end.</summary>
    public static readonly Variant Full = new("full")
    {
        Parameters = new()
        {
            ["serviceBusSku"] = "'Premium'",
            ["privateNetwork"] = "true",
            ["zoneRedundant"] = "true",
            ["openAi"] = "true",
            ["workerPrincipalIds"] = "['11111111-1111-1111-1111-111111111111']",
            ["webhookSigningKeyUri"] = "'https://contoso.vault.azure.net/secrets/webhooks'",
            ["webhookAllowedHosts"] = "'*.example.org'",
            ["alertEmail"] = "'operators@example.org'",
            ["deleteJobsAfterDays"] = "30",
            ["alwaysReadyDurable"] = "1",
            ["apiAccess"] = "'entra'",
            ["entraClientId"] = $"'{ClientId}'",
        },
    };

    /// <summary>The other back end, the fewest rights, and topics among the queues.</summary>
    public static readonly Variant Scheduler = new("scheduler")
    {
        Parameters = new() { ["durableBackend"] = "'scheduler'", ["scaleByQueueLength"] = "false" },
        Host = host => host["extensions"]!["durableTask"]!["storageProvider"] =
            new JsonObject { ["type"] = AzureManaged, ["connectionStringName"] = SchedulerConnection },
        ServiceBus = config => config["UserConfig"]!["Namespaces"]![0]!["Topics"] = JsonNode.Parse(Topics),
    };

    public static readonly IReadOnlyList<Variant> All = [Plain, Full, Scheduler];

    private const string Topics = """
        [
          {
            "Name": "events",
            "Properties": { "DefaultMessageTimeToLive": "PT1H", "DuplicateDetectionHistoryTimeWindow": "PT20S", "RequiresDuplicateDetection": true },
            "Subscriptions": [
              {
                "Name": "audit",
                "Properties": {
                  "DeadLetteringOnMessageExpiration": false, "DefaultMessageTimeToLive": "PT1H", "LockDuration": "PT1M", "MaxDeliveryCount": 3,
                  "ForwardDeadLetteredMessagesTo": "", "ForwardTo": "parked", "RequiresSession": false
                },
                "Rules": [
                  { "Name": "ended", "Properties": { "FilterType": "Correlation", "CorrelationFilter": { "Label": "ended", "Properties": { "status": "Failed" } } } },
                  { "Name": "large", "Properties": { "FilterType": "Sql", "SqlFilter": { "SqlExpression": "items > 1000" } } }
                ]
              }
            ]
          }
        ]
        """;

    public Dictionary<string, string> Parameters { get; init; } = [];

    public Action<JsonNode>? Host { get; init; }

    public Action<JsonNode>? ServiceBus { get; init; }

    public static TheoryData<string> Names => [.. All.Select(variant => variant.Name)];

    public static Variant Named(string name) => All.Single(variant => variant.Name == name);

    public override string ToString() => Name;
}

using System.Text.Json;
using ModelJobs.Infra.Tests.Support;

namespace ModelJobs.Infra.Tests;

/// <summary>Nothing takes a key, nothing is given one, and nothing speaks an old TLS.</summary>
public sealed class KeylessTests
{
    /// <summary>What a key, or a way to get at one, would look like in a template.</summary>
    private static readonly string[] KeyWords =
    [
        "listkeys", "listaccountsas", "listservicesas", "listsecrets", "sharedaccesskey", "sharedaccesssignature", "accountkey=", "authorizationrules",
        "primarykey", "primaryconnectionstring", "apikey", "instrumentationkey", "password=", "functionkey",
    ];

    /// <summary>By type: where the switch is, and how it must stand.</summary>
    private static readonly (string Type, string[] Path, object Value)[] Switches =
    [
        ("Microsoft.Storage/storageAccounts", ["properties", "allowSharedKeyAccess"], false),
        ("Microsoft.Storage/storageAccounts", ["properties", "allowBlobPublicAccess"], false),
        ("Microsoft.Storage/storageAccounts", ["properties", "minimumTlsVersion"], "TLS1_2"),
        ("Microsoft.Storage/storageAccounts", ["properties", "supportsHttpsTrafficOnly"], true),
        ("Microsoft.ServiceBus/namespaces", ["properties", "disableLocalAuth"], true),
        ("Microsoft.ServiceBus/namespaces", ["properties", "minimumTlsVersion"], "1.2"),
        ("Microsoft.Insights/components", ["properties", "DisableLocalAuth"], true),
        ("Microsoft.OperationalInsights/workspaces", ["properties", "features", "disableLocalAuth"], true),
        ("Microsoft.CognitiveServices/accounts", ["properties", "disableLocalAuth"], true),
        ("Microsoft.Web/sites", ["properties", "httpsOnly"], true),
        ("Microsoft.Web/sites", ["properties", "siteConfig", "minTlsVersion"], "1.2"),
        ("Microsoft.Web/sites", ["properties", "siteConfig", "scmMinTlsVersion"], "1.2"),
        ("Microsoft.Web/sites", ["properties", "siteConfig", "ftpsState"], "Disabled"),
        ("Microsoft.Web/sites", ["properties", "functionAppConfig", "deployment", "storage", "authentication", "type"], "UserAssignedIdentity"),
        ("Microsoft.Web/sites/basicPublishingCredentialsPolicies", ["properties", "allow"], false),
    ];

    /// <summary>Types that have no keys, so that a new type is looked at before it is added.</summary>
    private static readonly string[] WithoutKeys =
    [
        "Microsoft.Authorization/roleAssignments", "Microsoft.CognitiveServices/accounts/deployments", "Microsoft.DurableTask/schedulers",
        "Microsoft.DurableTask/schedulers/taskHubs", "Microsoft.Insights/actionGroups", "Microsoft.Insights/diagnosticSettings",
        "Microsoft.Insights/metricAlerts", "Microsoft.Insights/scheduledQueryRules", "Microsoft.Insights/workbooks",
        "Microsoft.ManagedIdentity/userAssignedIdentities", "Microsoft.Network/privateDnsZones", "Microsoft.Network/privateDnsZones/virtualNetworkLinks",
        "Microsoft.Network/privateEndpoints", "Microsoft.Network/privateEndpoints/privateDnsZoneGroups", "Microsoft.Network/virtualNetworks",
        "Microsoft.OperationalInsights/queryPacks", "Microsoft.OperationalInsights/queryPacks/queries", "Microsoft.Resources/resourceGroups",
        "Microsoft.ServiceBus/namespaces/queues", "Microsoft.ServiceBus/namespaces/topics", "Microsoft.ServiceBus/namespaces/topics/subscriptions",
        "Microsoft.ServiceBus/namespaces/topics/subscriptions/rules", "Microsoft.Storage/storageAccounts/blobServices",
        "Microsoft.Storage/storageAccounts/blobServices/containers", "Microsoft.Storage/storageAccounts/managementPolicies", "Microsoft.Web/serverfarms",
        "Microsoft.Web/sites/config",
    ];

    [Theory]
    [MemberData(nameof(Variant.Names), MemberType = typeof(Variant))]
    public async Task Deploy_Variant_HasNoKeyAnywhere(string variant)
    {
        var deployment = await Deployment.OfAsync(Variant.Named(variant));

        Assert.All(deployment.Resources, resource => Assert.DoesNotContain(
            KeyWords, word => resource.Json.GetRawText().Contains(word, StringComparison.OrdinalIgnoreCase)));
        Assert.DoesNotContain(deployment.Settings, setting => setting.Key is "AzureWebJobsStorage" or "ServiceBus" or "JobStorage");
    }

    [Theory]
    [MemberData(nameof(Variant.Names), MemberType = typeof(Variant))]
    public async Task Deploy_Variant_SwitchesKeysAndOldTlsOff(string variant)
    {
        var deployment = await Deployment.OfAsync(Variant.Named(variant));

        Assert.All(Switches, one => Assert.All(
            deployment.All(one.Type), resource => Assert.Equal(JsonSerializer.Serialize(one.Value), resource.At(one.Path).GetRawText())));
        var known = WithoutKeys.Concat(Switches.Select(one => one.Type)).ToHashSet(StringComparer.OrdinalIgnoreCase);
        Assert.DoesNotContain(deployment.Resources, resource => !known.Contains(resource.Type));
        Assert.Equal(["ftp", "scm"], deployment.All("Microsoft.Web/sites/basicPublishingCredentialsPolicies").Select(policy => policy.Name.Split('/')[1]).Order());
    }

    [Fact]
    public async Task Deploy_PrivateNetwork_ShutsPublicAccessAndHasAnEndpointForEachService()
    {
        var deployment = await Deployment.OfAsync(Variant.Full);

        string[] types = ["Microsoft.Storage/storageAccounts", "Microsoft.ServiceBus/namespaces", "Microsoft.CognitiveServices/accounts"];
        Assert.All(types, type => Assert.Equal("Disabled", deployment.One(type).At("properties", "publicNetworkAccess").GetString()));
        Assert.Equal(
            ["account", "blob", "namespace", "queue", "table"],
            deployment.All("Microsoft.Network/privateEndpoints")
                .Select(endpoint => endpoint.At("properties", "privateLinkServiceConnections")[0].GetProperty("properties").GetProperty("groupIds")[0].GetString())
                .Order(StringComparer.Ordinal));
        Assert.True(deployment.One("Microsoft.Web/sites").Find("properties", "virtualNetworkSubnetId") is { ValueKind: JsonValueKind.String });
    }
}

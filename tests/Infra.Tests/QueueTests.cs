using System.Text.Json;
using ModelJobs.Infra.Tests.Support;

namespace ModelJobs.Infra.Tests;

/// <summary>infra/servicebus.json is the one definition of queues: the local runtime reads it, and this is what Azure gets.</summary>
public sealed class QueueTests
{
    private static readonly JsonElement Namespace =
        JsonElement.Parse(Repository.Read("infra", "servicebus.json")).GetProperty("UserConfig").GetProperty("Namespaces")[0];

    [Theory]
    [MemberData(nameof(Variant.Names), MemberType = typeof(Variant))]
    public async Task Deploy_Variant_HasEveryQueueWithTheSameProperties(string variant)
    {
        var deployed = (await Deployment.OfAsync(Variant.Named(variant))).All("Microsoft.ServiceBus/namespaces/queues")
            .ToDictionary(queue => queue.Name.Split('/')[1]);

        var defined = Namespace.GetProperty("Queues").EnumerateArray().ToDictionary(queue => queue.GetProperty("Name").GetString()!);
        Assert.Equal(defined.Keys.Order(StringComparer.Ordinal), deployed.Keys.Order(StringComparer.Ordinal));
        Assert.All(defined, queue => AssertSame(queue.Value.GetProperty("Properties"), deployed[queue.Key].At("properties")));
    }

    [Fact]
    public async Task Deploy_FileWithTopics_HasThemWithSubscriptionsAndRules()
    {
        var deployment = await Deployment.OfAsync(Variant.Scheduler);

        var topic = deployment.One("Microsoft.ServiceBus/namespaces/topics");
        Assert.EndsWith("/events", topic.Name);
        Assert.True(topic.At("properties", "requiresDuplicateDetection").GetBoolean());
        var subscription = deployment.One("Microsoft.ServiceBus/namespaces/topics/subscriptions");
        Assert.EndsWith("/events/audit", subscription.Name);
        Assert.Equal("parked", subscription.At("properties", "forwardTo").GetString());
        Assert.Null(subscription.Find("properties", "forwardDeadLetteredMessagesTo"));
        Assert.Equal(
            ["ended CorrelationFilter", "large SqlFilter"],
            deployment.All("Microsoft.ServiceBus/namespaces/topics/subscriptions/rules")
                .Select(rule => $"{rule.Name.Split('/')[^1]} {rule.At("properties", "filterType")}").Order());
    }

    [Fact]
    public void Definition_QueuesNamedInTemplatesAndAlerts_AreThere()
    {
        var queues = Namespace.GetProperty("Queues").EnumerateArray().Select(queue => queue.GetProperty("Name").GetString());

        Assert.Superset(new HashSet<string?> { "chunks-external", "results", "parked" }, queues.ToHashSet());
    }

    // The file writes each property with a capital, and an empty text for none.
    private static void AssertSame(JsonElement defined, JsonElement deployed) => Assert.All(defined.EnumerateObject(), property =>
    {
        var name = char.ToLowerInvariant(property.Name[0]) + property.Name[1..];
        if (property.Value is { ValueKind: JsonValueKind.String } && property.Value.GetString() is "")
        {
            Assert.False(deployed.TryGetProperty(name, out _), name);
        }
        else
        {
            Assert.Equal(property.Value.GetRawText(), deployed.GetProperty(name).GetRawText());
        }
    });
}

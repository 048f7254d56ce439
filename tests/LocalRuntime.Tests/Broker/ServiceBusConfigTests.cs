using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Tests.Broker;

public sealed class ServiceBusConfigTests
{
    [Fact]
    public void Read_OfTheAppsOwnQueues_GivesTheirDefinitions()
    {
        var queues = ServiceBusConfig.Read(Path.Combine(RepositoryRoot(), "infra", "servicebus.json"));

        Assert.Equal(["chunks", "chunks-express", "chunks-ordered", "chunks-external", "results", "parked"], queues.Select(queue => queue.Name));
        var ordered = queues[2];
        Assert.True(ordered.RequiresSession);
        Assert.True(ordered.RequiresDuplicateDetection);
        Assert.Equal(TimeSpan.FromMinutes(1), ordered.LockDuration);
        Assert.Equal(TimeSpan.FromMinutes(10), ordered.DuplicateDetectionHistoryTimeWindow);
        Assert.Equal(TimeSpan.FromDays(14), ordered.DefaultMessageTimeToLive);
        Assert.Equal(5, ordered.MaxDeliveryCount);
        Assert.True(ordered.DeadLetteringOnMessageExpiration);
    }

    [Fact]
    public void Parse_QueueWithoutProperties_HasTheServicesDefaults()
    {
        var queue = Assert.Single(ServiceBusConfig.Parse(Config("""{ "Name": "q" }"""), "config"));

        Assert.Equal(new QueueDefinition { Name = "q" }, queue);
        Assert.Equal((10, TimeSpan.FromMinutes(1)), (queue.MaxDeliveryCount, queue.LockDuration));
    }

    [Theory]
    [InlineData("""{ "Name": "q", "Properties": { "LockDuration": "1 minute" } }""", "'1 minute' is not an ISO 8601 duration")]
    [InlineData("""{ "Name": "q", "Properties": { "LockDuration": "PT6M" } }""", "at least PT5S and at most PT5M")]
    [InlineData("""{ "Name": "q", "Properties": { "MaxDeliveryCount": 0 } }""", "MaxDeliveryCount: it must be an integer from 1")]
    [InlineData("""{ "Name": "q", "Properties": { "RequiresSession": "yes" } }""", "RequiresSession: it must be true or false")]
    [InlineData("""{ "Name": "q", "Properties": { "RequireSession": true } }""", "'RequireSession' is not known here")]
    [InlineData("""{ "Name": "q", "Properties": { "ForwardTo": "other" } }""", "ForwardTo: there is no queue or topic 'other'")]
    [InlineData(
        """{ "Name": "a", "Properties": { "ForwardTo": "B" } }, { "Name": "b", "Properties": { "ForwardDeadLetteredMessagesTo": "a" } }""",
        "Properties.ForwardDeadLetteredMessagesTo: messages would come back to where they were: a -> b -> a")]
    [InlineData(
        """{ "Name": "q", "Properties": { "ForwardTo": "r", "RequiresSession": true } }, { "Name": "r" }""",
        "ForwardTo: an entity that requires sessions cannot forward")]
    [InlineData("""{ "Name": "q/Subscriptions/s" }""", "is not a queue name")]
    [InlineData("""{ "Name": "no spaces" }""", "'no spaces' is not a queue name")]
    [InlineData("""{ "Properties": {} }""", "'Name' is missing")]
    [InlineData("""{ "Name": "q" }, { "Name": "Q" }""", "two entities named 'Q'")]
    [InlineData("7", "it must be an object")]
    public void Parse_InvalidQueue_SaysWhereAndWhy(string queue, string error)
    {
        var exception = Assert.Throws<InvalidDataException>(() => ServiceBusConfig.Parse(Config(queue), "infra/servicebus.json"));

        Assert.StartsWith("infra/servicebus.json: UserConfig.Namespaces[0].Queues[", exception.Message, StringComparison.Ordinal);
        Assert.Contains(error, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", "is not valid JSON")]
    [InlineData("{}", "'UserConfig' is missing")]
    [InlineData("""{ "UserConfig": { "Namespaces": [] } }""", "exactly one namespace")]
    [InlineData("""{ "UserConfig": { "Namespaces": [{ "Topics": [{}] }] } }""", "Topics[0]: 'Name' is missing")]
    public void Parse_InvalidFile_SaysWhy(string json, string error)
    {
        var exception = Assert.Throws<InvalidDataException>(() => ServiceBusConfig.Parse(json, "config"));

        Assert.Contains(error, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_Topics_GivesThemWithTheirSubscriptionsAndRules()
    {
        var entities = ServiceBusConfig.Parse(
            Topic(
                """
                { "Name": "all" },
                {
                  "Name": "some",
                  "Properties": { "LockDuration": "PT30S", "DefaultMessageTimeToLive": "P1D", "RequiresSession": true },
                  "Rules": [
                    {
                      "Name": "correlation",
                      "Properties": {
                        "FilterType": "Correlation",
                        "CorrelationFilter": { "Label": "subject", "CorrelationId": "id", "Properties": { "color": "red" } }
                      }
                    },
                    { "Name": "none", "Properties": { "FilterType": "Sql", "SqlFilter": { "SqlExpression": "1 = 0" } } }
                  ]
                }
                """),
            "config");

        Assert.Equal(
            [("t", EntityKind.Topic), ("t/Subscriptions/all", EntityKind.Subscription), ("t/Subscriptions/some", EntityKind.Subscription)],
            entities.Select(entity => (entity.Name, entity.Kind)));
        Assert.True(entities[0].RequiresDuplicateDetection);
        // A subscription keeps its messages no longer than its topic does.
        Assert.Equal([TimeSpan.FromHours(1), TimeSpan.FromHours(1)], entities.Skip(1).Select(entity => entity.DefaultMessageTimeToLive));
        Assert.Same(SubscriptionRule.All, entities[1].Rules);
        Assert.Equal((TimeSpan.FromSeconds(30), true), (entities[2].LockDuration, entities[2].RequiresSession));
        Assert.Equal(["correlation", "none"], entities[2].Rules.Select(rule => rule.Name));
        var red = new Dictionary<string, object> { ["color"] = "red" };
        Assert.True(entities[2].Rules[0].Matches(new SentMessage { Subject = "subject", CorrelationId = "id", Properties = red }));
        Assert.False(entities[2].Rules[0].Matches(new SentMessage { Subject = "Subject", CorrelationId = "id", Properties = red }));
        Assert.False(entities[2].Rules[0].Matches(new SentMessage { Subject = "subject", CorrelationId = "id" }));
        Assert.False(entities[2].Rules[1].Matches(new SentMessage()));
    }

    [Theory]
    [InlineData("""{ "Name": "s/t" }""", "Subscriptions[0].Name: 's/t' is not a subscription name")]
    [InlineData("""{ "Name": "s" }, { "Name": "S" }""", "two entities named 't/Subscriptions/S'")]
    [InlineData("""{ "Name": "s", "Properties": { "ForwardTo": "T" } }""", "messages would come back to where they were: t -> t/Subscriptions/s -> t")]
    [InlineData("""{ "Name": "s", "Properties": { "ForwardTo": "t/subscriptions/s" } }""", "is a subscription; messages can be forwarded to")]
    [InlineData("""{ "Name": "s", "Properties": { "RequiresDuplicateDetection": true } }""", "'RequiresDuplicateDetection' is not known here")]
    [InlineData(
        """{ "Name": "s", "Rules": [{ "Name": "r", "Properties": { "FilterType": "Sql", "SqlFilter": { "SqlExpression": "a = 1" } } }] }""",
        "Rules[0].Properties.SqlFilter.SqlExpression: SQL filters other than 1=1 and 1=0 are not supported")]
    [InlineData(
        """{ "Name": "s", "Rules": [{ "Name": "r", "Properties": { "FilterType": "Correlation", "CorrelationFilter": {} } }] }""",
        "CorrelationFilter: it compares nothing")]
    [InlineData(
        """{ "Name": "s", "Rules": [{ "Name": "r", "Properties": { "FilterType": "Correlation", "Action": {} } }] }""",
        "Action: rule actions are not supported")]
    public void Parse_InvalidSubscription_SaysWhereAndWhy(string subscriptions, string error)
    {
        var exception = Assert.Throws<InvalidDataException>(() => ServiceBusConfig.Parse(Topic(subscriptions), "config"));

        Assert.Contains(error, exception.Message, StringComparison.Ordinal);
    }

    private static string Topic(string subscriptions) => $$"""
        {
          "UserConfig": {
            "Namespaces": [{
              "Name": "ns",
              "Topics": [{
                "Name": "t",
                "Properties": { "RequiresDuplicateDetection": true, "DefaultMessageTimeToLive": "PT1H" },
                "Subscriptions": [{{subscriptions}}]
              }]
            }]
          }
        }
        """;

    private static string Config(string queues)
        => $$"""{ "UserConfig": { "Namespaces": [{ "Name": "ns", "Queues": [{{queues}}], "Topics": [] }] } }""";

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "FunctionsApp.sln")))
        {
            folder = folder.Parent;
        }
        return folder?.FullName ?? throw new InvalidOperationException("The tests do not run inside the repository.");
    }
}

using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Tests.Broker;

public sealed class ServiceBusConfigTests
{
    [Fact]
    public void Read_OfTheAppsOwnQueues_GivesTheirDefinitions()
    {
        var queues = ServiceBusConfig.Read(Path.Combine(RepositoryRoot(), "infra", "servicebus.json"));

        Assert.Equal(["chunks", "chunks-ordered", "results", "parked"], queues.Select(queue => queue.Name));
        var ordered = queues[1];
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
    [InlineData("""{ "Name": "q", "Properties": { "ForwardTo": "other" } }""", "ForwardTo: forwarding is not supported")]
    [InlineData("""{ "Name": "no spaces" }""", "'no spaces' is not a queue name")]
    [InlineData("""{ "Properties": {} }""", "'Name' is missing")]
    [InlineData("""{ "Name": "q" }, { "Name": "Q" }""", "two queues named 'Q'")]
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
    [InlineData("""{ "UserConfig": { "Namespaces": [{ "Topics": [{}] }] } }""", "topics are not supported")]
    public void Parse_InvalidFile_SaysWhy(string json, string error)
    {
        var exception = Assert.Throws<InvalidDataException>(() => ServiceBusConfig.Parse(json, "config"));

        Assert.Contains(error, exception.Message, StringComparison.Ordinal);
    }

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

using Azure.Messaging.ServiceBus;
using ModelJobs.Functions;

namespace ModelJobs.ApiSurface.Tests.Usage;

/// <summary>
/// The reverse of what holds LocalRuntime's surface: all that the compiled app uses of it is in the real packages, with the same signature.
/// </summary>
public sealed class FunctionsUsageTests
{
    private static readonly string LocalRuntime = typeof(ServiceBusClient).Assembly.GetName().Name!;

    private static readonly IReadOnlyCollection<string> Used = UsedApi.Read(typeof(ModelJobsApp).Assembly.Location, LocalRuntime);

    [Fact]
    public void App_TypesAndMembersThatItUses_AreInTheRealPackages()
    {
        var missing = MissingFrom(ApiLists.Read().Lines);

        Assert.True(missing.Count == 0, $"The app uses what the Azure packages do not have:{Environment.NewLine}{string.Join(Environment.NewLine, missing)}");
    }

    [Theory]
    [InlineData("M Microsoft.DurableTask.TaskOrchestrationContext.CallActivityAsync``1(Microsoft.DurableTask.TaskName, object, Microsoft.DurableTask.TaskOptions) -> System.Threading.Tasks.Task<!!0>")]
    [InlineData("M Azure.Messaging.ServiceBus.ServiceBusReceiver.CompleteMessageAsync(Azure.Messaging.ServiceBus.ServiceBusReceivedMessage, System.Threading.CancellationToken) -> System.Threading.Tasks.Task")]
    [InlineData("P Azure.Messaging.ServiceBus.ServiceBusMessage.SessionId : string set")]
    [InlineData("P Microsoft.Azure.Functions.Worker.ServiceBusTriggerAttribute.IsSessionsEnabled : bool set")]
    [InlineData("T Microsoft.Azure.Functions.Worker.OrchestrationTriggerAttribute")]
    public void Read_App_FindsWhatItUses(string key) => Assert.Contains(key, Used);

    [Fact]
    public void App_MemberWithAnotherSignatureInThePackages_IsMissing()
    {
        const string Member = "Azure.Messaging.ServiceBus.ServiceBusReceiver.CompleteMessageAsync(";
        var lines = ApiLists.Read().Lines.Select(line => line.Contains(Member, StringComparison.Ordinal)
            ? line.Replace("-> System.Threading.Tasks.Task", "-> void", StringComparison.Ordinal)
            : line);

        var missing = MissingFrom(lines);

        Assert.Contains(Member, Assert.Single(missing), StringComparison.Ordinal);
    }

    [Fact]
    public void App_TypesOfTheRuntimeItself_AreNotUsed()
        => Assert.DoesNotContain(Used, key => key.StartsWith($"T {LocalRuntime}", StringComparison.Ordinal));

    private static List<string> MissingFrom(IEnumerable<string> lines)
    {
        var listed = lines.SelectMany(ApiKey.OfLine).ToHashSet(StringComparer.Ordinal);
        return [.. Used.Where(key => !listed.Contains(key))];
    }
}

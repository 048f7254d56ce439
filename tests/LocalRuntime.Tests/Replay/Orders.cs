using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace ModelJobs.LocalRuntime.Tests.Replay;

/// <summary>An orchestrator with a bit of everything, and ways in which someone might change it.</summary>
public static class Orders
{
    private static readonly TaskOptions TwoAttempts = new(new RetryPolicy(2, TimeSpan.FromSeconds(5)));

    /// <summary>Its input <c>waits</c> makes it wait for an event at the end.</summary>
    [Function("Order")]
    public static Task<int> Run([OrchestrationTrigger] TaskOrchestrationContext context) => RunAsync(context, "");

    public static Func<TaskOrchestrationContext, Task<int>> Changed(string change) => context => RunAsync(context, change);

    private static async Task<int> RunAsync(TaskOrchestrationContext context, string change)
    {
        var input = context.GetInput<string>()!;
        var reserved = await context.CallActivityAsync<int>(change == "other activity" ? "Hold" : "Reserve", input);
        if (change == "returns early")
        {
            return reserved;
        }

        try
        {
            // Fails at first; tried again after a timer.
            await context.CallActivityAsync<int>("Bill", reserved, change == "no timer" ? null : TwoAttempts);
        }
        catch (TaskFailedException) when (change == "no timer")
        {
        }

        var child = new SubOrchestrationOptions(instanceId: context.InstanceId + "-ship");
        reserved += await context.CallSubOrchestratorAsync<int>(change == "other child" ? "Send" : "Ship", reserved, child);
        context.SendEvent("audit", "shipped", reserved);
        if (change == "one more")
        {
            _ = context.CallActivityAsync<int>("Notify");
        }

        if (change == "throws")
        {
            throw new InvalidOperationException("changed");
        }

        if (input == "waits" && change != "never waits")
        {
            reserved += await context.WaitForExternalEvent<int>("paid");
        }

        return reserved;
    }
}

using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace ModelJobs.LocalRuntime.Tests.Worker.Management;

/// <summary>Orchestrations to manage.</summary>
public sealed class ManagedFunctions
{
    [Function("Square")]
    public static async Task<int> SquareAll([OrchestrationTrigger] TaskOrchestrationContext context)
        => await context.CallActivityAsync<int>("SquareOne", context.GetInput<int>());

    [Function("SquareOne")]
    public static int SquareOne([ActivityTrigger] int number) => number * number;

    [Function("AwaitGo")]
    public static async Task<string> AwaitGo([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        context.SetCustomStatus(new { step = "waiting" });
        return await context.WaitForExternalEvent<string>("go");
    }

    [Function("Fail")]
    public static Task<int> Fail([OrchestrationTrigger] TaskOrchestrationContext context)
        => throw new InvalidOperationException("It broke.");

    [Function("Family")]
    public static async Task<int> Family([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var square = await context.CallSubOrchestratorAsync<int>("Square", 3);
        await context.CreateTimer(TimeSpan.FromMilliseconds(1), CancellationToken.None);
        _ = context.CallActivityAsync<int>("Missing");
        await context.WaitForExternalEvent<int>("never");
        return square;
    }
}

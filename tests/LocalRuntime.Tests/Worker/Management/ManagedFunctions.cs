using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace ModelJobs.LocalRuntime.Tests.Worker.Management;

/// <summary>Orchestrations to manage.</summary>
public sealed class ManagedFunctions
{
    private static int _failures;

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

    [Function("FailOnce")]
    public static async Task<int> FailOnce([OrchestrationTrigger] TaskOrchestrationContext context)
        => await context.CallActivityAsync<int>("FailAtFirst", context.InstanceId);

    [Function("FailAtFirst")]
    public static int FailAtFirst([ActivityTrigger] string caller)
        => Interlocked.Increment(ref _failures) > 1 ? 1 : throw new InvalidOperationException($"{caller} broke.");

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

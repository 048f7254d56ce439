using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace ModelJobs.LocalRuntime.Tests.Engine.Conformance;

/// <summary>
/// Orchestrations that run on this engine and ran on the real one (Microsoft.DurableTask.InProcessTestHost 0.2.3 with
/// Microsoft.Azure.DurableTask.Core 3.11.2), whose histories are in histories.txt. Nothing here knows which engine runs it.
/// </summary>
internal static class Scenarios
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(20);

    private static readonly TimeSpan Long = TimeSpan.FromHours(1);

    /// <summary>Scenarios by name; each begins with the orchestrator of its name, and may be driven while it runs.</summary>
    public static IReadOnlyDictionary<string, Scenario> All { get; } = new Dictionary<string, Scenario>
    {
        ["Chain"] = new(async context => await Echo(context, "a") + await Echo(context, "b")),
        ["NoInput"] = new(async context => await context.CallActivityAsync<string>("Echo")),
        ["ActivityFails"] = new(context => context.CallActivityAsync<string>("Fail", "why")),
        ["ActivityFailsCaught"] = new(async context =>
        {
            try
            {
                return await context.CallActivityAsync<string>("Fail", "why");
            }
            catch (TaskFailedException failed)
            {
                return $"{failed.TaskName.ToString()} {failed.TaskId} {failed.Message} | {Describe(failed.FailureDetails)}";
            }
        }),
        ["WrappedFailure"] = new(async context =>
        {
            try
            {
                return await context.CallActivityAsync<string>("Fail", "why");
            }
            catch (TaskFailedException failed)
            {
                throw new InvalidOperationException("wrapped", failed);
            }
        }),
        ["OwnFailure"] = new(async context => throw new InvalidOperationException(await Echo(context, "own"), new FormatException("inner"))),
        ["RetryExhausted"] = new(context => context.CallActivityAsync<string>("Fail", "why", Retry(2))),
        ["RetryRefused"] = new(context => context.CallActivityAsync<string>(
            "Fail", "why", new TaskOptions(new RetryPolicy(5, Short) { HandleFailure = failure => failure.IsCausedBy<FormatException>() }))),
        ["RetryChoiceThrows"] = new(context => context.CallActivityAsync<string>(
            "Fail", "why", new TaskOptions(new RetryPolicy(5, Short) { HandleFailure = _ => throw new FormatException() }))),
        ["RetryHandler"] = new(context => context.CallActivityAsync<string>("Fail", "why", TaskOptions.FromRetryHandler(
            (RetryContext retry) => retry.LastAttemptNumber < 3 && retry.LastFailure.IsCausedBy<InvalidOperationException>()))),
        ["Child"] = new(context => context.CallSubOrchestratorAsync<string>("Echoing", "x", new SubOrchestrationOptions(instanceId: "Child-1"))),
        ["ChildFails"] = new(context => context.CallSubOrchestratorAsync<string>("Failing", "x", new SubOrchestrationOptions(instanceId: "Child-2"))),
        ["ChildFailsCaught"] = new(async context =>
        {
            try
            {
                return await context.CallSubOrchestratorAsync<string>("Failing", "x", new SubOrchestrationOptions(instanceId: "Child-3"));
            }
            catch (TaskFailedException failed)
            {
                return $"{failed.TaskName.ToString()} {failed.TaskId} {failed.Message} | {Describe(failed.FailureDetails)}";
            }
        }),
        ["ChildRetried"] = new(context => context.CallSubOrchestratorAsync<string>(
            "Failing", "x", new SubOrchestrationOptions(Retry(2).Retry, "Child-4"))),
        ["Timer"] = new(async context =>
        {
            await context.CreateTimer(Short, CancellationToken.None);
            return await Echo(context, "after");
        }),
        ["CanceledTimer"] = new(async context =>
        {
            using var cancel = new CancellationTokenSource();
            var timer = context.CreateTimer(Long, cancel.Token);
            var first = await Task.WhenAny(timer, Echo(context, "x"));
            Cancel(cancel);
            return first == timer ? "timer" : await Echo(context, "echo");
        }),
        ["TimeoutOfAnEvent"] = new(async context =>
        {
            try
            {
                return await context.WaitForExternalEvent<string>("e", Short);
            }
            catch (OperationCanceledException canceled)
            {
                return canceled.GetType().Name;
            }
        }),
        ["EventWhileWaiting"] = new(
            context => context.WaitForExternalEvent<string>("e"),
            async run =>
            {
                await run.StartedAsync();
                await run.Client.RaiseEventAsync(run.Id, "E", "payload");
            }),
        ["EventsBuffered"] = new(
            async context =>
            {
                var first = await context.WaitForExternalEvent<string>("go");
                return first + await context.WaitForExternalEvent<string>("e") + await context.WaitForExternalEvent<string>("e");
            },
            async run =>
            {
                await run.StartedAsync();
                await run.RaiseAsync("e", "1", 1);
                await run.RaiseAsync("e", "2", 2);
                await run.RaiseAsync("go", "0", 3);
            }),
        ["LatestWaiterFirst"] = new(
            async context =>
            {
                var first = context.WaitForExternalEvent<string>("e");
                var second = context.WaitForExternalEvent<string>("e");
                return $"{await first} {await second}";
            },
            async run =>
            {
                await run.StartedAsync();
                await run.RaiseAsync("e", "one", 1);
                await run.RaiseAsync("e", "two", 2);
            }),
        ["SendEvent"] = new(async context =>
        {
            context.SendEvent(context.InstanceId, "e", "payload");
            return await context.WaitForExternalEvent<string>("e");
        }),
        ["Again"] = new(async context =>
        {
            var n = context.GetInput<string>() ?? "";
            if (n.Length < 2)
            {
                context.ContinueAsNew(n + await Echo(context, "x"));
            }

            return n;
        }),
        ["AgainWithAnotherVersion"] = new(async context =>
        {
            if (context.Version != "2")
            {
                context.ContinueAsNew(new ContinueAsNewOptions { NewInput = "in", NewVersion = "2" });
            }

            return await Echo(context, context.Version);
        }),
        ["AgainThenFails"] = new(async context =>
        {
            context.ContinueAsNew("again");
            throw new InvalidOperationException(await Echo(context, "failed"));
        }),
        ["OpenActivityAtTheEnd"] = new(async context =>
        {
            _ = Echo(context, "nobody awaits this");
            return await Task.FromResult("done");
        }),
        ["OpenTimerAtTheEnd"] = new(async context =>
        {
            _ = context.CreateTimer(Short, CancellationToken.None);
            return await Task.FromResult("done");
        }),
        ["OpenActivityWhenFailing"] = new(async context =>
        {
            _ = Echo(context, "nobody awaits this");
            await Task.CompletedTask;
            throw new InvalidOperationException("failed");
        }),
        ["OpenActivityWhenBeginningAgain"] = new(async context =>
        {
            if (context.GetInput<string>() is null)
            {
                _ = Echo(context, "nobody awaits this");
                context.ContinueAsNew("second");
            }

            return await Task.FromResult("done");
        }),
        ["Terminated"] = new(
            context => context.WaitForExternalEvent<string>("never"),
            async run =>
            {
                await run.StartedAsync();
                await run.Client.TerminateInstanceAsync(run.Id, "output");
            }),
        ["SuspendedAndResumed"] = new(
            async context => await context.WaitForExternalEvent<string>("e") + await Echo(context, "x"),
            async run =>
            {
                await run.StartedAsync();
                await run.Client.SuspendInstanceAsync(run.Id, "pause");
                await run.HasAsync("ExecutionSuspended", 1);
                await run.RaiseAsync("e", "held", 1);
                await run.Client.ResumeInstanceAsync(run.Id, "go on");
            }),
        ["CustomStatus"] = new(async context =>
        {
            context.SetCustomStatus("set");
            return await Echo(context, "x");
        }),
        ["CustomStatusAfterBeginningAgain"] = new(async context =>
        {
            if (context.GetInput<string>() is null)
            {
                context.SetCustomStatus("of the first execution");
                context.ContinueAsNew("second");
                return "";
            }

            return await Echo(context, "x");
        }),
        ["Versions"] = new(
            async context => $"{context.Version} {await context.CallSubOrchestratorAsync<string>(
                "Version", options: new SubOrchestrationOptions(instanceId: "Child-5"))} {await context.CallSubOrchestratorAsync<string>(
                "Version", options: new SubOrchestrationOptions(instanceId: "Child-6") { Version = "7" })} {await Echo(context, "x")}",
            Options: new StartOrchestrationOptions { Version = "1.2" }),
        ["Tags"] = new(
            context => context.CallSubOrchestratorAsync<string>(
                "Echoing",
                "x",
                new SubOrchestrationOptions(new TaskOptions(tags: new Dictionary<string, string> { ["b"] = "child", ["c"] = "3" }), "Child-7")),
            Options: new StartOrchestrationOptions { Tags = new Dictionary<string, string> { ["a"] = "1", ["b"] = "parent" } }),
        ["WrongResultType"] = new(async context => $"{await context.CallActivityAsync<int>("Echo", "no number")}"),
        ["FailsAtOnce"] = new(_ => throw new InvalidOperationException("at once")),
    };

    /// <summary>Orchestrators that the scenarios call.</summary>
    public static IReadOnlyDictionary<string, Func<TaskOrchestrationContext, Task<string>>> Children { get; } =
        new Dictionary<string, Func<TaskOrchestrationContext, Task<string>>>
        {
            ["Echoing"] = context => Echo(context, context.GetInput<string>()! + context.Parent!.InstanceId),
            ["Failing"] = context => context.CallActivityAsync<string>("Fail", context.GetInput<string>()),
            ["Version"] = async context => await Echo(context, $"({context.Version})"),
        };

    public static string? EchoActivity(string? input) => input;

    public static string FailActivity(string? input)
        => throw new InvalidOperationException(input, new FileNotFoundException("inner", new FormatException("innermost")));

    private static Task<string> Echo(TaskOrchestrationContext context, string text) => context.CallActivityAsync<string>("Echo", text);

    private static TaskOptions Retry(int attempts) => TaskOptions.FromRetryPolicy(new RetryPolicy(attempts, Short));

#pragma warning disable CA1849 // The callbacks must run here, on the orchestrator's thread.
    private static void Cancel(CancellationTokenSource source) => source.Cancel();
#pragma warning restore CA1849

    private static string Describe(TaskFailureDetails? failure)
        => failure is null ? "-" : $"{failure.ErrorType}: {failure.ErrorMessage} < {Describe(failure.InnerFailure)}";
}

/// <summary>One orchestration.</summary>
/// <param name="Orchestrator">Its code.</param>
/// <param name="Drive">What clients do while it runs.</param>
/// <param name="Options">How it is started.</param>
internal sealed record Scenario(
    Func<TaskOrchestrationContext, Task<string>> Orchestrator,
    Func<IScenarioRun, Task>? Drive = null,
    StartOrchestrationOptions? Options = null);

/// <summary>A scenario that runs, on whichever engine.</summary>
internal interface IScenarioRun
{
    string Id { get; }

    DurableTaskClient Client { get; }

    /// <summary>Ends when the first turn has been written.</summary>
    Task StartedAsync();

    /// <summary>Ends when the history has so many events of the kind.</summary>
    Task HasAsync(string eventType, int count);

    /// <summary>Raises an event and waits until the history has so many.</summary>
    async Task RaiseAsync(string name, string payload, int raised)
    {
        await Client.RaiseEventAsync(Id, name, payload);
        await HasAsync("EventRaised", raised);
    }
}

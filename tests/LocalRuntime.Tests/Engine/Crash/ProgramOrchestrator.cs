using System.Text;
using Microsoft.DurableTask;

namespace ModelJobs.LocalRuntime.Tests.Engine.Crash;

/// <summary>Runs programs as orchestrations.</summary>
internal sealed class ProgramOrchestrator(RandomFamily family)
{
    public const string Name = "Program";
    public const string Double = "Double";
    public const string Bad = "Bad";
    public const string Flaky = "Flaky";

    /// <summary>How often a flaky activity fails before it succeeds.</summary>
    public const int FlakyFailures = 2;

    private static readonly TimeSpan Patience = TimeSpan.FromDays(10);

    /// <summary>What an execution begins with.</summary>
    internal sealed record State(int Program, int Execution, string Output);

    public async Task<object?> Run(TaskOrchestrationContext context)
    {
        var state = context.GetInput<State>()!;
        var program = family.Find(state.Program);
        var output = state.Output + await Run(context, program.Executions[state.Execution]);
        if (state.Execution + 1 < program.Executions.Count)
        {
            context.ContinueAsNew(state with { Execution = state.Execution + 1, Output = output });
            return null;
        }

        return program.Failure is { } failure ? throw new ProgramException(failure) : output;
    }

    private async Task<string> Run(TaskOrchestrationContext context, IReadOnlyList<Step> steps)
    {
        var output = new StringBuilder();
        foreach (var step in steps)
        {
            output.Append(await Run(context, step));
        }

        return output.ToString();
    }

    private async Task<string> Run(TaskOrchestrationContext context, Step step)
    {
        switch (step)
        {
            case CallStep call:
                return $"{await context.CallActivityAsync<int>(Double, call.Value)},";
            case FailingStep failing:
                return $"{await CatchAsync(context.CallActivityAsync<string>(Bad, failing.Value, Retry(failing.Retrying)))},";
            case FlakyStep flaky:
                return $"{await context.CallActivityAsync<int>(Flaky, flaky.Value, Retry(Retrying.Policy))},";
            case FanOutStep fan:
                return await FanOutAsync(context, fan);
            case TimerStep timer:
                await context.CreateTimer(TimeSpan.FromSeconds(timer.Seconds), CancellationToken.None);
                return "";
            case EventStep raised:
                return $"{await (raised.HasTimeout
                    ? context.WaitForExternalEvent<string>(raised.Name, Patience)
                    : context.WaitForExternalEvent<string>(raised.Name))},";
            case LostEventStep lost:
                return await LostEventAsync(context, lost);
            case SelfEventStep sent:
                context.SendEvent(context.InstanceId, sent.Name, sent.Name);
                return $"{await context.WaitForExternalEvent<string>(sent.Name)},";
            case ChildStep child:
                var options = new SubOrchestrationOptions(child.IsRetried ? Retry(Retrying.Policy)!.Retry : null, child.Program.Id);
                var called = context.CallSubOrchestratorAsync<string>(Name, new State(child.Program.Index, 0, ""), options);
                return $"[{(child.IsCaught ? await CatchAsync(called, "!") : await called)}]";
            case ParallelStep both:
                var branches = await Task.WhenAll(Run(context, both.Left), Run(context, both.Right));
                return $"({branches[0]}|{branches[1]})";
            case StatusStep status:
                context.SetCustomStatus(status.Value);
                return "";
            default:
                _ = context.CallActivityAsync<int>(Double, ((OpenStep)step).Value);
                return "";
        }
    }

    /// <summary>The failure that was at the bottom of it.</summary>
    public static string Cause(TaskFailureDetails failure) => failure.InnerFailure is { } inner ? Cause(inner) : failure.ErrorMessage;

    private static async Task<string> CatchAsync(Task<string> call, string mark = "")
    {
        try
        {
            return await call;
        }
        catch (TaskFailedException exception)
        {
            return mark + Cause(exception.FailureDetails);
        }
    }

    private static async Task<string> FanOutAsync(TaskOrchestrationContext context, FanOutStep fan)
    {
        var calls = fan.Values.Select(value => context.CallActivityAsync<int>(Double, value)).ToList();
        var results = new List<int>();
        if (!fan.OneByOne)
        {
            results.AddRange(await Task.WhenAll(calls));
        }

        while (results.Count < fan.Values.Count)
        {
            var first = await Task.WhenAny(calls);
            calls.Remove(first);
            results.Add(await first);
        }

        return string.Concat(results.Order().Select(result => $"{result};"));
    }

    private static async Task<string> LostEventAsync(TaskOrchestrationContext context, LostEventStep lost)
    {
        try
        {
            return await context.WaitForExternalEvent<string>($"never {lost.Seconds}", TimeSpan.FromSeconds(lost.Seconds));
        }
        catch (OperationCanceledException)
        {
            return "timeout,";
        }
    }

    private static TaskOptions? Retry(Retrying retrying) => retrying switch
    {
        Retrying.Policy => TaskOptions.FromRetryPolicy(new RetryPolicy(FlakyFailures + 1, TimeSpan.FromSeconds(5), 2)),
        Retrying.Handler => TaskOptions.FromRetryHandler((RetryContext context) => context.LastAttemptNumber < 2),
        _ => null,
    };
}

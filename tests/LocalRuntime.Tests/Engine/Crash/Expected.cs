namespace ModelJobs.LocalRuntime.Tests.Engine.Crash;

/// <summary>What a program must come to: it is run here directly, without an engine.</summary>
internal static class Expected
{
    /// <returns>The output; what it throws, after an exclamation mark, if it fails.</returns>
    public static string Of(RandomProgram program)
    {
        try
        {
            return string.Concat(program.Executions.Select(Run)) + (program.Failure is { } failure ? throw new ProgramException(failure) : "");
        }
        catch (ProgramException exception)
        {
            return $"!{exception.Message}";
        }
    }

    private static string Run(IReadOnlyList<Step> steps) => string.Concat(steps.Select(Run));

    private static string Run(Step step) => step switch
    {
        CallStep call => $"{call.Value * 2},",
        FailingStep failing => $"bad {failing.Value},",
        FlakyStep flaky => $"{flaky.Value},",
        FanOutStep fan => string.Concat(fan.Values.Select(value => $"{value * 2};")),
        EventStep raised => $"{raised.Name},",
        LostEventStep => "timeout,",
        SelfEventStep sent => $"{sent.Name},",
        ChildStep child => Child(child),
        ParallelStep both => $"({Run(both.Left)}|{Run(both.Right)})",
        _ => "",
    };

    private static string Child(ChildStep child)
    {
        var outcome = Of(child.Program);
        return outcome.StartsWith('!') && !child.IsCaught ? throw new ProgramException(outcome[1..]) : $"[{outcome}]";
    }
}

/// <summary>A program fails.</summary>
internal sealed class ProgramException(string message) : Exception(message);

namespace ModelJobs.LocalRuntime.Tests.Engine.Crash;

/// <summary>What an orchestration does, step by step; made from a seed.</summary>
/// <param name="Index">Its number in its family.</param>
/// <param name="Id">Instance id; null if the engine is to make one.</param>
/// <param name="Executions">Steps; between the lists it continues as new.</param>
/// <param name="Failure">What it throws at its end, if it fails.</param>
internal sealed record RandomProgram(int Index, string? Id, IReadOnlyList<IReadOnlyList<Step>> Executions, string? Failure);

internal abstract record Step;

/// <summary>Calls an activity.</summary>
internal sealed record CallStep(int Value) : Step;

/// <summary>Calls an activity that always fails, with a retry policy or handler or without, and catches that.</summary>
internal sealed record FailingStep(int Value, Retrying Retrying) : Step;

/// <summary>Calls an activity that fails the first times it runs, with a policy that outlasts it.</summary>
internal sealed record FlakyStep(int Value) : Step;

/// <summary>Calls several at once; takes the results all together, or one by one as they come.</summary>
internal sealed record FanOutStep(IReadOnlyList<int> Values, bool OneByOne) : Step;

internal sealed record TimerStep(int Seconds) : Step;

/// <summary>Waits for an event from a client, perhaps with a time-out that it beats.</summary>
internal sealed record EventStep(string Name, bool HasTimeout) : Step;

/// <summary>Waits for an event that never comes until a time-out.</summary>
internal sealed record LostEventStep(int Seconds) : Step;

/// <summary>Sends itself an event and waits for it.</summary>
internal sealed record SelfEventStep(string Name) : Step;

/// <summary>Calls another program; a failure is caught, or not.</summary>
internal sealed record ChildStep(RandomProgram Program, bool IsCaught, bool IsRetried) : Step;

/// <summary>Two branches at the same time.</summary>
internal sealed record ParallelStep(IReadOnlyList<Step> Left, IReadOnlyList<Step> Right) : Step;

/// <summary>Shows progress.</summary>
internal sealed record StatusStep(int Value) : Step;

/// <summary>Calls an activity and does not wait for it.</summary>
internal sealed record OpenStep(int Value) : Step;

internal enum Retrying
{
    No,
    Policy,
    Handler,
}

using Microsoft.CodeAnalysis;

namespace ModelJobs.Analyzers;

/// <summary>The rules of orchestrator code. All messages: what was found, what to do, by which way an orchestrator comes there.</summary>
internal static class Rules
{
    public static readonly DiagnosticDescriptor Clock = Make(
        "MJ0001", "Orchestrators must not read the clock", "use context.CurrentUtcDateTime, or do it in an activity");

    public static readonly DiagnosticDescriptor Random = Make(
        "MJ0002", "Orchestrators must not use random values", "use context.NewGuid(), or do it in an activity");

    public static readonly DiagnosticDescriptor Tasks = Make(
        "MJ0003", "Orchestrators must await durable tasks only", "use context.CreateTimer for delays and activities for other work, and await their tasks");

    public static readonly DiagnosticDescriptor Io = Make(
        "MJ0004", "Orchestrators must not do I/O", "do it in an activity");

    public static readonly DiagnosticDescriptor Surroundings = Make(
        "MJ0005", "Orchestrators must not depend on their surroundings", "put the value into the orchestration's input, or read it in an activity");

    public static readonly DiagnosticDescriptor StaticState = Make(
        "MJ0006", "Orchestrators must not use static state that can change", "keep it in the orchestrator, or make it immutable");

    public static readonly DiagnosticDescriptor Unordered = Make(
        "MJ0007", "Orchestrators must not iterate in an undefined order", "use a list or a sorted collection, or order it first");

    private static DiagnosticDescriptor Make(string id, string title, string advice) => new(
        id,
        title,
        "{0} is not the same in every replay: " + advice + " (orchestrator {1})",
        "Determinism",
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        description: "An orchestrator is replayed after every step and must do the same each time.",
        customTags: WellKnownDiagnosticTags.CompilationEnd);
}

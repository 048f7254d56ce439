using DurableTask.Core.History;

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>What an orchestrator that begins anew hands on.</summary>
/// <param name="Input">Serialized.</param>
/// <param name="Version">Of the next execution.</param>
/// <param name="Events">Events for it, in the order in which they were raised.</param>
internal sealed record NextExecution(string? Input, string? Version, List<EventRaisedEvent> Events);

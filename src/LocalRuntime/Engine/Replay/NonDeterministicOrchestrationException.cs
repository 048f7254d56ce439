namespace ModelJobs.LocalRuntime.Engine;

/// <summary>Replay asked for something else than the history has. The orchestration fails with it.</summary>
internal sealed class NonDeterministicOrchestrationException(string message) : Exception(message);

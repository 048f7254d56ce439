namespace ModelJobs.Bench.Comparison;

/// <summary>A peer cannot run here; the message says what to install.</summary>
internal sealed class PeerMissingException(string message) : Exception(message);

namespace ModelJobs.LocalRuntime.Broker;

/// <summary>Where in a queue a receiver receives.</summary>
/// <param name="IsDeadLetter">From the queue's dead letters, which know no sessions.</param>
/// <param name="Session">The session that it holds; null on a queue without sessions.</param>
internal readonly record struct ReceiveSource(bool IsDeadLetter, SessionLease? Session);

using Azure.Messaging.ServiceBus;

namespace ModelJobs.LocalRuntime.Broker;

/// <summary>Where in a queue a receiver receives.</summary>
/// <param name="Part">The queue itself or one of its sub-queues, which know no sessions.</param>
/// <param name="Session">The session that it holds; null on a queue without sessions.</param>
internal readonly record struct ReceiveSource(SubQueue Part, SessionLease? Session);

/// <summary>What a receiver asks for.</summary>
/// <param name="Source">From where.</param>
/// <param name="Mode">Whether messages stay locked in the queue or are deleted.</param>
/// <param name="MaxMessages">How many at most; at least 1.</param>
internal readonly record struct ReceiveRequest(ReceiveSource Source, ServiceBusReceiveMode Mode, int MaxMessages);

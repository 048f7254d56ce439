using Amqp.Types;

namespace ModelJobs.LocalRuntime.Amqp.Messages;

/// <summary>Message annotations of Service Bus.</summary>
internal static class AnnotationNames
{
    public static readonly Symbol SequenceNumber = new("x-opt-sequence-number");
    public static readonly Symbol EnqueuedSequenceNumber = new("x-opt-enqueue-sequence-number");
    public static readonly Symbol EnqueuedTime = new("x-opt-enqueued-time");
    public static readonly Symbol LockedUntil = new("x-opt-locked-until");
    public static readonly Symbol State = new("x-opt-message-state");
    public static readonly Symbol ScheduledEnqueueTime = new("x-opt-scheduled-enqueue-time");
    public static readonly Symbol DeadLetterSource = new("x-opt-deadletter-source");
    public static readonly Symbol PartitionKey = new("x-opt-partition-key");
    public static readonly Symbol ViaPartitionKey = new("x-opt-via-partition-key");
    public static readonly Symbol LockToken = new("x-opt-lock-token");

    /// <summary>Those that the broker sets: a client that sends a received message again repeats them, to no effect.</summary>
    public static readonly HashSet<string> OfBroker =
        [SequenceNumber, EnqueuedSequenceNumber, EnqueuedTime, LockedUntil, State, DeadLetterSource, LockToken];
}

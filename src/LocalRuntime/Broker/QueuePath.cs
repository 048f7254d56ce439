namespace ModelJobs.LocalRuntime.Broker;

/// <summary>An entity path: a queue, or its dead-letter queue as <c>{queue}/$DeadLetterQueue</c>.</summary>
/// <param name="Queue">Name of the queue; its case does not matter.</param>
/// <param name="IsDeadLetter">Whether the path names the queue's dead-letter queue.</param>
internal readonly record struct QueuePath(string Queue, bool IsDeadLetter)
{
    private const string DeadLetterSuffix = "/$DeadLetterQueue";

    public static QueuePath Parse(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var trimmed = path.Trim('/');
        return trimmed.EndsWith(DeadLetterSuffix, StringComparison.OrdinalIgnoreCase)
            ? new QueuePath(trimmed[..^DeadLetterSuffix.Length], IsDeadLetter: true)
            : new QueuePath(trimmed, IsDeadLetter: false);
    }

    public override string ToString() => IsDeadLetter ? Queue + DeadLetterSuffix : Queue;
}

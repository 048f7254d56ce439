namespace ModelJobs.LocalRuntime.Broker;

/// <summary>Keeps the queues of a namespace beyond the process.</summary>
internal interface IBrokerJournal
{
    /// <summary>The journal of a queue.</summary>
    IQueueJournal JournalOf(QueueDefinition definition);

    /// <summary>Writes the changes of one command over several queues, after all that was appended before: all of them or none. Does not throw.</summary>
    /// <returns>Ends when they are on disk; fails if they cannot be written.</returns>
    Task Append(IReadOnlyList<JournalEntry> entries);
}

/// <summary>Changes of a queue.</summary>
/// <param name="Journal">The queue's journal, of the namespace's.</param>
/// <param name="Changes">In their order.</param>
internal readonly record struct JournalEntry(IQueueJournal Journal, IReadOnlyList<QueueChange> Changes);

/// <summary>Keeps a queue beyond the process.</summary>
internal interface IQueueJournal
{
    /// <summary>What the queue held when it was last written.</summary>
    QueueSnapshot Load();

    /// <summary>Writes the changes of one command, after all that was appended before: all of them or none. Does not throw.</summary>
    /// <returns>Ends when they are on disk; fails if they cannot be written.</returns>
    Task Append(IReadOnlyList<QueueChange> changes);
}

namespace ModelJobs.LocalRuntime.Broker;

/// <summary>Keeps a queue beyond the process.</summary>
internal interface IQueueJournal
{
    /// <summary>What the queue held when it was last written.</summary>
    QueueSnapshot Load();

    /// <summary>Writes the changes of one command, after all that was appended before: all of them or none. Does not throw.</summary>
    /// <returns>Ends when they are on disk; fails if they cannot be written.</returns>
    Task Append(IReadOnlyList<QueueChange> changes);
}

using ModelJobs.LocalRuntime.Broker;
using ModelJobs.LocalRuntime.Store;

namespace ModelJobs.LocalRuntime.Tests.Broker;

/// <summary>
/// A journal that keeps what is appended in memory until a part of it, from the beginning, is written to a store: what a crash at that point
/// would have left there. It answers at once.
/// </summary>
internal sealed class RecordingJournal(StateStore store) : IBrokerJournal
{
    private readonly List<IReadOnlyList<JournalEntry>> _appended = [];

    /// <summary>How much was appended.</summary>
    public int Length => _appended.Count;

    public IQueueJournal JournalOf(QueueDefinition definition) => new QueueRecorder(this, store.JournalOf(definition));

    public Task Append(IReadOnlyList<JournalEntry> entries)
    {
        _appended.Add([.. entries.Select(entry => entry with { Journal = ((QueueRecorder)entry.Journal).Kept })]);
        return Task.CompletedTask;
    }

    /// <summary>Writes the first <paramref name="count"/> that were appended.</summary>
    public Task WriteAsync(int count)
    {
        var written = Task.CompletedTask;
        foreach (var entries in _appended.Take(count))
        {
            written = store.Append(entries);
        }
        return written;
    }

    private sealed class QueueRecorder(RecordingJournal journal, IQueueJournal kept) : IQueueJournal
    {
        public IQueueJournal Kept => kept;

        public QueueSnapshot Load() => kept.Load();

        public Task Append(IReadOnlyList<QueueChange> changes) => journal.Append([new JournalEntry(this, changes)]);
    }
}

using ModelJobs.LocalRuntime.Broker;
using ModelJobs.LocalRuntime.Engine;
using ModelJobs.LocalRuntime.Hosting;

namespace ModelJobs.LocalRuntime.Store;

/// <summary>
/// Keeps queues and task hub in one file. One thread writes; while it writes one batch, the next one gathers, and a batch is one
/// transaction. All changes of the process are in one order, so a crash leaves a state that really was: it cuts off the end of that order,
/// never a piece from its middle. Safe for concurrent use.
/// </summary>
internal sealed class StateStore : IBrokerJournal, IDisposable
{
    /// <summary>Changes that may wait to be written; who brings more waits for the disk.</summary>
    internal const int MaxGathered = 16 * 1024;

    /// <summary>A batch of fewer changes lets other threads go first, which may add to it.</summary>
    private const int FewChanges = 128;

    private readonly object _gate = new();
    private readonly Lock _connection = new();
    private readonly StateFile _file;
    private readonly Statement _begin;
    private readonly Statement _commit;
    private readonly QueueTables _queues;
    private readonly HubTables _hub;
    private readonly LogFlusher _flusher;
    private readonly Thread _writer;
    private readonly TaskCompletionSource<LocalRuntimeException> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Batch _gathering = new();
    private bool _isClosing;

    private StateStore(StateFile file)
    {
        _file = file;
        _begin = new Statement(file.Connection, "BEGIN IMMEDIATE");
        _commit = new Statement(file.Connection, "COMMIT");
        _queues = new QueueTables(file.Connection);
        _hub = new HubTables(file.Connection);
        using var start = new Statement(file.Connection, "UPDATE starts SET count = count + 1 RETURNING count");
        Starts = start.Query(static row => row.Integer(0))[0];
        _flusher = new LogFlusher(file.LogPath);
        _writer = new Thread(Write) { IsBackground = true, Name = "State writer" };
        _writer.Start();
    }

    /// <summary>How many times the file was opened, this time included.</summary>
    public long Starts { get; }

    /// <summary>Ends with the reason when the file cannot be written any more; what waits for it has failed then, and so does all that comes.</summary>
    public Task<LocalRuntimeException> Failed => _failed.Task;

    /// <summary>Opens the state in a folder, or begins it.</summary>
    /// <exception cref="LocalRuntimeException">Another process has it, it is damaged, or another version wrote it.</exception>
    public static StateStore Open(string folder)
    {
        var file = StateFile.Open(folder);
        try
        {
            return new StateStore(file);
        }
        catch (Exception exception)
        {
            file.Dispose();
            throw StateFile.Damaged(file.Path, exception.Message, exception);
        }
    }

    /// <summary>The journal of a queue.</summary>
    public IQueueJournal JournalOf(QueueDefinition definition) => new QueueJournal(this, definition);

    /// <inheritdoc/>
    public Task Append(IReadOnlyList<JournalEntry> entries) => Append(
        entries.Sum(static entry => entry.Changes.Count),
        () =>
        {
            foreach (var entry in entries)
            {
                ((QueueJournal)entry.Journal).Write(entry.Changes);
            }
        });

    /// <summary>The journal of the task hub.</summary>
    public IHubJournal JournalOfHub() => new HubJournal(this);

    /// <summary>Writes what was appended, and lets go of the file.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isClosing)
            {
                return;
            }

            _isClosing = true;
            Monitor.PulseAll(_gate);
        }

        _writer.Join();
        _flusher.Dispose();
        _queues.Dispose();
        _hub.Dispose();
        _begin.Dispose();
        _commit.Dispose();
        _file.Dispose();
    }

    private Task Append(int changes, Action write)
    {
        lock (_gate)
        {
            while (_gathering.Changes >= MaxGathered && !_failed.Task.IsCompleted && !_isClosing)
            {
                Monitor.Wait(_gate);
            }

            if (_failed.Task.IsCompleted || _isClosing)
            {
                return Task.FromException(_failed.Task.IsCompleted
                    ? _failed.Task.Result
                    : new LocalRuntimeException($"The state file {_file.Path} is closed."));
            }

            _gathering.Writes.Add(write);
            _gathering.Changes += changes;
            if (_gathering.Writes.Count == 1)
            {
                Monitor.PulseAll(_gate);
            }

            return _gathering.Written.Task;
        }
    }

    private void Write()
    {
        while (TakeBatch() is { } batch)
        {
            try
            {
                Write(batch);
            }
            catch (Exception exception)
            {
                Fail(batch, exception);
                return;
            }

            batch.Written.SetResult();
        }
    }

    private void Write(Batch batch)
    {
        lock (_connection)
        {
            _begin.Run();
            foreach (var write in batch.Writes)
            {
                write();
            }

            _queues.Finish();
            _hub.Finish();
            _commit.Run();
        }

        _flusher.Written(batch.Changes);
    }

    private Batch? TakeBatch()
    {
        lock (_gate)
        {
            while (_gathering.Writes.Count == 0)
            {
                if (_isClosing)
                {
                    return null;
                }

                Monitor.Wait(_gate);
            }
        }

        // A transaction writes its pages whole, be they changed in one place or in many: a few changes cost nearly as much as a hundred.
        // Threads that are ready to run bring more; if there are none, this takes no time, and no processor is idle meanwhile.
        if (_gathering.Changes < FewChanges)
        {
            Thread.Yield();
        }

        lock (_gate)
        {
            var batch = _gathering;
            _gathering = new Batch();
            Monitor.PulseAll(_gate);
            return batch;
        }
    }

    /// <summary>Memory is ahead of the disk from here on: nothing may be answered any more.</summary>
    private void Fail(Batch batch, Exception exception)
    {
        var failure = new LocalRuntimeException(
            $"The state file {_file.Path} cannot be written: {exception.Message} What was answered before is in it. Make sure that the disk " +
            "is not full and that no other program writes to the file, then start again.",
            exception);
        Batch unwritten;
        lock (_gate)
        {
            _failed.SetResult(failure);
            unwritten = _gathering;
            Monitor.PulseAll(_gate);
        }

        // The transaction ends with the connection, without a commit.
        batch.Written.SetException(failure);
        unwritten.Written.SetException(failure);
    }

    /// <summary>Reads at the start, when queues that were read before may be written already.</summary>
    private T Read<T>(Func<T> read)
    {
        try
        {
            lock (_connection)
            {
                return read();
            }
        }
        catch (Exception exception) when (exception is not LocalRuntimeException)
        {
            throw StateFile.Damaged(_file.Path, exception.Message, exception);
        }
    }

    /// <summary>What becomes one transaction.</summary>
    private sealed class Batch
    {
        public List<Action> Writes { get; } = [];

        public int Changes { get; set; }

        // Whoever waits must not run on the writer's thread.
        public TaskCompletionSource Written { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class QueueJournal(StateStore store, QueueDefinition definition) : IQueueJournal
    {
        private QueueTable _table = null!;

        public QueueSnapshot Load() => store.Read(() =>
        {
            _table = store._queues.Open(definition);
            return _table.Load();
        });

        public Task Append(IReadOnlyList<QueueChange> changes) => store.Append(changes.Count, () => Write(changes));

        public void Write(IReadOnlyList<QueueChange> changes) => _table.Write(changes);
    }

    private sealed class HubJournal(StateStore store) : IHubJournal
    {
        public HubSnapshot Load() => store.Read(store._hub.Load);

        public Task Append(IReadOnlyList<HubRow> rows) => store.Append(rows.Count, () => store._hub.Write(rows));
    }
}

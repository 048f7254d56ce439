using Azure.Messaging.ServiceBus;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Store;

/// <summary>
/// The rows of one queue. The rules here are those of <see cref="QueueState.Apply"/>, for what outlives the process: who holds a lock,
/// and until when, does not, so a renewal writes nothing.
/// </summary>
internal sealed class QueueTable(QueueTables tables, QueueDefinition definition, long id, long nextNumber)
{
    /// <summary>Ids that duplicate detection forgot are removed when they are older than its window by this part of it.</summary>
    private const int ForgetEvery = 16;

    private readonly long _first = id << Schema.SequenceBits;
    private readonly long _last = ((id + 1) << Schema.SequenceBits) - 1;
    private readonly RowRuns _accepted = new();
    private readonly HashSet<long> _held = [];
    private readonly RowRuns _heldRuns = new();
    private readonly RowRuns _removed = new();
    private long _nextNumber = nextNumber;
    private long _writtenNumber = nextNumber;
    private DateTimeOffset _forgetAt = DateTimeOffset.MinValue;

    public QueueSnapshot Load() => new(
        _nextNumber,
        tables.ReadAccepted.Bind(1, _first).Bind(2, _last)
            .Query(row => new AcceptedId(row.Text(2), Time(row.Integer(1)), row.Integer(0) - _first)),
        tables.ReadSessions.Bind(1, id).Query(static row => new SessionSnapshot(
            row.Text(0), row.IsNull(2) ? default(ReadOnlyMemory<byte>?) : row.Bytes(2), row.Flag(1))),
        tables.ReadMessages.Bind(1, _first).Bind(2, _last).Query(ReadMessage));

    public void Write(IReadOnlyList<QueueChange> changes)
    {
        foreach (var change in changes)
        {
            Write(change);
        }
    }

    /// <summary>
    /// Ends a transaction: what many messages have in common is written once for all of them, and a lock that did not outlast the
    /// transaction not at all.
    /// </summary>
    public void Finish()
    {
        _accepted.Take((first, last) => tables.Accept.Bind(1, first).Bind(2, last).RunOn(last - first + 1));
        foreach (var row in _held)
        {
            _heldRuns.Add(row);
        }

        _held.Clear();
        _heldRuns.Take((first, last) => tables.Hold.Bind(1, first).Bind(2, last).Run());
        _removed.Take((first, last) =>
        {
            tables.LetGo.Bind(1, first).Bind(2, last).Run();
            tables.RemoveMessages.Bind(1, first).Bind(2, last).RunOn(last - first + 1);
        });
        if (_nextNumber != _writtenNumber)
        {
            tables.SetNextNumber.Bind(1, id).Bind(2, _nextNumber).RunOnOne();
            _writtenNumber = _nextNumber;
        }
    }

    private void Write(QueueChange change)
    {
        switch (change)
        {
            case MessageEnqueued enqueued:
                Add(enqueued.SequenceNumber, enqueued.Message, enqueued.EnqueuedTime, isScheduled: false, enqueued.Transfer);
                break;
            case MessageLocked locked:
                _held.Add(Row(locked.Place));
                break;
            case MessageRemoved removed:
                _held.Remove(Row(removed.Place));
                _removed.Add(Row(removed.Place));
                break;
            case MessageUnlocked unlocked:
                LetGo(Row(unlocked.Place));
                if (unlocked.Failed || unlocked.Changes.Count > 0)
                {
                    tables.UnlockMessage.Bind(1, Row(unlocked.Place)).Bind(2, unlocked.Failed).Bind(3, PropertyText.Write(unlocked.Changes)).RunOnOne();
                }

                break;
            case MessageLockRenewed:
                break;
            case MessageScheduled scheduled:
                Add(scheduled.SequenceNumber, scheduled.Message, scheduled.SentTime, isScheduled: true);
                break;
            case ScheduledMessageEnqueued due:
                tables.EnqueueScheduled.Bind(1, _first + due.ScheduledNumber).Bind(2, _first + due.SequenceNumber)
                    .Bind(3, due.ScheduledNumber).Bind(4, due.EnqueuedTime.UtcTicks).RunOnOne();
                Passed(due.SequenceNumber);
                break;
            case MessageDeferred deferred:
                LetGo(Row(deferred.Place));
                tables.DeferMessage.Bind(1, Row(deferred.Place)).Bind(2, PropertyText.Write(deferred.Changes)).RunOnOne();
                break;
            case MessageDeadLettered dead:
                LetGo(Row(dead.Place));
                tables.DeadLetterMessage.Bind(1, Row(dead.Place)).Bind(2, dead.Failed).Bind(3, PropertyText.Write(dead.Changes)).Bind(4, (long)dead.To)
                    .RunOnOne();
                break;
            case SessionLocked locked:
                tables.LockSession.Bind(1, id).Bind(2, locked.SessionId).Run();
                break;
            case SessionUnlocked unlocked:
                tables.UnlockSession.Bind(1, id).Bind(2, unlocked.SessionId).RunOnOne();
                ForgetSession(unlocked.SessionId);
                break;
            case SessionStateSet set:
                tables.SetSessionState.Bind(1, id).Bind(2, set.SessionId).Bind(3, set.State).Run();
                ForgetSession(set.SessionId);
                break;
            default:
                throw new InvalidOperationException($"Unknown change {change.GetType()}.");
        }
    }

    private void Add(long number, SentMessage message, DateTimeOffset acceptedAt, bool isScheduled, Transfer? transfer = null)
    {
        tables.AddMessage
            .Bind(1, _first + number).Bind(2, transfer?.EnqueuedSequenceNumber ?? number).Bind(3, acceptedAt.UtcTicks).Bind(4, isScheduled)
            .Bind(5, message.MessageId).Bind(6, message.SessionId).Bind(7, message.CorrelationId)
            .BindUtf8(8, tables.Headers.Write(MessageHeader.Of(message, transfer))).Bind(9, PropertyText.Write(message.Properties)).Bind(10, message.Body)
            .RunOnOne();
        Passed(number);
        if (definition.RequiresDuplicateDetection)
        {
            Remember(number, message.MessageId!, acceptedAt, isScheduled);
        }
    }

    /// <summary>A number that was reserved may come after later ones.</summary>
    private void Passed(long number) => _nextNumber = Math.Max(_nextNumber, number + 1);

    private void Remember(long number, string messageId, DateTimeOffset acceptedAt, bool isScheduled)
    {
        var window = definition.DuplicateDetectionHistoryTimeWindow;
        if (acceptedAt >= _forgetAt)
        {
            tables.ForgetAccepted.Bind(1, _first).Bind(2, _last).Bind(3, (acceptedAt - window).UtcTicks).Run();
            _forgetAt = acceptedAt + (window / ForgetEvery);
        }

        if (isScheduled)
        {
            // Its row gets another number when its time comes.
            tables.AcceptScheduled.Bind(1, _first + number).Bind(2, acceptedAt.UtcTicks).Bind(3, messageId).RunOnOne();
        }
        else
        {
            _accepted.Add(_first + number);
        }
    }

    private void LetGo(long row)
    {
        if (!_held.Remove(row))
        {
            tables.LetGo.Bind(1, row).Bind(2, row).Run();
        }
    }

    private void ForgetSession(string sessionId) => tables.ForgetSession.Bind(1, id).Bind(2, sessionId).Run();

    private MessageSnapshot ReadMessage(Statement row)
    {
        var header = StateJson.Read<MessageHeader>(row.Text(10));
        return new()
        {
            SequenceNumber = row.Integer(0) - _first,
            EnqueuedSequenceNumber = row.Integer(1),
            EnqueuedTime = Time(row.Integer(2)),
            Part = (SubQueue)row.Integer(3),
            IsScheduled = row.Flag(4),
            IsDeferred = row.Flag(5),
            FailedDeliveries = (int)row.Integer(6),
            Hops = header.Hops ?? 0,
            DeadLetterSource = header.DeadLetterSource,
            Content = header.On(new SentMessage
            {
                MessageId = row.TextOrNull(7),
                SessionId = row.TextOrNull(8),
                CorrelationId = row.TextOrNull(9),
                Properties = PropertyText.Read(row.TextOrNull(11)),
                Body = row.Bytes(12),
            }),
            WasLocked = row.Flag(13),
        };
    }

    /// <summary>A number is in the queue or in a sub-queue, never in two of them: it names the row.</summary>
    private long Row(MessagePlace place) => _first + place.SequenceNumber;

    private static DateTimeOffset Time(long ticks) => new(ticks, TimeSpan.Zero);
}

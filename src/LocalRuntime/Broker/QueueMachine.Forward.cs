using System.Diagnostics.CodeAnalysis;
using Azure.Messaging.ServiceBus;

namespace ModelJobs.LocalRuntime.Broker;

/// <content>Handing messages on to other queues, and taking them.</content>
internal sealed partial class QueueMachine
{
    /// <summary>Whether <see cref="TryPeekToHandOn"/> has a message.</summary>
    public bool HasToHandOn
        => (_state.Available.Count > 0 && definition.HandsOn(SubQueue.None))
            || (_state.AvailableDeadLetters.Count > 0 && definition.HandsOn(SubQueue.DeadLetter));

    /// <summary>The first message that belongs elsewhere.</summary>
    public bool TryPeekToHandOn([NotNullWhen(true)] out StoredMessage? message)
    {
        if (definition.HandsOn(SubQueue.None) && _state.Available.TryPeek(out message))
        {
            return true;
        }
        message = null;
        return definition.HandsOn(SubQueue.DeadLetter) && _state.AvailableDeadLetters.TryPeek(out message);
    }

    /// <summary>Removes a message that other queues took.</summary>
    public void HandOn(StoredMessage message) => Commit(new MessageRemoved(PlaceOf(message)));

    /// <summary>Moves a message that another queue did not take to the transfer dead-letter queue.</summary>
    public void KeepFromTransfer(StoredMessage message, string reason, string description)
        => Commit(new MessageDeadLettered(
            PlaceOf(message), SubQueue.TransferDeadLetter, Failed: false, DeadLetterProperties.Because(reason, description)));

    /// <summary>Takes a message from another queue, as if it was sent, unless there is no room for it.</summary>
    /// <returns>False if there is no room.</returns>
    public bool TryTake(SentMessage message, Transfer transfer, DateTimeOffset now)
    {
        if (definition.RequiresDuplicateDetection && _state.IsDuplicate(message.MessageId!, now, out _))
        {
            return true;
        }
        if (!HasRoom(message.Bytes))
        {
            return false;
        }
        var number = _state.NextSequenceNumber;
        Commit(new MessageEnqueued(number, message, now) { Transfer = transfer });
        if (definition.RequiresSession && message.SessionId is null)
        {
            Commit(new MessageDeadLettered(
                new MessagePlace(number, SubQueue.None), SubQueue.DeadLetter, Failed: false, DeadLetterProperties.Because(
                    DeadLetterProperties.NoSessionId, "Session enabled entity doesn't allow a message whose session identifier is null.")));
        }
        return true;
    }
}

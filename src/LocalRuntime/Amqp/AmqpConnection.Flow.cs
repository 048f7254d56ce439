namespace ModelJobs.LocalRuntime.Amqp;

/// <content>Reading no more than the client reads, and than is answered.</content>
internal sealed partial class AmqpConnection
{
    /// <summary>Counts bytes of deliveries that the client sent whole and that are not answered yet; a negative number when they are.</summary>
    public void CountUnanswered(long bytes)
    {
        _unansweredBytes += bytes;
        if (bytes < 0)
        {
            ReadOn();
        }
    }

    /// <summary>Counts bytes of deliveries that came in part; a negative number when they are whole or dropped.</summary>
    /// <exception cref="AmqpRefusal">There are too many: waiting would not help, as they are waiting too.</exception>
    public void CountParts(long bytes)
    {
        _partBytes += bytes;
        if (_partBytes > AmqpLimits.MaxPartBytes)
        {
            throw new AmqpRefusal(
                AmqpConditions.ResourceLimitExceeded, "Too many large messages were begun side by side: end some before beginning others.");
        }
    }

    /// <summary>Waits until the client read what waits for it and what it sent is answered, or most of it.</summary>
    private ValueTask<bool> RoomAsync()
    {
        lock (Gate)
        {
            return HasRoom ? new(true) : new(WaitAsync(_room ??= new(TaskCreationOptions.RunContinuationsAsynchronously)));
        }

        async Task<bool> WaitAsync(TaskCompletionSource room)
        {
            while (true)
            {
                await room.Task.WaitAsync(_ended.Token).ConfigureAwait(false);
                lock (Gate)
                {
                    if (HasRoom)
                    {
                        return true;
                    }
                    room = _room ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
                }
            }
        }
    }

    private bool HasRoom => !Output.IsFull && _unansweredBytes < AmqpLimits.MaxUnansweredBytes;

    private void ReadOn()
    {
        _room?.TrySetResult();
        _room = null;
    }

    private void OnRoom()
    {
        ReadOn();
        if (IsOpen && !Output.IsFull)
        {
            foreach (var session in _sessions.Values)
            {
                session.Pump();
            }
        }
    }
}

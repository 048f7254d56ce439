using Amqp.Framing;
using Amqp.Transactions;
using Azure.Messaging.ServiceBus;
using ModelJobs.LocalRuntime.Amqp.Messages;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Amqp;

/// <summary>
/// A link that brings a queue's messages, its dead letters' or a session's. At most one receive waits at the broker for it, for no more than the
/// client has credit for; messages that it got and can no longer send go back as if they had never left.
/// </summary>
internal class QueueOutgoingLink(AmqpSession session, Attach attach, string path, BrokerQueue queue, SubQueue part)
    : OutgoingLink(session, attach, path), IDisposable
{
    private readonly Queue<Delivery> _taken = new();

    /// <summary>Settled by the sender: the queue forgets messages as it hands them out.</summary>
    private readonly ServiceBusReceiveMode _mode = attach.SndSettleMode == SenderSettleMode.Settled
        ? ServiceBusReceiveMode.ReceiveAndDelete
        : ServiceBusReceiveMode.PeekLock;

    private CancellationTokenSource? _waiting;

    protected BrokerQueue Queue => queue;

    /// <summary>Where messages come from.</summary>
    protected virtual ReceiveSource Source => new(part, Session: null);

    public override void Attach() => WriteAttach(new Attach { Source = Asked.Source, Target = Asked.Target });

    public override bool OnOutcome(uint deliveryId, Guid lockToken, DeliveryState? state, bool isSettled)
    {
        if (state is not (Outcome or TransactionalState))
        {
            // Settled without an outcome: forgotten by the client, so the lock runs out.
            return isSettled;
        }
        ValueTask settling;
        try
        {
            settling = SettleAsync(lockToken, state);
        }
        catch (Exception exception)
        {
            settling = ValueTask.FromException(exception);
        }
        if (settling.IsCompletedSuccessfully)
        {
            Reply(null);
        }
        else
        {
            _ = ReplyAsync(settling.AsTask());
        }
        return true;

        async Task ReplyAsync(Task settled)
        {
            await settled.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Connection.Enter(() => Reply(settled.Exception?.InnerException));
        }

        void Reply(Exception? failure)
        {
            // Who settled already does not want to know.
            if (!isSettled && !IsDetached)
            {
                Session.WriteOutcome(deliveryId, ofClient: false, failure is null ? Outcomes.Echo(state) : new Rejected { Error = Connection.ErrorOf(failure) });
            }
        }
    }

    public virtual void Dispose() => _waiting?.Dispose();

    protected override void OnCredit()
    {
        if (Credit == 0 || IsDraining)
        {
            // A wait in vain says that nothing is there; one that was served just now brings its messages first.
            _waiting?.Cancel();
        }
    }

    protected override bool SendNext()
    {
        while (true)
        {
            while (_taken.Count > 0 && CanSend)
            {
                Send(_taken.Dequeue());
            }
            if (Credit == 0)
            {
                GiveBack();
            }
            if (_waiting is not null || _taken.Count > 0)
            {
                return false;
            }
            if (!CanSend)
            {
                return Credit == 0;
            }
            var request = new ReceiveRequest(Source, _mode, (int)Math.Min(Credit, AmqpLimits.MaxTaken));
            _waiting = new CancellationTokenSource();
            ValueTask<Delivery[]> receiving;
            try
            {
                receiving = queue.ReceiveAsync(request, IsDraining ? TimeSpan.Zero : TimeSpan.MaxValue, _waiting.Token);
            }
            catch (Exception exception)
            {
                receiving = ValueTask.FromException<Delivery[]>(exception);
            }
            if (!receiving.IsCompletedSuccessfully)
            {
                _ = TakeAsync(receiving.AsTask());
                return false;
            }
            var found = receiving.Result;
            Take(found);
            if (found.Length == 0)
            {
                return true;
            }
        }
    }

    protected override void OnEnd(bool isClean)
    {
        base.OnEnd(isClean);
        _waiting?.Cancel();
        GiveBack();
        Dispose();
    }

    private async Task TakeAsync(Task<Delivery[]> receiving)
    {
        await ((Task)receiving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (Connection.Gate)
        {
            Take(receiving.IsCompletedSuccessfully ? receiving.Result : []);
        }
        Connection.Enter(() =>
        {
            if (receiving.Exception?.InnerException is { } failure)
            {
                Detach(failure);
            }
            Pump();
        });
    }

    private void Take(Delivery[] found)
    {
        _waiting?.Dispose();
        _waiting = null;
        foreach (var delivery in found)
        {
            _taken.Enqueue(delivery);
        }
        if (IsDetached)
        {
            GiveBack();
        }
    }

    private void GiveBack()
    {
        while (_mode == ServiceBusReceiveMode.PeekLock && _taken.TryDequeue(out var delivery))
        {
            try
            {
                _ = queue.SettleAsync(Source, delivery.LockToken, Settlement.Return).AsTask();
            }
            catch (ServiceBusException)
            {
                // The lock is over, or the queue has stopped: the message is there again without us.
            }
        }
    }

    private void Send(Delivery delivery)
    {
        var payload = MessageWriter.Write(delivery, Connection.Scratch);
        var isLocked = _mode == ServiceBusReceiveMode.PeekLock;
        // Tags of settled deliveries are not lock tokens, but clients want a GUID.
        var tag = isLocked ? delivery.LockToken : Numbered(delivery.SequenceNumber);
        Send(tag.ToByteArray(), payload, isLocked ? delivery.LockToken : null);
    }

    private ValueTask SettleAsync(Guid lockToken, DeliveryState state)
    {
        var settlement = Outcomes.ToSettlement(state);
        if (Connection.Transactions.Of(state) is not { } transaction)
        {
            return queue.SettleAsync(Source, lockToken, settlement);
        }
        transaction.Settle(queue, Source, lockToken, settlement);
        return ValueTask.CompletedTask;
    }

    private static Guid Numbered(long sequenceNumber)
    {
        Span<byte> bytes = stackalloc byte[16];
        BitConverter.TryWriteBytes(bytes, sequenceNumber);
        return new Guid(bytes);
    }
}

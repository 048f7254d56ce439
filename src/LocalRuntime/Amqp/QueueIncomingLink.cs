using Amqp.Framing;
using ModelJobs.LocalRuntime.Amqp.Messages;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Amqp;

/// <summary>A link that sends to a queue: messages, or batches of them, which are enqueued whole or not at all.</summary>
/// <param name="session">The link's session.</param>
/// <param name="attach">What the client asked for.</param>
/// <param name="path">The entity that the client must be allowed to use.</param>
/// <param name="queue">The queue or topic.</param>
/// <param name="via">The entity that a transaction goes through; null: the queue itself.</param>
internal sealed class QueueIncomingLink(AmqpSession session, Attach attach, string path, BrokerQueue queue, string? via = null)
    : IncomingLink(session, attach, path, AmqpLimits.MaxDeliveryBytes)
{
    protected override void Deliver(IncomingDelivery delivery, DeliveryState? state)
    {
        ValueTask<IReadOnlyList<long>> sending;
        try
        {
            var messages = MessageReader.Read(delivery.Bytes, delivery.Format);
            if (Connection.Transactions.Of(state) is { } transaction)
            {
                transaction.Send(queue, messages, via);
                Answer(delivery, Outcomes.Within(state, new Accepted()));
                return;
            }
            sending = queue.SendAsync(messages);
        }
        catch (Exception exception)
        {
            Answer(delivery, Outcome(exception));
            return;
        }
        if (sending.IsCompletedSuccessfully)
        {
            Answer(delivery, Outcome(null));
            return;
        }
        var bytes = delivery.Bytes.Count;
        Connection.CountUnanswered(bytes);
        _ = AnswerAsync(delivery with { Bytes = default }, bytes, sending.AsTask());
    }

    private async Task AnswerAsync(IncomingDelivery delivery, int bytes, Task sending)
    {
        await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Connection.Enter(() =>
        {
            Connection.CountUnanswered(-bytes);
            Answer(delivery, Outcome(sending.Exception?.InnerException));
        });
    }

    private Outcome Outcome(Exception? failure)
        => failure is null ? new Accepted() : new Rejected { Error = Connection.ErrorOf(failure) };
}

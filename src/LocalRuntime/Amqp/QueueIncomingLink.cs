using Amqp.Framing;
using ModelJobs.LocalRuntime.Amqp.Messages;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Amqp;

/// <summary>A link that sends to a queue: messages, or batches of them, which are enqueued whole or not at all.</summary>
internal sealed class QueueIncomingLink(AmqpSession session, Attach attach, string path, BrokerQueue queue)
    : IncomingLink(session, attach, path, AmqpLimits.MaxDeliveryBytes)
{
    protected override void Deliver(IncomingDelivery delivery, DeliveryState? state)
    {
        ValueTask<IReadOnlyList<long>> sending;
        try
        {
            if (state is not null)
            {
                // Only a transaction has something to say about a delivery that just began.
                throw new AmqpRefusal(AmqpConditions.NotImplemented, "Transactions are not supported by this endpoint.");
            }
            sending = queue.SendAsync(MessageReader.Read(delivery.Bytes, delivery.Format));
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

    private static Outcome Outcome(Exception? failure)
        => failure is null ? new Accepted() : new Rejected { Error = AmqpConditions.ErrorOf(failure) };
}

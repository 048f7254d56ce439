using Amqp.Framing;
using Amqp.Transactions;
using ModelJobs.LocalRuntime.Amqp.Messages;
using ModelJobs.LocalRuntime.Amqp.Wire;

namespace ModelJobs.LocalRuntime.Amqp;

/// <summary>A link that begins and ends transactions.</summary>
internal sealed class CoordinatorLink(AmqpSession session, Attach attach) : IncomingLink(session, attach, path: null, AmqpLimits.MaxFrameBytes)
{
    protected override void Deliver(IncomingDelivery delivery, DeliveryState? state)
    {
        try
        {
            var command = MessageSection.Split(delivery.Bytes).Find(section => section.Code == MessageSection.Value).Content;
            switch (command.Array is null ? null : AmqpValues.Decode(command))
            {
                case Declare:
                    Answer(delivery, new Declared { TxnId = Connection.Transactions.Declare() });
                    break;
                case Discharge discharge:
                    _ = AnswerAsync(delivery with { Bytes = default }, Connection.Transactions.EndAsync(discharge.TxnId, discharge.Fail));
                    break;
                default:
                    throw new AmqpRefusal(AmqpConditions.NotImplemented, "A transaction is declared or discharged; nothing else is known here.");
            }
        }
        catch (Exception exception)
        {
            Answer(delivery, new Rejected { Error = Connection.ErrorOf(exception) });
        }
    }

    private async Task AnswerAsync(IncomingDelivery delivery, Task ending)
    {
        await ending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Connection.Enter(() => Answer(
            delivery, ending.Exception?.InnerException is { } failure ? new Rejected { Error = Connection.ErrorOf(failure) } : new Accepted()));
    }
}

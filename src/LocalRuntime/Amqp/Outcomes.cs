using Amqp.Framing;
using Amqp.Transactions;
using Amqp.Types;
using ModelJobs.LocalRuntime.Amqp.Messages;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Amqp;

/// <summary>Outcomes of deliveries as what they mean to a queue.</summary>
internal static class Outcomes
{
    /// <exception cref="AmqpRefusal">It means nothing.</exception>
    public static Settlement ToSettlement(DeliveryState state) => state switch
    {
        Accepted => Settlement.Complete,
        Released => Settlement.Abandon(SentMessage.NoProperties),
        Modified { UndeliverableHere: true } modified => Settlement.Defer(Changes(modified.MessageAnnotations)),
        Modified modified => Settlement.Abandon(Changes(modified.MessageAnnotations)),
        Rejected rejected => DeadLetter(Changes(rejected.Error?.Info)),
        TransactionalState { Outcome: { } outcome } => ToSettlement(outcome),
        _ => throw new AmqpRefusal(AmqpConditions.NotImplemented, $"{state.GetType().Name} is not an outcome that a queue knows."),
    };

    /// <summary>
    /// The answer to a settlement: the same outcome, since clients look for the type that they sent; of a rejection without its error, which they
    /// would take for a failure.
    /// </summary>
    public static DeliveryState Echo(DeliveryState state) => state switch
    {
        Rejected => new Rejected(),
        TransactionalState { Outcome: Rejected } => Within(state, new Rejected()),
        _ => state,
    };

    /// <summary>An outcome of what was done in the transaction of <paramref name="state"/>, if it has one.</summary>
    public static DeliveryState Within(DeliveryState? state, Outcome outcome)
        => state is TransactionalState transactional ? new TransactionalState { TxnId = transactional.TxnId, Outcome = outcome } : outcome;

    /// <summary>A message is dead-lettered with its reasons among the changes.</summary>
    private static Settlement DeadLetter(Dictionary<string, object> changes)
    {
        var reason = Take(DeadLetterProperties.Reason);
        var description = Take(DeadLetterProperties.ErrorDescription);
        return Settlement.DeadLetter(changes, reason, description);

        string? Take(string name) => changes.Remove(name, out var value) ? value as string : null;
    }

    /// <summary>Application properties to set; clients send the names as symbols or strings.</summary>
    private static Dictionary<string, object> Changes(Fields? fields)
    {
        var changes = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach (var (name, value) in fields ?? [])
        {
            changes[name.ToString()!] = PropertyValues.FromAmqp(name.ToString()!, value)!;
        }
        return changes;
    }
}

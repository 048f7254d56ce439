using System.Net;
using Amqp;
using Amqp.Types;
using ModelJobs.LocalRuntime.Amqp.Messages;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Amqp.Nodes;

/// <content>Messages.</content>
internal sealed partial class ManagementNode
{
    private const int MaxBatch = 1000;

    private async Task<Reply> RenewLocksAsync(Arguments arguments)
    {
        var source = Source(arguments);
        var expirations = new List<DateTime>();
        foreach (var token in arguments.Array<Guid>("lock-tokens"))
        {
            expirations.Add((await queue.RenewLockAsync(source, token).ConfigureAwait(false)).UtcDateTime);
        }
        return Success(new Map { ["expirations"] = expirations.ToArray() });
    }

    private async Task<Reply> SettleAsync(Arguments arguments, BrokerTransaction? transaction)
    {
        var source = Source(arguments);
        var changes = arguments.Properties("properties-to-modify");
        var settlement = arguments.Text("disposition-status") switch
        {
            "completed" => Settlement.Complete,
            "abandoned" => Settlement.Abandon(changes),
            // Clients and service agree on the spelling.
            "defered" => Settlement.Defer(changes),
            "suspended" => Settlement.DeadLetter(
                changes, arguments.OptionalText("deadletter-reason"), arguments.OptionalText("deadletter-description")),
            var other => throw new AmqpRefusal(
                AmqpConditions.ArgumentError, $"'{other}' is not a disposition-status: completed, abandoned, defered or suspended is."),
        };
        foreach (var token in arguments.Array<Guid>("lock-tokens"))
        {
            if (transaction is null)
            {
                await queue.SettleAsync(source, token, settlement).ConfigureAwait(false);
            }
            else
            {
                transaction.Settle(queue, source, token, settlement);
            }
        }
        return Success(null);
    }

    private async Task<Reply> ReceiveDeferredAsync(Arguments arguments)
    {
        var numbers = arguments.Array<long>("sequence-numbers");
        var deliveries = await queue.ReceiveDeferredAsync(Source(arguments), ModeOf(arguments), numbers).ConfigureAwait(false);
        return Success(new Map
        {
            ["messages"] = Each(deliveries, delivery => new Map
            {
                ["message"] = Encode(delivery, isPeeked: false),
                ["lock-token"] = delivery.LockToken,
            }),
        });
    }

    private async Task<Reply> PeekAsync(Arguments arguments)
    {
        var count = (int)Math.Clamp(arguments.Number("message-count", 1), 1, BrokerLimits.MaxPeekedMessages);
        var deliveries = await queue.PeekAsync(Source(arguments), arguments.Number("from-sequence-number", 0), count).ConfigureAwait(false);
        return deliveries.Length == 0
            ? Success(null, HttpStatusCode.NoContent)
            : Success(new Map { ["messages"] = Peeked(deliveries) });
    }

    /// <summary>As many messages as an answer takes, and the first in any case; clients ask for what follows by its number.</summary>
    private static List Peeked(Delivery[] deliveries)
    {
        var messages = new List();
        var bytes = 0;
        foreach (var delivery in deliveries)
        {
            var message = Encode(delivery, isPeeked: true);
            bytes += message.Length;
            if (messages.Count > 0 && bytes > AmqpLimits.MaxPeekedBytes)
            {
                break;
            }
            messages.Add(new Map { ["message"] = message });
        }
        return messages;
    }

    private async Task<Reply> ScheduleAsync(Arguments arguments, Request request)
    {
        var messages = arguments.List("messages")
            .Select(static item => (item as Map)?["message"] as byte[]
                ?? throw new AmqpRefusal(AmqpConditions.ArgumentError, "A message to schedule must be the bytes of an AMQP message."))
            .Select(static bytes => MessageReader.Read(bytes))
            .ToList();
        var numbers = request.Transaction is { } transaction
            ? transaction.Schedule(queue, messages, request.Via)
            : await queue.SendAsync(messages).ConfigureAwait(false);
        return Success(new Map { ["sequence-numbers"] = numbers.ToArray() });
    }

    private async Task<Reply> CancelScheduledAsync(Arguments arguments, Request request)
    {
        var numbers = arguments.Array<long>("sequence-numbers");
        if (request.Transaction is { } transaction)
        {
            transaction.CancelScheduled(queue, numbers, request.Via);
        }
        else
        {
            await queue.CancelScheduledAsync(numbers).ConfigureAwait(false);
        }
        return Success(null);
    }

    private static List Each(Delivery[] deliveries, Func<Delivery, Map> convert)
    {
        var list = new List();
        foreach (var delivery in deliveries)
        {
            list.Add(convert(delivery));
        }
        return list;
    }

    private static byte[] Encode(Delivery delivery, bool isPeeked)
        => MessageWriter.Write(delivery, new ByteBuffer(1024, autoGrow: true), isPeeked, withLockToken: !isPeeked).ToArray();
}

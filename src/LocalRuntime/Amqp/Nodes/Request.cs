using Amqp;
using Amqp.Framing;
using Amqp.Types;
using ModelJobs.LocalRuntime.Amqp.Messages;
using ModelJobs.LocalRuntime.Amqp.Wire;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Amqp.Nodes;

/// <summary>A request to a node, which is a message too.</summary>
/// <param name="Properties">What the client asks, in application properties.</param>
/// <param name="Body">The value that it gives along; null if none.</param>
/// <param name="MessageId">Repeated in the answer.</param>
/// <param name="ReplyTo">Where the answer goes; null: to the link that fits.</param>
internal sealed record Request(Map Properties, object? Body, object? MessageId, string? ReplyTo)
{
    /// <summary>The transaction that it is part of; null if none.</summary>
    public BrokerTransaction? Transaction { get; init; }

    /// <summary>The entity that the transaction goes through; null: the request's own.</summary>
    public string? Via { get; init; }

    public string? Operation => this["operation"] as string;

    public object? this[string property] => Properties[property];

    /// <exception cref="AmqpRefusal">It is not valid.</exception>
    public static Request Read(ArraySegment<byte> encoded)
    {
        var properties = new Properties();
        var applicationProperties = new Map();
        object? body = null;
        foreach (var section in MessageSection.Split(encoded))
        {
            switch (section.Code)
            {
                case MessageSection.Properties:
                    properties = section.Decode<Properties>();
                    break;
                case MessageSection.ApplicationProperties:
                    applicationProperties = section.Decode<ApplicationProperties>().Map;
                    break;
                case MessageSection.Value:
                    body = AmqpValues.Decode(section.Content);
                    break;
            }
        }
        return new Request(applicationProperties, body, properties.GetMessageId(), properties.ReplyTo is { Length: > 0 } replyTo ? replyTo : null);
    }
}

/// <summary>The answer to a request.</summary>
/// <param name="Properties">How it went, in application properties.</param>
/// <param name="Body">What was asked for; null if nothing.</param>
internal sealed record Reply(Map Properties, object? Body)
{
    /// <summary>Encodes the answer to <paramref name="request"/>.</summary>
    public ArraySegment<byte> Encode(Request request)
    {
        var message = new Message
        {
            Properties = new Properties { To = request.ReplyTo },
            ApplicationProperties = new ApplicationProperties(),
            BodySection = new AmqpValue { Value = Body },
        };
        message.Properties.SetCorrelationId(request.MessageId);
        foreach (var (name, value) in Properties)
        {
            message.ApplicationProperties.Map[name] = value;
        }
        var buffer = message.Encode();
        return new(buffer.Buffer, buffer.Offset, buffer.Length);
    }
}

/// <summary>Something that answers requests.</summary>
internal interface IRequestNode
{
    /// <summary>Answers a request; called under the connection's gate, which it may take again later.</summary>
    /// <remarks>What it throws is answered with <see cref="Failure"/>.</remarks>
    Task<Reply> AnswerAsync(AmqpConnection connection, Request request);

    Reply Failure(Exception exception);
}

using System.Text.Json;
using Azure.Messaging.ServiceBus;

namespace ModelJobs.LocalRuntime.Worker.ServiceBus;

/// <summary>Reads a message as the type that a function's parameter asks for.</summary>
internal static class MessageBody
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <returns>Null if a parameter cannot be of this type.</returns>
    public static Func<ServiceBusReceivedMessage, object?>? ReaderFor(Type type)
    {
        if (type == typeof(ServiceBusReceivedMessage))
        {
            return static message => message;
        }

        if (type == typeof(BinaryData))
        {
            return static message => message.Body;
        }

        if (type == typeof(string))
        {
            return static message => message.Body.ToString();
        }

        if (type == typeof(byte[]))
        {
            return static message => message.Body.ToArray();
        }

        return type.IsAbstract || type.IsArray || type.IsPrimitive
            ? null
            : message => JsonSerializer.Deserialize(message.Body.ToMemory().Span, type, Json);
    }
}

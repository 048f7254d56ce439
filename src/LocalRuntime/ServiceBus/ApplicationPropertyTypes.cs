using System.Runtime.Serialization;
using ModelJobs.LocalRuntime.Broker;

namespace Azure.Messaging.ServiceBus;

/// <summary>The types of application properties that Service Bus carries.</summary>
internal static class ApplicationPropertyTypes
{
    /// <summary>A copy of <paramref name="properties"/> that the sender cannot change any more.</summary>
    /// <exception cref="SerializationException">A value is of a type that Service Bus does not carry.</exception>
    public static IReadOnlyDictionary<string, object> Copy(IDictionary<string, object>? properties)
    {
        if (properties is not { Count: > 0 })
        {
            return SentMessage.NoProperties;
        }
        foreach (var (name, value) in properties)
        {
            if (!IsCarried(value))
            {
                throw new SerializationException(
                    $"The application property '{name}' is of type {value.GetType()}, which Service Bus does not carry. " +
                    "Use a number, bool, char, string, Guid, Uri, DateTime, DateTimeOffset, TimeSpan or byte[], or put it into the body.");
            }
        }
        return new Dictionary<string, object>(properties);
    }

    private static bool IsCarried(object? value) => value
        is null or string or bool or char or byte or sbyte or short or ushort or int or uint or long or ulong
        or float or double or decimal or Guid or Uri or DateTime or DateTimeOffset or TimeSpan or byte[];
}

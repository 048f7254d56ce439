using ModelJobs.LocalRuntime.Broker;

namespace Azure.Messaging.ServiceBus;

/// <summary>Messages that are sent as one: all or none are enqueued, and together they keep the size limit.</summary>
public sealed class ServiceBusMessageBatch : IDisposable
{
    private readonly List<SentMessage> _messages = [];

    internal ServiceBusMessageBatch(long maxSizeInBytes) => MaxSizeInBytes = maxSizeInBytes;

    public long MaxSizeInBytes { get; }

    public long SizeInBytes { get; private set; }

    public int Count => _messages.Count;

    /// <summary>What the batch holds, as it was when it was added.</summary>
    internal IReadOnlyList<SentMessage> Messages => _messages;

    /// <summary>Adds a copy of <paramref name="message"/>, unless the batch would be too large with it.</summary>
    /// <returns>False if the message did not fit; the batch is then as before.</returns>
    public bool TryAddMessage(ServiceBusMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var content = message.ToContent();
        var size = MessageSize.OfBatchWith(SizeInBytes, content);
        if (size > MaxSizeInBytes)
        {
            return false;
        }
        _messages.Add(content);
        SizeInBytes = size;
        return true;
    }

    public void Dispose()
    {
        _messages.Clear();
        SizeInBytes = 0;
    }
}

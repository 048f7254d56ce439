using Azure.Messaging.ServiceBus;
using ModelJobs.Contracts;

namespace ModelJobs.Functions.Collect;

/// <summary>Results that were received and are not committed yet, with the messages that brought them.</summary>
internal sealed class PendingPart
{
    /// <summary>Size from which a part is committed at once, in characters of outputs and metas: about what it holds in memory.</summary>
    private const long FullBytes = 8 * 1024 * 1024;

    private readonly List<ServiceBusReceivedMessage> _messages = [];
    private readonly HashSet<int> _chunks = [];
    private readonly List<ItemResult> _results = [];
    private long _bytes;

    /// <summary>The messages to complete after the commit; second answers among them.</summary>
    public IReadOnlyList<ServiceBusReceivedMessage> Messages => _messages;

    /// <summary>The chunks that have answered.</summary>
    public IReadOnlyCollection<int> Chunks => _chunks;

    /// <summary>Their results, in the order received.</summary>
    public IReadOnlyList<ItemResult> Results => _results;

    public bool IsEmpty => _messages.Count == 0;

    public bool HasResults => _chunks.Count > 0;

    public bool IsFull => _bytes >= FullBytes;

    public bool Has(int chunk) => _chunks.Contains(chunk);

    public void Receive(ServiceBusReceivedMessage message) => _messages.Add(message);

    public void Add(int chunk, IReadOnlyList<ItemResult> results)
    {
        _chunks.Add(chunk);
        _results.AddRange(results);
        _bytes += results.Sum(result => (result.Output?.GetRawText().Length ?? 0) + (result.Meta?.GetRawText().Length ?? 0) + result.Id.Length);
    }
}

using System.Runtime.InteropServices;
using System.Text.Json;
using Azure.Messaging.ServiceBus;
using ModelJobs.Contracts;

namespace ModelJobs.Functions.Collect;

/// <summary>Results that were received and are not committed yet, with the messages that brought them. Of two results of one item the first counts.</summary>
internal sealed class PendingPart
{
    /// <summary>Size from which a part is committed at once, in bytes of outputs and metas: about what it holds in memory.</summary>
    private const long FullBytes = 8 * 1024 * 1024;

    private readonly List<ServiceBusReceivedMessage> _messages = [];
    private readonly Dictionary<long, ItemResult> _results = [];
    private long _bytes;

    /// <summary>The messages to complete after the commit; second answers among them.</summary>
    public IReadOnlyList<ServiceBusReceivedMessage> Messages => _messages;

    /// <summary>The results.</summary>
    public IReadOnlyCollection<ItemResult> Results => _results.Values;

    public bool IsEmpty => _messages.Count == 0 && _results.Count == 0;

    public bool IsFull => _bytes >= FullBytes;

    /// <summary>How many of the results are failures.</summary>
    public int Failed { get; private set; }

    /// <summary>What the runs measured that the results come from.</summary>
    public RunSums Sums { get; private set; } = RunSums.None;

    public bool Has(long index) => _results.ContainsKey(index);

    public void Receive(ServiceBusReceivedMessage message) => _messages.Add(message);

    /// <returns>Whether it counts.</returns>
    public bool Add(ItemResult result)
    {
        if (!_results.TryAdd(result.Index, result))
        {
            return false;
        }

        _bytes += BytesOf(result.Output) + BytesOf(result.Meta) + result.Id.Length;
        Failed += result.Status == ItemStatus.Failed ? 1 : 0;
        return true;
    }

    /// <summary>Adds what the run measured that some of the results come from.</summary>
    public void Add(RunSums sums) => Sums += sums;

    private static int BytesOf(JsonElement? value) => value is { } json ? JsonMarshal.GetRawUtf8Value(json).Length : 0;
}

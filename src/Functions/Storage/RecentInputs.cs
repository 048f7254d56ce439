namespace ModelJobs.Functions.Storage;

/// <summary>
/// The inputs that this instance has stored last, as long as they are small: most jobs are dispatched moments later by the instance that took them,
/// which then has nothing to read back. What is not here any more, or never was, is read from storage. An input never changes.
/// </summary>
internal sealed class RecentInputs(JobBlobs blobs, JobSettings settings)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<Kept>> _byName = new(StringComparer.Ordinal);
    private readonly LinkedList<Kept> _oldestFirst = [];
    private long _reserved;

    /// <summary>Asks for room, before anything is put into it: inputs that are still being stored count as much as those that are kept, which give way.</summary>
    /// <param name="bytes">How much.</param>
    /// <returns>Whether there is.</returns>
    public bool TryReserve(long bytes)
    {
        lock (_lock)
        {
            while (_reserved + bytes > settings.RecentInputBytes && _oldestFirst.First is { } oldest)
            {
                Forget(oldest);
            }

            if (_reserved + bytes > settings.RecentInputBytes)
            {
                return false;
            }

            _reserved += bytes;
            return true;
        }
    }

    /// <summary>Gives room back.</summary>
    public void Release(long bytes)
    {
        lock (_lock)
        {
            _reserved -= bytes;
        }
    }

    /// <summary>Keeps an input that was stored.</summary>
    /// <param name="name">Name of its blob.</param>
    /// <param name="content">All of it, which nobody changes any more.</param>
    /// <param name="reserved">The room that was reserved for it, and is given back with it.</param>
    public void Keep(string name, ReadOnlyMemory<byte> content, long reserved)
    {
        lock (_lock)
        {
            _byName[name] = _oldestFirst.AddLast(new Kept(name, content, reserved));
        }
    }

    /// <summary>Reads some of an input. Once as much was read as there is, it is kept no longer.</summary>
    public Task<ReadOnlyMemory<byte>> ReadAsync(string name, long offset, int length, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_byName.TryGetValue(name, out var node) && offset + length <= node.Value.Content.Length)
            {
                var kept = node.Value;
                kept.Read += length;
                if (kept.Read >= kept.Content.Length)
                {
                    Forget(node);
                }

                return Task.FromResult(kept.Content.Slice((int)offset, length));
            }
        }

        return blobs.ReadAsync(name, offset, length, cancellationToken);
    }

    private void Forget(LinkedListNode<Kept> node)
    {
        _oldestFirst.Remove(node);
        _byName.Remove(node.Value.Name);
        _reserved -= node.Value.Reserved;
    }

    private sealed class Kept(string name, ReadOnlyMemory<byte> content, long reserved)
    {
        public string Name => name;

        public ReadOnlyMemory<byte> Content => content;

        public long Reserved => reserved;

        public long Read { get; set; }
    }
}

using System.Diagnostics.CodeAnalysis;

namespace ModelJobs.LocalRuntime.Broker;

/// <summary>Something that has to be looked at when a moment comes.</summary>
internal abstract class DueItem
{
    /// <summary>Not in a heap.</summary>
    internal const int Nowhere = -1;

    /// <summary>Orders items that are due at the same moment.</summary>
    public long Order { get; protected init; }

    /// <summary>The moment, while the item is in a heap; set by the heap.</summary>
    public DateTimeOffset Due { get; internal set; }

    /// <summary>Where the item is in its heap; set by the heap.</summary>
    internal int HeapIndex { get; set; } = Nowhere;
}

/// <summary>
/// A binary min-heap by due moment in which an item knows its place, so that it can be moved or removed in O(log n):
/// most locks are settled long before they would expire, and must not linger here until then.
/// </summary>
internal sealed class DueHeap<T>
    where T : DueItem
{
    private readonly List<T> _items = [];

    /// <summary>When the first item is due; null if there is none.</summary>
    public DateTimeOffset? NextDue => _items.Count > 0 ? _items[0].Due : null;

    /// <summary>Adds an item, or moves it to another moment.</summary>
    public void Set(T item, DateTimeOffset due)
    {
        item.Due = due;
        if (item.HeapIndex == DueItem.Nowhere)
        {
            item.HeapIndex = _items.Count;
            _items.Add(item);
        }
        Restore(item.HeapIndex);
    }

    /// <summary>Removes an item if it is here.</summary>
    public void Remove(T item)
    {
        var index = item.HeapIndex;
        if (index == DueItem.Nowhere)
        {
            return;
        }
        item.HeapIndex = DueItem.Nowhere;
        var last = _items[^1];
        _items.RemoveAt(_items.Count - 1);
        if (!ReferenceEquals(last, item))
        {
            Place(last, index);
            Restore(index);
        }
    }

    /// <summary>The first item, if it is due by <paramref name="now"/>; it stays in the heap.</summary>
    public bool TryPeekDue(DateTimeOffset now, [NotNullWhen(true)] out T? item)
    {
        item = _items.Count > 0 && _items[0].Due <= now ? _items[0] : null;
        return item is not null;
    }

    private static bool Precedes(T one, T other) => one.Due < other.Due || (one.Due == other.Due && one.Order < other.Order);

    /// <summary>Moves the item at <paramref name="index"/> up or down to where it belongs.</summary>
    private void Restore(int index)
    {
        var item = _items[index];
        while (index > 0 && Precedes(item, _items[(index - 1) / 2]))
        {
            var parent = (index - 1) / 2;
            Place(_items[parent], index);
            index = parent;
        }
        while (FirstChild(index) is var child && child < _items.Count && Precedes(_items[child], item))
        {
            Place(_items[child], index);
            index = child;
        }
        Place(item, index);
    }

    private int FirstChild(int index)
    {
        var left = (2 * index) + 1;
        return left + 1 < _items.Count && Precedes(_items[left + 1], _items[left]) ? left + 1 : left;
    }

    private void Place(T item, int index)
    {
        _items[index] = item;
        item.HeapIndex = index;
    }
}

using System.Diagnostics.CodeAnalysis;

namespace ModelJobs.LocalRuntime.Broker;

/// <summary>
/// Values by sequence number, in order. Numbers mostly come in ascending order and go in about the same order, so they
/// live in pages of consecutive numbers: adding and finding cost a search among pages, and a page goes with its last value.
/// </summary>
internal sealed class SequenceMap<T>
    where T : class
{
    private const int PageBits = 8;
    private const int PageSize = 1 << PageBits;

    private readonly List<Page> _pages = [];

    public int Count { get; private set; }

    /// <exception cref="ArgumentException">The number is taken.</exception>
    public void Add(long number, T value)
    {
        var index = IndexOf(number >> PageBits);
        if (index < 0)
        {
            index = ~index;
            _pages.Insert(index, new Page(number >> PageBits));
        }
        ref var slot = ref _pages[index].Slots[number & (PageSize - 1)];
        if (slot is not null)
        {
            throw new ArgumentException($"The sequence number {number} is taken.", nameof(number));
        }
        slot = value;
        _pages[index].Count++;
        Count++;
    }

    public bool TryGet(long number, [NotNullWhen(true)] out T? value)
    {
        var index = IndexOf(number >> PageBits);
        value = index < 0 ? null : _pages[index].Slots[number & (PageSize - 1)];
        return value is not null;
    }

    /// <summary>Removes the value of a number if there is one.</summary>
    public void Remove(long number)
    {
        var index = IndexOf(number >> PageBits);
        if (index < 0)
        {
            return;
        }
        ref var slot = ref _pages[index].Slots[number & (PageSize - 1)];
        if (slot is null)
        {
            return;
        }
        slot = null;
        Count--;
        if (--_pages[index].Count == 0)
        {
            _pages.RemoveAt(index);
        }
    }

    /// <summary>Values in order of their numbers, from <paramref name="number"/> on.</summary>
    public IEnumerable<T> From(long number)
    {
        var index = IndexOf(number >> PageBits);
        var slot = index < 0 ? 0 : (int)(number & (PageSize - 1));
        for (index = index < 0 ? ~index : index; index < _pages.Count; index++, slot = 0)
        {
            for (; slot < PageSize; slot++)
            {
                if (_pages[index].Slots[slot] is { } value)
                {
                    yield return value;
                }
            }
        }
    }

    /// <summary>Index of a page, or the complement of where it would be inserted.</summary>
    private int IndexOf(long pageNumber)
    {
        var low = 0;
        var high = _pages.Count - 1;
        while (low <= high)
        {
            // The newest page first: that is where messages are added.
            var middle = high == _pages.Count - 1 && _pages[high].Number <= pageNumber ? high : (low + high) / 2;
            var found = _pages[middle].Number;
            if (found == pageNumber)
            {
                return middle;
            }
            if (found < pageNumber)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }
        return ~low;
    }

    private sealed class Page(long number)
    {
        public long Number { get; } = number;

        public T?[] Slots { get; } = new T?[PageSize];

        public int Count { get; set; }
    }
}

using System.Numerics;

namespace ModelJobs.Functions.Plan;

/// <summary>Some items of a page, by their position in it: as bits, so that a page's worth of them travels in 1,250 bytes.</summary>
internal sealed class ItemSet
{
    private byte[] _bits;

    private ItemSet(byte[] bits, int count) => (_bits, Count) = (bits, count);

    /// <summary>An empty set.</summary>
    public ItemSet()
        : this([], 0)
    {
    }

    /// <summary>How many items are in it.</summary>
    public int Count { get; private set; }

    /// <summary>The positions in it, ascending.</summary>
    public IEnumerable<int> Positions => Enumerable.Range(0, _bits.Length * 8).Where(Contains);

    /// <summary>The first <paramref name="items"/> items.</summary>
    public static ItemSet First(int items)
    {
        var set = new ItemSet();
        for (var position = 0; position < items; position++)
        {
            set.Add(position);
        }

        return set;
    }

    /// <summary>The items at these positions.</summary>
    public static ItemSet Of(IEnumerable<int> positions)
    {
        var set = new ItemSet();
        foreach (var position in positions)
        {
            set.Add(position);
        }

        return set;
    }

    /// <summary>Reads the stored form.</summary>
    public static ItemSet FromBytes(ReadOnlySpan<byte> bits)
    {
        var count = 0;
        foreach (var eight in bits)
        {
            count += BitOperations.PopCount(eight);
        }

        return new ItemSet(bits.ToArray(), count);
    }

    /// <summary>The stored form: a bit for each position, up to the last one in the set.</summary>
    public ReadOnlyMemory<byte> ToBytes()
    {
        var length = _bits.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
        return _bits.AsMemory(0, length);
    }

    public bool Contains(int position) => position / 8 < _bits.Length && (_bits[position / 8] & (1 << (position % 8))) != 0;

    /// <summary>Adds an item.</summary>
    /// <returns>Whether it is new.</returns>
    public bool Add(int position)
    {
        if (Contains(position))
        {
            return false;
        }

        if (position / 8 >= _bits.Length)
        {
            Array.Resize(ref _bits, Math.Max((position / 8) + 1, _bits.Length * 2));
        }

        _bits[position / 8] |= (byte)(1 << (position % 8));
        Count++;
        return true;
    }

    /// <summary>Removes an item, if it is there.</summary>
    public void Remove(int position)
    {
        if (Contains(position))
        {
            _bits[position / 8] &= (byte)~(1 << (position % 8));
            Count--;
        }
    }
}

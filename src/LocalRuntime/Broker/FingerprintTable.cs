namespace ModelJobs.LocalRuntime.Broker;

/// <summary>A message id as 96 bits of a hash: among a billion ids the chance that any two are alike is below one in 10^11.</summary>
internal readonly record struct Fingerprint(ulong High, uint Low);

/// <summary>
/// Numbers by fingerprint: a hash table with open addressing of 16 bytes an entry and nothing for the garbage collector to follow, since
/// it holds as many as messages were sent in the last minutes. Entries are not removed.
/// </summary>
internal sealed class FingerprintTable
{
    private const int FirstCapacity = 64;
    private const double MaxLoad = 0.85;
    private const double Growth = 1.5;

    private Entry[] _entries = new Entry[FirstCapacity];
    private int _count;

    /// <summary>Adds a number, or puts it in the place of the one that the fingerprint has.</summary>
    public void Set(Fingerprint fingerprint, uint number)
    {
        if (_count >= _entries.Length * MaxLoad)
        {
            Grow();
        }

        ref var entry = ref Find(_entries, fingerprint);
        _count += entry.IsFree ? 1 : 0;
        entry = new Entry(fingerprint, number);
    }

    public bool TryGet(Fingerprint fingerprint, out uint number)
    {
        ref var entry = ref Find(_entries, fingerprint);
        number = entry.Number;
        return !entry.IsFree;
    }

    private void Grow()
    {
        var entries = new Entry[(int)(_entries.Length * Growth)];
        foreach (ref var entry in _entries.AsSpan())
        {
            if (!entry.IsFree)
            {
                Find(entries, entry.Fingerprint) = entry;
            }
        }

        _entries = entries;
    }

    /// <summary>The fingerprint's entry, or the free one where it belongs.</summary>
    private static ref Entry Find(Entry[] entries, Fingerprint fingerprint)
    {
        // The high bits of the product spread the fingerprints evenly over any number of entries.
        var index = (int)Math.BigMul(fingerprint.High, (ulong)entries.Length, out _);
        while (!entries[index].IsFree && entries[index].Fingerprint != fingerprint)
        {
            index = index + 1 < entries.Length ? index + 1 : 0;
        }

        return ref entries[index];
    }

    private readonly struct Entry(Fingerprint fingerprint, uint number)
    {
        private readonly ulong _high = fingerprint.High;
        private readonly uint _low = fingerprint.Low;
        private readonly uint _numberPlusOne = number + 1;

        public bool IsFree => _numberPlusOne == 0;

        public uint Number => _numberPlusOne - 1;

        public Fingerprint Fingerprint => new(_high, _low);
    }
}

using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace ModelJobs.LocalRuntime.Broker;

/// <summary>
/// The ids of the messages that a queue accepted within its duplicate detection window, as fingerprints, in slices of the window: a
/// slice goes as a whole when its last id is too old. Ids that came within <see cref="Moments"/> of a window count as accepted together,
/// so that no time need be kept with each.
/// </summary>
internal sealed class DuplicateHistory(TimeSpan window)
{
    /// <summary>Slices of a window.</summary>
    private const int Slices = 8;

    /// <summary>Moments of a window: an id is remembered by less than one of them longer than the window.</summary>
    private const int Moments = 1 << 16;

    private readonly List<Slice> _slices = [];

    /// <summary>Whether a message with this id was accepted within the window before <paramref name="now"/>.</summary>
    /// <param name="messageId">The id.</param>
    /// <param name="now">The moment.</param>
    /// <param name="sequenceNumber">The number that the first message got.</param>
    public bool Contains(string messageId, DateTimeOffset now, out long sequenceNumber)
    {
        Forget(now);
        var fingerprint = Of(messageId);
        for (var i = _slices.Count - 1; i >= 0; i--)
        {
            if (_slices[i].TryGet(fingerprint, out var found))
            {
                sequenceNumber = found.SequenceNumber;
                return found.AcceptedAt + window > now;
            }
        }

        sequenceNumber = 0;
        return false;
    }

    public void Add(string messageId, DateTimeOffset acceptedAt, long sequenceNumber)
    {
        Forget(acceptedAt);
        if (_slices.Count == 0 || _slices[^1].Start + (window / Slices) <= acceptedAt)
        {
            _slices.Add(new Slice(acceptedAt, window / Moments));
        }

        _slices[^1].Add(Of(messageId), acceptedAt, sequenceNumber);
    }

    private void Forget(DateTimeOffset now)
    {
        while (_slices.Count > 0 && _slices[0].End + window <= now)
        {
            _slices.RemoveAt(0);
        }
    }

    private static Fingerprint Of(string messageId)
    {
        var hash = XxHash128.HashToUInt128(MemoryMarshal.AsBytes(messageId.AsSpan()));
        return new Fingerprint((ulong)(hash >> 64), (uint)hash);
    }

    /// <summary>Ids that were accepted side by side: at about one time and under consecutive numbers.</summary>
    private readonly record struct Run(uint First, long SequenceNumber, DateTimeOffset Start, DateTimeOffset AcceptedAt);

    private sealed class Slice(DateTimeOffset start, TimeSpan moment)
    {
        private readonly FingerprintTable _ids = new();
        private readonly List<Run> _runs = [];
        private uint _count;

        public DateTimeOffset Start => start;

        public DateTimeOffset End => _runs[^1].AcceptedAt;

        public void Add(Fingerprint id, DateTimeOffset acceptedAt, long sequenceNumber)
        {
            if (_runs.Count > 0 && _runs[^1] is var last
                && acceptedAt < last.Start + moment && sequenceNumber == last.SequenceNumber + (_count - last.First))
            {
                _runs[^1] = last with { AcceptedAt = acceptedAt > last.AcceptedAt ? acceptedAt : last.AcceptedAt };
            }
            else
            {
                _runs.Add(new Run(_count, sequenceNumber, acceptedAt, acceptedAt));
            }

            _ids.Set(id, _count++);
        }

        public bool TryGet(Fingerprint id, out (long SequenceNumber, DateTimeOffset AcceptedAt) found)
        {
            found = default;
            if (!_ids.TryGet(id, out var number))
            {
                return false;
            }

            var run = RunOf(number);
            found = (run.SequenceNumber + (number - run.First), run.AcceptedAt);
            return true;
        }

        private Run RunOf(uint number)
        {
            var (low, high) = (0, _runs.Count - 1);
            while (low < high)
            {
                var middle = (low + high + 1) / 2;
                (low, high) = _runs[middle].First <= number ? (middle, high) : (low, middle - 1);
            }

            return _runs[low];
        }
    }
}

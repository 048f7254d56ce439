using System.Buffers.Binary;

namespace ModelJobs.LocalRuntime.Store;

/// <summary>
/// Looks at the log in which SQLite keeps the latest commits (<c>state.db-wal</c>) before SQLite does, which drops what it cannot read, and
/// all that comes after, without a word. A process that is killed leaves a log of whole commits and perhaps the beginning of another; then
/// come left-overs, of such beginnings and of earlier rounds through the file, each of which has salts of its own. The last frame of a commit
/// is marked, so a left-over of this round is not. Anything else after a frame that cannot be read means that something was lost; only what is
/// cut off at the end cannot be told from what was not written. Format: https://sqlite.org/fileformat2.html#walformat.
/// </summary>
internal static class WriteAheadLog
{
    private const int HeaderBytes = 32;
    private const int FrameHeaderBytes = 24;
    private const uint Magic = 0x377f0682;
    private const int MinPageBytes = 512;
    private const int MaxPageBytes = 65536;

    /// <summary>The first salt goes up by one with each round; left-overs are of one of so many before.</summary>
    private const uint MaxRounds = 1 << 24;

    /// <summary>What is wrong with a log; null: nothing, or there is none.</summary>
    public static string? FindDamage(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1 << 20);
        Span<byte> header = stackalloc byte[HeaderBytes];
        // SQLite cuts the log to nothing when it has no more use for what is in it.
        if (file.Length == 0)
        {
            return null;
        }

        if (file.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false) < HeaderBytes || !TryReadHeader(header, out var pageBytes, out var sum))
        {
            return "it does not begin as a log does";
        }

        return FindDamagedFrame(file, pageBytes, header[16..24], sum);
    }

    private static string? FindDamagedFrame(FileStream file, int pageBytes, ReadOnlySpan<byte> salts, Checksum sum)
    {
        var frame = new byte[FrameHeaderBytes + pageBytes];
        var firstSalt = BinaryPrimitives.ReadUInt32BigEndian(salts);
        var unread = -1L;
        for (var number = 0L; file.ReadAtLeast(frame, frame.Length, throwOnEndOfStream: false) == frame.Length; number++)
        {
            var isOfThisRound = frame.AsSpan(8, salts.Length).SequenceEqual(salts);
            if (unread < 0)
            {
                sum = sum.Over(frame.AsSpan(0, 8)).Over(frame.AsSpan(FrameHeaderBytes));
                if (isOfThisRound && sum.Equals(frame.AsSpan(16, 8)))
                {
                    continue;
                }

                unread = number;
            }

            var page = BinaryPrimitives.ReadUInt32BigEndian(frame);
            var isMarked = BinaryPrimitives.ReadUInt32BigEndian(frame.AsSpan(4)) != 0;
            var roundsAgo = firstSalt - BinaryPrimitives.ReadUInt32BigEndian(frame.AsSpan(8));
            var isLeftOver = isOfThisRound ? !isMarked || number == unread : roundsAgo is > 0 and < MaxRounds;
            if (page == 0 || !isLeftOver)
            {
                return FormattableString.Invariant($"it cannot be read from frame {unread} on, and frame {number} is not a left-over");
            }
        }

        return null;
    }

    private static bool TryReadHeader(ReadOnlySpan<byte> header, out int pageBytes, out Checksum sum)
    {
        var magic = BinaryPrimitives.ReadUInt32BigEndian(header);
        pageBytes = BinaryPrimitives.ReadInt32BigEndian(header[8..]);
        sum = new Checksum(IsBigEndian: (magic & 1) != 0, 0, 0).Over(header[..24]);
        return (magic & ~1u) == Magic && pageBytes is >= MinPageBytes and <= MaxPageBytes && sum.Equals(header[24..]);
    }

    /// <summary>The sum that the format prescribes: each covers all that came before.</summary>
    private readonly record struct Checksum(bool IsBigEndian, uint First, uint Second)
    {
        public Checksum Over(ReadOnlySpan<byte> bytes)
        {
            var (first, second) = (First, Second);
            for (; bytes.Length >= 8; bytes = bytes[8..])
            {
                first += Word(bytes) + second;
                second += Word(bytes[4..]) + first;
            }

            return this with { First = first, Second = second };
        }

        public bool Equals(ReadOnlySpan<byte> stored)
            => First == BinaryPrimitives.ReadUInt32BigEndian(stored) && Second == BinaryPrimitives.ReadUInt32BigEndian(stored[4..]);

        private uint Word(ReadOnlySpan<byte> bytes)
            => IsBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }
}

namespace ModelJobs.Functions.Storage;

/// <summary>An input that is being stored, as far as there is room to remember it.</summary>
/// <param name="recent">Has the room.</param>
internal sealed class RecentInput(RecentInputs recent) : IDisposable
{
    private const int FirstBytes = 4096;

    private MemoryStream? _bytes = new();
    private long _reserved;

    /// <summary>Adds bytes; if there is no room for them, the input is not remembered at all.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        if (_bytes is null)
        {
            return;
        }

        var needed = _bytes.Length + bytes.Length;
        if (needed > _reserved)
        {
            // As much as the stream will take, which doubles.
            var room = Math.Max(needed, Math.Max(FirstBytes, 2 * _reserved));
            if (room > Array.MaxLength || !recent.TryReserve(room - _reserved))
            {
                Dispose();
                return;
            }

            _reserved = room;
            _bytes.Capacity = (int)room;
        }

        _bytes.Write(bytes);
    }

    /// <summary>Keeps the input, now that it is stored.</summary>
    public void Keep(string name)
    {
        if (_bytes is { } bytes)
        {
            recent.Keep(name, bytes.GetBuffer().AsMemory(0, (int)bytes.Length), _reserved);
            (_bytes, _reserved) = (null, 0);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        recent.Release(_reserved);
        (_bytes, _reserved) = (null, 0);
    }
}

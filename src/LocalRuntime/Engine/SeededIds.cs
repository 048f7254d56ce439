namespace ModelJobs.LocalRuntime.Engine;

/// <summary>Random instance ids, the same for the same seed: 32 hexadecimal digits.</summary>
internal sealed class SeededIds(int seed)
{
    private const int Bytes = 16;
    private readonly Lock _gate = new();
    private readonly Random _random = new(seed);

    public string Next()
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        lock (_gate)
        {
            _random.NextBytes(bytes);
        }

        return Convert.ToHexStringLower(bytes);
    }
}

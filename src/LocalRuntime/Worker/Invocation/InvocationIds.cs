namespace ModelJobs.LocalRuntime.Worker.Invocation;

/// <summary>Ids of invocations, from the runtime's seed. Thread-safe.</summary>
internal sealed class InvocationIds(int seed)
{
    private readonly Random _random = new(seed);
    private readonly Lock _lock = new();

    public string Next()
    {
        Span<byte> bytes = stackalloc byte[16];
        lock (_lock)
        {
            _random.NextBytes(bytes);
        }

        return new Guid(bytes).ToString();
    }
}

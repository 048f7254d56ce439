namespace ModelJobs.Bench.Comparison;

/// <summary>Producer, workers and reply queue by hand on RabbitMQ, over pika (peers/pika_events.py). A worker process per core.</summary>
internal sealed class Pika(BenchOptions options) : Peer
{
    private RabbitMqServer? _rabbit;

    public override string Title => $"pika, RabbitMQ durable, confirms, {Environment.ProcessorCount} workers, prefetch {options.Concurrency}";

    protected override async Task<ScriptProcess> StartScriptAsync()
    {
        await Python.RequireAsync("pika", "python3-pika");
        _rabbit = await RabbitMqServer.StartAsync();
        return await ScriptProcess.StartAsync(
            Python.Program, "pika_events.py", $"{_rabbit.Port}", $"{Environment.ProcessorCount}", $"{options.Concurrency}");
    }

    protected override ValueTask StopServersAsync() => _rabbit?.DisposeAsync() ?? default;
}

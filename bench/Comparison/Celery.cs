namespace ModelJobs.Bench.Comparison;

/// <summary>Celery's chord on RabbitMQ, results in Redis (peers/celery_chord.py). A worker process per core, Celery's default.</summary>
internal sealed class Celery : Peer
{
    private RedisServer? _redis;
    private RabbitMqServer? _rabbit;

    public override string Title => $"Celery chord, RabbitMQ and Redis AOF everysec, {Environment.ProcessorCount} processes";

    protected override async Task<ScriptProcess> StartScriptAsync()
    {
        await Python.RequireAsync("celery", "python3-celery");
        await Python.RequireAsync("redis", "python3-redis");
        _redis = await RedisServer.StartAsync();
        _rabbit = await RabbitMqServer.StartAsync();
        return await ScriptProcess.StartAsync(
            Python.Program, "celery_chord.py", $"{_rabbit.Port}", $"{_redis.Port}", $"{Environment.ProcessorCount}");
    }

    protected override async ValueTask StopServersAsync()
    {
        if (_rabbit is not null)
        {
            await _rabbit.DisposeAsync();
        }

        if (_redis is not null)
        {
            await _redis.DisposeAsync();
        }
    }
}

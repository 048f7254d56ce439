using System.Diagnostics;

namespace ModelJobs.Bench.Comparison;

/// <summary>
/// Redis with its append-only file, synced every second: its documented compromise of speed and durability, and what is closest to the
/// state file compared with, whose commits survive the process but not the last moments before a loss of power.
/// </summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private readonly TemporaryFolder _folder;
    private readonly ServerProcess _process;

    private RedisServer(TemporaryFolder folder, ServerProcess process, int port) => (_folder, _process, Port) = (folder, process, port);

    public int Port { get; }

    public static async Task<RedisServer> StartAsync()
    {
        var folder = new TemporaryFolder();
        try
        {
            var port = ServerProcess.FreePort();
            var start = new ProcessStartInfo(
                "redis-server",
                ["--port", $"{port}", "--bind", "127.0.0.1", "--dir", folder.Path, "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]);
            return new RedisServer(folder, await ServerProcess.StartAsync(start, port, "apt-get install redis-server"), port);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Dispose();
    }
}

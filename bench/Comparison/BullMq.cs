using System.ComponentModel;
using System.Diagnostics;

namespace ModelJobs.Bench.Comparison;

/// <summary>BullMQ's flow on Redis (peers/bullmq.mjs). One core is left to Redis, which has one thread; the others have a worker each.</summary>
internal sealed class BullMq(BenchOptions options) : Peer
{
    private RedisServer? _redis;

    private static int Workers => Math.Max(1, Environment.ProcessorCount - 1);

    public override string Title => $"BullMQ flow, Redis AOF everysec, {Workers} worker(s) of {options.Concurrency}";

    protected override async Task<ScriptProcess> StartScriptAsync()
    {
        await InstallAsync();
        _redis = await RedisServer.StartAsync();
        return await ScriptProcess.StartAsync("node", "bullmq.mjs", $"{_redis.Port}", $"{Workers}", $"{options.Concurrency}");
    }

    protected override ValueTask StopServersAsync() => _redis?.DisposeAsync() ?? default;

    private static async Task InstallAsync()
    {
        if (Directory.Exists(Path.Combine(BuiltPaths.Peers, "node_modules", "bullmq")))
        {
            return;
        }

        try
        {
            using var npm = Process.Start(new ProcessStartInfo("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"])
            {
                WorkingDirectory = BuiltPaths.Peers,
                RedirectStandardOutput = true,
            })!;
            await npm.StandardOutput.ReadToEndAsync();
            await npm.WaitForExitAsync();
            if (npm.ExitCode != 0)
            {
                throw new PeerMissingException($"npm ci failed in {BuiltPaths.Peers}");
            }
        }
        catch (Win32Exception)
        {
            throw new PeerMissingException("npm is not there; install Node.js 20 or later");
        }
    }
}

using System.Diagnostics;

namespace ModelJobs.Bench.Comparison;

/// <summary>RabbitMQ as Debian packages it, with its own node, port mapper and data.</summary>
internal sealed class RabbitMqServer : IAsyncDisposable
{
    /// <summary>Not the wrapper in the path, which changes the user.</summary>
    private const string Program = "/usr/lib/rabbitmq/bin/rabbitmq-server";
    private const string Install = "apt-get install rabbitmq-server";

    private readonly TemporaryFolder _folder;
    private readonly ServerProcess _mapper;
    private readonly ServerProcess _process;

    private RabbitMqServer(TemporaryFolder folder, ServerProcess mapper, ServerProcess process, int port) =>
        (_folder, _mapper, _process, Port) = (folder, mapper, process, port);

    public int Port { get; }

    public static async Task<RabbitMqServer> StartAsync()
    {
        var folder = new TemporaryFolder();
        ServerProcess? mapper = null;
        try
        {
            var mapperPort = ServerProcess.FreePort();
            mapper = await ServerProcess.StartAsync(
                new ProcessStartInfo("epmd", ["-port", $"{mapperPort}", "-address", "127.0.0.1"]), mapperPort, Install);
            var port = ServerProcess.FreePort();
            await File.WriteAllTextAsync(folder.File("plugins"), "[].");
            var start = new ProcessStartInfo(Program);
            foreach (var (name, value) in Environment(folder, port, mapperPort))
            {
                start.Environment[name] = value;
            }

            return new RabbitMqServer(folder, mapper, await ServerProcess.StartAsync(start, port, Install), port);
        }
        catch
        {
            if (mapper is not null)
            {
                await mapper.DisposeAsync();
            }

            folder.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        await _mapper.DisposeAsync();
        _folder.Dispose();
    }

    private static Dictionary<string, string> Environment(TemporaryFolder folder, int port, int mapperPort) => new()
    {
        ["HOME"] = folder.Path,
        ["ERL_EPMD_PORT"] = $"{mapperPort}",
        ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
        ["RABBITMQ_NODENAME"] = $"bench{port}@localhost",
        ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1",
        ["RABBITMQ_NODE_PORT"] = $"{port}",
        ["RABBITMQ_DIST_PORT"] = $"{ServerProcess.FreePort()}",
        ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1}",
        ["RABBITMQ_MNESIA_BASE"] = folder.File("mnesia"),
        ["RABBITMQ_LOG_BASE"] = folder.File("log"),
        ["RABBITMQ_PID_FILE"] = folder.File("pid"),
        ["RABBITMQ_ENABLED_PLUGINS_FILE"] = folder.File("plugins"),
        ["RABBITMQ_CONFIG_FILE"] = folder.File("none"),
        ["RABBITMQ_CONF_ENV_FILE"] = "/dev/null",
    };
}

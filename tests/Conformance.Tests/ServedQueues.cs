using System.Diagnostics;
using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace ModelJobs.Conformance.Tests;

/// <summary><c>jobs serve</c> as a process, with the queues in app/infra/servicebus.json beside the app's own, and a data folder that outlives a kill.</summary>
internal sealed partial class ServedQueues : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(120);

    private readonly string _dataFolder = Directory.CreateTempSubdirectory("conformance-").FullName;
    private Process? _process;
    private string _port = "0";

    public string ConnectionString { get; private set; } = "";

    /// <summary>What clients over TLS must trust.</summary>
    public string Certificate => Path.Combine(_dataFolder, "amqp.pem");

    /// <summary>Starts it and waits until it serves; on the same port as before, if it did before.</summary>
    public async Task StartAsync()
    {
        var program = Metadata("JobsProgram");
        var appFolder = MakeAppFolder();
        var start = new ProcessStartInfo("dotnet", [program, "serve", "--port", "0", "--amqp-port", _port, "--data", _dataFolder])
        {
            RedirectStandardError = true,
            WorkingDirectory = _dataFolder,
        };
        start.Environment["LocalRuntime__AppRoot"] = appFolder;
        // No job runs here, so no blobs are needed.
        start.Environment["LocalRuntime__Azurite"] = "None";
        // The client for Python does not say how long it waits for a session: the step that waits in vain would last for half a minute.
        start.Environment["LocalRuntime__AmqpSessionWait"] = "00:00:05";
        var started = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var log = new List<string>();
        _process = Process.Start(start)!;
        _process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is null)
            {
                started.TrySetException(new InvalidOperationException($"jobs serve ended: {string.Join('\n', log)}"));
            }
            else if (Endpoint().Match(line.Data) is { Success: true } match)
            {
                started.TrySetResult(match.Value);
            }
            else
            {
                log.Add(line.Data);
            }
        };
        _process.BeginErrorReadLine();
        ConnectionString = await started.Task.WaitAsync(StartLimit, TestContext.Current.CancellationToken);
        _port = Port().Match(ConnectionString).Groups[1].Value;
    }

    /// <summary>Kills it, as <c>kill -9</c> does.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        _process = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await KillAsync();
        }

        Directory.Delete(_dataFolder, recursive: true);
    }

    /// <summary>What the project file says.</summary>
    public static string Metadata(string key)
        => typeof(ServedQueues).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == key).Value!;

    /// <summary>An app's root in the data folder; the app's functions need their queues too.</summary>
    private string MakeAppFolder()
    {
        var source = Path.Combine(AppContext.BaseDirectory, "app");
        var folder = Path.Combine(_dataFolder, "app");
        Directory.CreateDirectory(Path.Combine(folder, "infra"));
        File.Copy(Path.Combine(source, "host.json"), Path.Combine(folder, "host.json"), overwrite: true);
        // Under its own name git would ignore it.
        File.Copy(Path.Combine(source, "settings.json"), Path.Combine(folder, "local.settings.json"), overwrite: true);

        var definition = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "app-queues.json")))!;
        var own = JsonNode.Parse(File.ReadAllText(Path.Combine(source, "infra", "servicebus.json")))!;
        foreach (var queue in QueuesOf(own))
        {
            QueuesOf(definition).Add(queue!.DeepClone());
        }

        File.WriteAllText(Path.Combine(folder, "infra", "servicebus.json"), definition.ToJsonString());
        return folder;

        static JsonArray QueuesOf(JsonNode config) => config["UserConfig"]!["Namespaces"]![0]!["Queues"]!.AsArray();
    }

    [GeneratedRegex("Endpoint=sb://.*")]
    private static partial Regex Endpoint();

    [GeneratedRegex("Endpoint=sb://[^:]+:([0-9]+);")]
    private static partial Regex Port();
}

using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace ModelJobs.LocalRuntime.Hosting;

/// <summary>
/// An Azurite blob service as a child process, on a port that the system picked. It ends when this object is disposed, and also
/// when this process ends in any other way. All waits are on real time: the child knows no other.
/// </summary>
public sealed class AzuriteProcess : IAsyncDisposable
{
    private const string MainModule = "node_modules/azurite/dist/src/blob/main.js";
    private const string Listening = "successfully listens on ";

    /// <summary>
    /// Runs Azurite's main module and stops it when standard input ends. The parent holds the other end of that pipe and never
    /// writes to it, so the system closes it even when the parent is killed. A stop that hangs is cut short.
    /// Ctrl+C on a terminal reaches every process of the group, but the app still writes blobs while it stops: so here it is ignored,
    /// and Azurite's own handler, which it would add with <c>once</c>, is left out.
    /// </summary>
    private const string Program = """
        const main = process.argv[1];
        const mark = process.env.AZURITE_PID_FILE;
        if (mark) require('fs').writeFileSync(mark, String(process.pid));
        const once = process.once;
        process.once = (event, handler) => event === 'SIGINT' ? process : once.call(process, event, handler);
        process.on('SIGINT', () => {}).on('SIGHUP', () => {});
        process.stdin.resume().on('end', () => {
          setTimeout(() => process.exit(1), 4000).unref();
          process.emit('SIGTERM');
        });
        require(main);
        """;

    /// <summary>A file in the data folder that names the process that uses it.</summary>
    private const string MarkName = "azurite.pid";

    private const string MarkVariable = "AZURITE_PID_FILE";

    private const int KeptErrorLines = 20;

    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Start times of processes are known to the hundredth of a second, those of files to the second at worst.</summary>
    private static readonly TimeSpan ClockSlack = TimeSpan.FromSeconds(1);

    private readonly Process _process;
    private readonly Queue<string> _errors = new();
    private readonly TaskCompletionSource<Uri> _endpoint = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private bool _isDisposed;

    private AzuriteProcess(Process process) => _process = process;

    /// <summary>For any storage client.</summary>
    public string ConnectionString => AzuriteConnection.To(Endpoint);

    /// <summary>As <c>http://127.0.0.1:43297/</c>.</summary>
    public Uri Endpoint => _endpoint.Task.Result;

    /// <summary>Ends when the process does.</summary>
    internal Task Exited { get; private set; } = Task.CompletedTask;

    /// <summary>Starts Azurite and waits until it listens.</summary>
    /// <exception cref="LocalRuntimeException">Node or Azurite is missing, or Azurite does not start.</exception>
    public static async Task<AzuriteProcess> StartAsync(AzuriteOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        await WaitForEarlierAsync(options, cancellationToken);
        var azurite = new AzuriteProcess(Launch(options, FindMainModule([options.SearchFolder, .. options.OtherSearchFolders])));
        try
        {
            azurite.Watch();
            await azurite._endpoint.Task.WaitAsync(options.StartTimeout, cancellationToken);
            return azurite;
        }
        catch (Exception exception)
        {
            await azurite.DisposeAsync();
            if (exception is TimeoutException)
            {
                throw new LocalRuntimeException(
                    $"Azurite did not listen within {options.StartTimeout}. Its output: {azurite.Errors}", exception);
            }

            throw;
        }
    }

    /// <summary>Stops Azurite; it writes its index to disk first.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
        {
            return;
        }

        try
        {
            CloseInput();
            await Exited.WaitAsync(StopTimeout);
        }
        catch (Exception exception) when (exception is TimeoutException or IOException)
        {
            _process.Kill(entireProcessTree: true);
            await Exited;
        }

        _process.Dispose();
    }

    /// <summary>What the system does for a parent that is killed.</summary>
    internal void CloseInput() => _process.StandardInput.Close();

    private string Errors
    {
        get
        {
            lock (_errors)
            {
                return string.Join(Environment.NewLine, _errors);
            }
        }
    }

    /// <summary>
    /// Waits until the Azurite of a parent that was killed has written its index: it is told by the end of its input, and both would
    /// write the same files otherwise.
    /// </summary>
    /// <exception cref="LocalRuntimeException">It does not end.</exception>
    private static async Task WaitForEarlierAsync(AzuriteOptions options, CancellationToken cancellationToken)
    {
        using var earlier = FindEarlier(options);
        if (earlier is null)
        {
            return;
        }

        try
        {
            await earlier.WaitForExitAsync(cancellationToken).WaitAsync(options.StartTimeout, cancellationToken);
        }
        catch (TimeoutException exception)
        {
            throw new LocalRuntimeException(
                $"Azurite is running on {options.DataFolder} already, as process {earlier.Id}, and does not end. End it, or choose another folder.",
                exception);
        }
    }

    private static Process? FindEarlier(AzuriteOptions options)
    {
        var mark = options.DataFolder is { } folder ? Path.Combine(folder, MarkName) : null;
        if (!File.Exists(mark) || !int.TryParse(File.ReadAllText(mark), CultureInfo.InvariantCulture, out var id))
        {
            return null;
        }

        Process? process = null;
        try
        {
            process = Process.GetProcessById(id);
            // Another process may have the number by now; it started after the mark was made.
            if (!process.HasExited && process.StartTime.ToUniversalTime() <= File.GetLastWriteTimeUtc(mark) + ClockSlack)
            {
                return process;
            }
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or Win32Exception)
        {
            // It has ended.
        }

        process?.Dispose();
        return null;
    }

    /// <summary>Looks for Azurite in folders and all above them, as Node does; the program brings a package.json to install it with.</summary>
    private static string FindMainModule(string[] searchFolders)
    {
        foreach (var searchFolder in searchFolders)
        {
            for (var folder = new DirectoryInfo(searchFolder); folder is not null; folder = folder.Parent)
            {
                var path = Path.Combine(folder.FullName, MainModule);
                if (File.Exists(path))
                {
                    return path;
                }
            }
        }

        throw new LocalRuntimeException(
            $"Azurite, which keeps the blobs, is not installed: there is no {MainModule} in {string.Join(" or ", searchFolders.Distinct())}, or above. " +
            "Install Node.js 20 or later from https://nodejs.org; then build again, or, for a published program, run " +
            $"`npm ci --prefix {AppContext.BaseDirectory}`. " +
            "Without Node.js, set JobStorage and AzureWebJobsStorage to the connection string of a storage account.");
    }

    private static Process Launch(AzuriteOptions options, string mainModule)
    {
        var start = new ProcessStartInfo(options.NodePath)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            CreateNoWindow = true,
        };
        // Port 0: the system picks a free one, and Azurite tells which. Nothing to race for.
        string[] arguments =
        [
            "-e", Program, mainModule,
            "--blobHost", "127.0.0.1", "--blobPort", "0", "--silent", "--disableTelemetry", "--skipApiVersionCheck",
        ];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        if (options.DataFolder is { } dataFolder)
        {
            Directory.CreateDirectory(dataFolder);
            start.ArgumentList.Add("--location");
            start.ArgumentList.Add(dataFolder);
            start.Environment[MarkVariable] = Path.Combine(dataFolder, MarkName);
        }
        else
        {
            start.ArgumentList.Add("--inMemoryPersistence");
        }

        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception exception)
        {
            throw new LocalRuntimeException(
                $"Node.js, which runs the storage emulator Azurite, cannot be started as '{options.NodePath}'. " +
                "Install Node.js 20 or later from https://nodejs.org or set LocalRuntime:NodePath to it. " +
                "Without Node.js, set JobStorage and AzureWebJobsStorage to the connection string of a storage account.",
                exception);
        }
    }

    private void Watch()
    {
        _process.OutputDataReceived += (_, line) => Read(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Exited = WaitForExitAsync();
    }

    private void Read(string? line)
    {
        Keep(line);
        if (line?.IndexOf(Listening, StringComparison.Ordinal) is >= 0 and var at)
        {
            _endpoint.TrySetResult(new Uri(line[(at + Listening.Length)..].Trim()));
        }
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_errors)
        {
            if (_errors.Count == KeptErrorLines)
            {
                _errors.Dequeue();
            }

            _errors.Enqueue(line);
        }
    }

    private async Task WaitForExitAsync()
    {
        await _process.WaitForExitAsync();
        _endpoint.TrySetException(new LocalRuntimeException($"Azurite ended with code {_process.ExitCode}. Its output: {Errors}"));
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Reflection;

namespace ModelJobs.EndToEnd.Tests.External;

/// <summary>samples/workers/python/digits_worker.py as a process.</summary>
internal sealed class PythonWorker : IAsyncDisposable
{
    private const string Modules = "azure.servicebus, azure.storage.blob, onnx, torch";
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(60);

    // Debian's, since its packages are not another Python's.
    private static readonly string Python = Environment.GetEnvironmentVariable("MODELJOBS_PYTHON") ?? "/usr/bin/python3";

    private readonly Process _process;
    private readonly List<string> _log = [];

    private PythonWorker(Process process) => _process = process;

    public string Log
    {
        get
        {
            lock (_log)
            {
                return string.Join('\n', _log);
            }
        }
    }

    /// <summary>Why the worker cannot run on this machine; null if it can.</summary>
    public static string? Missing()
    {
        if (!File.Exists(Python))
        {
            return $"There is no {Python}; set MODELJOBS_PYTHON to a Python that has {Modules}.";
        }

        using var check = Process.Start(new ProcessStartInfo(Python, ["-c", "import " + Modules]) { RedirectStandardError = true })!;
        var error = check.StandardError.ReadToEnd();
        check.WaitForExit();
        return check.ExitCode == 0
            ? null
            : $"{Python} lacks what the worker imports ({error.Trim().Split('\n')[^1]}). On Debian: apt-get install python3-azure python3-torch python3-onnx.";
    }

    public static PythonWorker Start(string serviceBus, string certificate, string storage)
    {
        var program = typeof(PythonWorker).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "PythonWorker").Value!;
        var start = new ProcessStartInfo(Python, [program, "--ca-file", certificate]) { RedirectStandardError = true };
        start.Environment["MODELJOBS_SERVICE_BUS"] = serviceBus;
        start.Environment["MODELJOBS_STORAGE"] = storage;
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        var worker = new PythonWorker(Process.Start(start)!);
        worker._process.ErrorDataReceived += (_, line) => worker.Read(line.Data);
        worker._process.BeginErrorReadLine();
        return worker;
    }

    /// <summary>Ends the worker as a service manager does.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> TerminateAsync()
    {
        using var kill = Process.Start("/bin/sh", ["-c", string.Create(CultureInfo.InvariantCulture, $"kill -TERM {_process.Id}")]);
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(StopLimit, TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    private void Read(string? line)
    {
        if (line is not null)
        {
            lock (_log)
            {
                _log.Add(line);
            }
        }
    }
}

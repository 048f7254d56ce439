using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace ModelJobs.Bench.Comparison;

/// <summary>A peer's script: it prints "ready", then for each number of events that it reads the seconds that they took.</summary>
internal sealed class ScriptProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);

    private readonly Process _process;
    private readonly StringBuilder _errors = new();

    private ScriptProcess(Process process) => _process = process;

    /// <summary>Starts a script of the peers' folder and waits until it is ready.</summary>
    public static async Task<ScriptProcess> StartAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = BuiltPaths.Peers,
        };
        var script = new ScriptProcess(Process.Start(start)!);
        script._process.ErrorDataReceived += (_, line) => script.Keep(line.Data);
        script._process.BeginErrorReadLine();
        await script.ReadLineAsync(StartLimit);
        return script;
    }

    public async Task<double> AskAsync(int events, TimeSpan limit)
    {
        await _process.StandardInput.WriteLineAsync(events.ToString(CultureInfo.InvariantCulture));
        await _process.StandardInput.FlushAsync();
        return double.Parse(await ReadLineAsync(limit), CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        try
        {
            await _process.WaitForExitAsync().WaitAsync(StopLimit);
        }
        catch (TimeoutException)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private async Task<string> ReadLineAsync(TimeSpan limit)
    {
        try
        {
            return await _process.StandardOutput.ReadLineAsync().WaitAsync(limit) ?? throw new InvalidOperationException("it ended");
        }
        catch (Exception failure) when (failure is TimeoutException or InvalidOperationException)
        {
            lock (_errors)
            {
                throw new InvalidOperationException($"{_process.StartInfo.ArgumentList[0]} failed, {failure.Message}: {_errors}", failure);
            }
        }
    }

    private void Keep(string? line)
    {
        lock (_errors)
        {
            _errors.AppendLine(line);
        }
    }
}

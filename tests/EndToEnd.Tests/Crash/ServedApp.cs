using System.Diagnostics;
using System.Text.RegularExpressions;
using ModelJobs.EndToEnd.Tests.Support;

namespace ModelJobs.EndToEnd.Tests.Crash;

/// <summary>One life of <c>jobs serve</c>: a process on a data folder, until it is killed.</summary>
internal sealed partial class ServedApp : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly List<string> _log = [];
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _killed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isDisposed;
    private int _steps;
    private int _killAt = int.MaxValue;

    private ServedApp(Process process) => _process = process;

    /// <summary>What it logged, in order.</summary>
    public IReadOnlyList<string> Log
    {
        get
        {
            lock (_log)
            {
                return [.. _log];
            }
        }
    }

    public HttpClient Http { get; private set; } = null!;

    public JobsApi Jobs { get; private set; } = null!;

    /// <summary>Ends when the process is killed.</summary>
    public Task Killed => _killed.Task;

    /// <summary>Waits until the process has ended by itself.</summary>
    /// <returns>Whether it has.</returns>
    public async Task<bool> EndedAsync(TimeSpan limit)
    {
        try
        {
            await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(limit, TestContext.Current.CancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Starts the program and waits until it serves.</summary>
    /// <param name="dataFolder">Its data folder.</param>
    /// <param name="settings">More settings, as environment variables.</param>
    public static async Task<ServedApp> StartAsync(string dataFolder, params (string Name, string Value)[] settings)
    {
        var start = JobsProcess.StartInfo(dataFolder, "serve", "--port", "0", "--amqp-port", "0", "--data", dataFolder);
        start.Environment["AzureFunctionsJobHost__logging__logLevel__Function"] = "Information";
        start.Environment["Jobs__RetryDelay"] = "00:00:00.005";
        start.Environment["Jobs__LaneHold"] = "00:00:00.05";
        start.Environment["Jobs__PartInterval"] = "00:00:00.2";
        foreach (var (name, value) in settings)
        {
            start.Environment[name] = value;
        }

        var app = new ServedApp(Process.Start(start)!);
        app._process.ErrorDataReceived += (_, line) => app.Read(line.Data);
        app._process.BeginErrorReadLine();
        var address = await app._address.Task.WaitAsync(StartLimit, TestContext.Current.CancellationToken);
        app.Http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromMinutes(2) };
        app.Jobs = new JobsApi(app.Http);
        return app;
    }

    /// <summary>Kills the process, as <c>kill -9</c> does, at the moment in which it reports the given step from now on.</summary>
    /// <param name="steps">Begins and ends of functions, of any kind.</param>
    public void KillAfter(int steps)
    {
        lock (_log)
        {
            _killAt = _steps + steps;
        }
    }

    public void Kill()
    {
        // Told first: who sees its connection end must find out why.
        _killed.TrySetResult();
        _process.Kill();
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        Http?.Dispose();
        Kill();
        // Its log ends here too.
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    private void Read(string? line)
    {
        if (line is null)
        {
            _address.TrySetException(new InvalidOperationException($"jobs serve ended: {string.Join('\n', Log)}"));
            return;
        }

        bool isTime;
        lock (_log)
        {
            _log.Add(line);
            isTime = Step().IsMatch(line) && ++_steps >= _killAt;
        }

        if (isTime)
        {
            Kill();
        }
        else if (Address().Match(line) is { Success: true } match)
        {
            _address.TrySetResult(new Uri(match.Groups[1].Value));
        }
    }

    [GeneratedRegex("^Serving at (http://[^,]+),")]
    private static partial Regex Address();

    [GeneratedRegex("Execut(ing|ed) '")]
    private static partial Regex Step();
}

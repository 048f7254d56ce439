using System.Diagnostics;
using System.Text.Json;

namespace ModelJobs.Conformance.Tests;

/// <summary>
/// One run of a client's script against a server of its own, which all tests of that client share. The script reports its steps as lines of
/// JSON; when it asks for a restart, the server is killed and started again.
/// </summary>
public abstract class ClientRun : IAsyncLifetime
{
    private static readonly TimeSpan RunLimit = TimeSpan.FromMinutes(5);

    private readonly Dictionary<string, StepReport> _steps = [];
    private string? _missing;
    private string _errors = "";

    /// <summary>The names of the steps that the script took.</summary>
    public IReadOnlyCollection<string> Taken => _steps.Keys;

    public async ValueTask InitializeAsync()
    {
        _missing = await FindMissingAsync();
        if (_missing is null)
        {
            await using var server = new ServedQueues();
            await server.StartAsync();
            await RunAsync(server);
        }
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>Skips the test if the client is not installed; a client that cannot be tested has not passed.</summary>
    public void SkipUnlessInstalled()
    {
        if (_missing is not null)
        {
            Assert.Skip(_missing);
        }
    }

    /// <summary>Fails unless the script took the step and it succeeded.</summary>
    public void AssertPassed(string step)
    {
        SkipUnlessInstalled();
        Assert.True(_steps.TryGetValue(step, out var report), $"The script did not come to this step. It printed: {_errors}");
        Assert.True(report.Outcome == "passed", report.Detail);
    }

    /// <summary>What is not installed, and how to install it; null if the client can run.</summary>
    protected abstract Task<string?> FindMissingAsync();

    /// <summary>The command that runs the script.</summary>
    private protected abstract ProcessStartInfo Command(ServedQueues server);

    protected static string Script(string name) => Path.Combine(ServedQueues.Metadata("RepositoryRoot"), "tests", "Conformance.Tests", "scripts", name);

    /// <summary>Whether a command runs and succeeds.</summary>
    protected static async Task<bool> SucceedsAsync(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private async Task RunAsync(ServedQueues server)
    {
        var command = Command(server);
        command.RedirectStandardInput = command.RedirectStandardOutput = command.RedirectStandardError = true;
        using var process = Process.Start(command)!;
        using var limit = new CancellationTokenSource(RunLimit);
        var errors = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            while (await process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
            {
                var report = JsonSerializer.Deserialize<StepReport>(line, JsonSerializerOptions.Web)!;
                if (report.Step is { } step)
                {
                    _steps[step] = report;
                }
                else if (report.Ask == "restart")
                {
                    await server.KillAsync();
                    await server.StartAsync();
                    await process.StandardInput.WriteLineAsync("restarted");
                    await process.StandardInput.FlushAsync(limit.Token);
                }
            }
            _errors = await errors;
        }
        catch (OperationCanceledException)
        {
            // The steps that it did not come to fail.
            _errors = $"It did not end within {RunLimit}.";
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    private sealed record StepReport(string? Step, string? Outcome, string? Detail, string? Ask);
}

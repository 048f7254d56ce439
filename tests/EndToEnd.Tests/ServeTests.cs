using System.Diagnostics;
using System.Globalization;
using ModelJobs.EndToEnd.Tests.Support;

namespace ModelJobs.EndToEnd.Tests;

/// <summary><c>jobs serve</c> as a process: how it starts where it is not at home, and how it ends when it cannot go on.</summary>
public sealed class ServeTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("modeljobs-serve-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Serve_WithWrongSettings_NamesThemInOneLine()
    {
        var start = JobsProcess.StartInfo(_folder.FullName, "serve", "--port", "0", "--amqp-port", "off");
        start.Environment["Jobs__MaxAttempts"] = "abc";
        start.Environment["Jobs__MaxIdel"] = "1.00:00:00";
        using var process = Process.Start(start)!;

        var lines = await ErrorsAsync(process, _ => { });

        Assert.Equal(2, process.ExitCode);
        var error = Assert.Single(lines, line => !line.StartsWith("info:", StringComparison.Ordinal));
        Assert.StartsWith("error: The service could not start: ", error, StringComparison.Ordinal);
        Assert.Contains("Jobs:MaxAttempts is 'abc'; it must be a whole number", error, StringComparison.Ordinal);
        Assert.Contains("Jobs:MaxIdel is not a setting", error, StringComparison.Ordinal);
        Assert.Contains("local.settings.sample.json", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_WhenAzuriteIsKilled_StopsAndSaysSo()
    {
        var start = JobsProcess.StartInfo(_folder.FullName, "serve");
        start.Environment["LocalRuntime__HttpPort"] = "0";
        start.Environment["LocalRuntime__AmqpPort"] = "0";
        using var process = Process.Start(start)!;

        var lines = await ErrorsAsync(process, line =>
        {
            if (line.StartsWith("Serving at", StringComparison.Ordinal))
            {
                // Without --data its state is in the current folder.
                var mark = File.ReadAllText(Path.Combine(_folder.FullName, ".local", "azurite", "azurite.pid"));
                using var azurite = Process.GetProcessById(int.Parse(mark, CultureInfo.InvariantCulture));
                azurite.Kill();
            }
        });

        Assert.Equal(2, process.ExitCode);
        Assert.Contains(lines, line => line.Contains("ended by itself, so the app stops", StringComparison.Ordinal));
        Assert.Equal("error: The service stopped by itself; its last message says why.", lines[^1]);
        // Settings count where no option was given.
        Assert.DoesNotContain(lines, line => line.Contains(":7071", StringComparison.Ordinal) || line.Contains(":5672", StringComparison.Ordinal));
    }

    private static async Task<List<string>> ErrorsAsync(Process process, Action<string> watch)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(Limit);
        try
        {
            var lines = new List<string>();
            while (await process.StandardError.ReadLineAsync(limit.Token) is { } line)
            {
                lines.Add(line);
                watch(line);
            }

            await process.WaitForExitAsync(limit.Token);
            return lines;
        }
        catch (Exception)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}

using System.CommandLine;
using ModelJobs.Cli.Client;
using ModelJobs.Cli.Output;
using ModelJobs.Cli.Progress;
using ModelJobs.Contracts;

namespace ModelJobs.Cli.Commands;

/// <summary><c>jobs watch JOB</c>: shows progress until the job has ended; the exit code says how.</summary>
internal sealed class WatchCommand : Command
{
    private readonly CommandEnvironment _environment;
    private readonly ConnectionOptions _connection;
    private readonly Argument<string> _job = StandardOptions.JobId();
    private readonly Option<bool> _json = StandardOptions.Json();

    public WatchCommand(CommandEnvironment environment, ConnectionOptions connection)
        : base("watch", "Show a job's progress until it has ended")
    {
        _environment = environment;
        _connection = connection;
        Arguments.Add(_job);
        Options.Add(_json);
        connection.AddTo(this);
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = _connection.OpenClient(arguments);
        return await WatchAsync(_environment, client, arguments.GetRequiredValue(_job), arguments.GetValue(_json), cancellationToken);
    }

    /// <summary>Watches a job and reports how it ended.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> WatchAsync(
        CommandEnvironment environment, JobsClient client, string id, bool json, CancellationToken cancellationToken)
    {
        var console = environment.Console;
        Job job;
        try
        {
            job = await environment.WatchAsync(client, id, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            console.Error.WriteLine($"Stopped watching. The job goes on; `jobs watch {id}` follows it again.");
            throw;
        }

        if (json)
        {
            JobReport.WriteJson(console.Output, job);
        }
        else
        {
            JobReport.WriteSummary(console.Output, job, $"jobs results {job.Id}", $"jobs errors {job.Id}");
        }

        return ExitCode.Of(job);
    }
}

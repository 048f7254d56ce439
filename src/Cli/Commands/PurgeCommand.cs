using System.CommandLine;

namespace ModelJobs.Cli.Commands;

/// <summary><c>jobs purge JOB --yes</c>: deletes a job that has ended.</summary>
internal sealed class PurgeCommand : Command
{
    private readonly CommandEnvironment _environment;
    private readonly ConnectionOptions _connection;
    private readonly Argument<string> _job = StandardOptions.JobId();

    private readonly Option<bool> _yes = new("--yes", "-y")
    {
        Description = "Really delete it; required, since nothing brings it back",
    };

    public PurgeCommand(CommandEnvironment environment, ConnectionOptions connection)
        : base("purge", "Delete a job that has ended: its input, results, parked items and history")
    {
        _environment = environment;
        _connection = connection;
        Arguments.Add(_job);
        Options.Add(_yes);
        connection.AddTo(this);
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var id = arguments.GetRequiredValue(_job);
        if (!arguments.GetValue(_yes))
        {
            throw new CommandException($"This deletes job {id} with its input and results, and nothing brings them back. If that is meant: `jobs purge {id} --yes`.");
        }

        using var client = _connection.OpenClient(arguments);
        var isGone = await client.PurgeAsync(id, cancellationToken);
        _environment.Console.Output.WriteLine(
            isGone ? $"Job {id} is deleted." : $"Job {id} is being deleted; the service goes on with it by itself.");
        return ExitCode.Success;
    }
}

using System.CommandLine;
using ModelJobs.Cli.Output;

namespace ModelJobs.Cli.Commands;

/// <summary><c>jobs show JOB</c>: everything that the service says of a job.</summary>
internal sealed class ShowCommand : Command
{
    private readonly CommandEnvironment _environment;
    private readonly ConnectionOptions _connection;
    private readonly Argument<string> _job = StandardOptions.JobId();
    private readonly Option<bool> _json = StandardOptions.Json();

    public ShowCommand(CommandEnvironment environment, ConnectionOptions connection)
        : base("show", "Show a job's status, counts, rates and timings")
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
        var job = await client.GetAsync(arguments.GetRequiredValue(_job), wait: TimeSpan.Zero, cancellationToken);
        if (arguments.GetValue(_json))
        {
            JobReport.WriteJson(_environment.Console.Output, job);
        }
        else
        {
            JobReport.WritePanel(_environment.Console.OutputRich, job);
        }

        return ExitCode.Success;
    }
}

using System.CommandLine;
using ModelJobs.Cli.Client;
using ModelJobs.Cli.Output;
using ModelJobs.Contracts;

namespace ModelJobs.Cli.Commands;

/// <summary><c>jobs cancel JOB</c>, <c>jobs pause JOB</c> and <c>jobs resume JOB</c>. Each can be repeated.</summary>
internal sealed class ControlCommand : Command
{
    private readonly CommandEnvironment _environment;
    private readonly ConnectionOptions _connection;
    private readonly JobControlVerb _verb;
    private readonly Argument<string> _job = StandardOptions.JobId();
    private readonly Option<bool> _json = StandardOptions.Json();

    private ControlCommand(JobControlVerb verb, string description, CommandEnvironment environment, ConnectionOptions connection)
        : base(verb.ToPath(), description)
    {
        _environment = environment;
        _connection = connection;
        _verb = verb;
        Arguments.Add(_job);
        Options.Add(_json);
        connection.AddTo(this);
        SetAction(RunAsync);
    }

    /// <summary>Ends a job.</summary>
    public static ControlCommand Cancel(CommandEnvironment environment, ConnectionOptions connection) =>
        new(JobControlVerb.Cancel, "End a job; what has not run is reported as canceled, and results are kept", environment, connection);

    /// <summary>Holds a job.</summary>
    public static ControlCommand Pause(CommandEnvironment environment, ConnectionOptions connection) =>
        new(JobControlVerb.Pause, "Hold a job: nothing new is run until it is resumed", environment, connection);

    /// <summary>Lets a job go on.</summary>
    public static ControlCommand Resume(CommandEnvironment environment, ConnectionOptions connection) =>
        new(JobControlVerb.Resume, "Let a paused job go on", environment, connection);

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var console = _environment.Console;
        using var client = _connection.OpenClient(arguments);
        var job = await client.ControlAsync(arguments.GetRequiredValue(_job), _verb, cancellationToken);
        if (arguments.GetValue(_json))
        {
            JobReport.WriteJson(console.Output, job);
        }
        else
        {
            console.Output.WriteLine(Answer(job));
        }

        return ExitCode.Success;
    }

    private string Answer(Job job) => _verb switch
    {
        JobControlVerb.Cancel when job.HasEnded() => $"Job {job.Id} has ended: {job.Status}.",
        JobControlVerb.Cancel => $"Job {job.Id} is being canceled; `jobs watch {job.Id}` shows its end.",
        JobControlVerb.Pause => $"Job {job.Id} is paused: what runs comes to its end and nothing new begins; `jobs resume {job.Id}` lets it go on.",
        _ => $"Job {job.Id} goes on; `jobs watch {job.Id}` follows it.",
    };
}

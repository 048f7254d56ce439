using System.CommandLine;
using ModelJobs.Cli.Input;
using ModelJobs.Cli.Output;

namespace ModelJobs.Cli.Commands;

/// <summary><c>jobs submit FILE --model NAME</c>: hands the file to a service and returns as soon as the job is accepted.</summary>
internal sealed class SubmitCommand : Command
{
    private readonly CommandEnvironment _environment;
    private readonly ConnectionOptions _connection;
    private readonly SubmissionOptions _submission = new();
    private readonly Option<bool> _json = StandardOptions.Json();

    // Not of `run`, which ends with its job: whoever waits for it needs no telling.
    private readonly Option<string> _webhook = new("--webhook")
    {
        Description = "Address that the service tells when the job has ended",
        HelpName = "URL",
    };

    public SubmitCommand(CommandEnvironment environment, ConnectionOptions connection)
        : base("submit", "Submit a file of items to a service")
    {
        _environment = environment;
        _connection = connection;
        _submission.AddTo(this);
        Options.Add(_webhook);
        Options.Add(_json);
        connection.AddTo(this);
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var console = _environment.Console;
        using var input = JobInput.Open(_submission.File(arguments), console.Input);
        using var client = _connection.OpenClient(arguments);
        var submission = _submission.Submission(arguments);
        submission = submission with { Options = submission.Options with { Webhook = arguments.GetValue(_webhook) } };
        if (_submission.IsDryRun(arguments))
        {
            EstimateReport.Write(console, await client.EstimateAsync(submission, input.Stream, cancellationToken), arguments.GetValue(_json));
            return ExitCode.Success;
        }

        var job = await client.SubmitAsync(submission, input.Stream, cancellationToken);
        if (arguments.GetValue(_json))
        {
            JobReport.WriteJson(console.Output, job);
            return ExitCode.Success;
        }
        // The id alone, so that `jobs watch $(jobs submit ...)` works.
        console.Output.WriteLine(job.Id);
        console.Error.WriteLine($"Accepted. Follow it with `jobs watch {job.Id}`, read it with `jobs results {job.Id}`.");
        return ExitCode.Success;
    }
}

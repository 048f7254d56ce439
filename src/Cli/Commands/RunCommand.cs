using System.CommandLine;
using ModelJobs.Cli.Client;
using ModelJobs.Cli.Input;
using ModelJobs.Cli.Output;
using ModelJobs.Cli.Progress;
using ModelJobs.Cli.Serve;
using ModelJobs.Contracts;

namespace ModelJobs.Cli.Commands;

/// <summary><c>jobs run FILE --model NAME</c>: serves in process, submits the file, watches the job, writes its results, stops.</summary>
internal sealed class RunCommand : Command
{
    private readonly CommandEnvironment _environment;
    private readonly SubmissionOptions _submission = new();
    private readonly Option<bool> _json = StandardOptions.Json();
    private readonly Option<string> _data = StandardOptions.Data();

    private readonly Option<string> _out = new("--out", "-o")
    {
        Description = "Folder that receives output.jsonl and errors.jsonl, in place of those of an earlier run",
        HelpName = "DIR",
        DefaultValueFactory = _ => "out",
    };

    public RunCommand(CommandEnvironment environment, ConnectionOptions connection)
        : base("run", "Run a file of items on this machine and write the results")
    {
        _environment = environment;
        _submission.AddTo(this);
        foreach (Option option in (Option[])[_out, _data, _json])
            Options.Add(option);
        connection.RefuseOn(this);
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        CommandConsole console = _environment.Console;
        // What can be wrong without a service is found before one is started.
        using JobInput input = JobInput.Open(_submission.File(arguments), console.Input);
        ResultFiles files = ResultFiles.In(arguments.GetRequiredValue(_out));

        var options = new ServiceOptions(Port: 0, AmqpPort: null, arguments.GetRequiredValue(_data), Quiet: true);
        await using IRunningService service = await _environment.Starter.StartAsync(options, cancellationToken);
        using var client = new JobsClient(service.BaseUri, key: null, _environment.Time);

        Job job = await RunJobAsync(client, _submission.Submission(arguments), input, cancellationToken);
        bool hasLines = job.Status == JobStatus.Succeeded;
        if (hasLines)
            await files.WriteAsync(client, job.Id, cancellationToken);

        if (arguments.GetValue(_json))
        {
            JobReport.WriteJson(console.Output, job);
            return ExitCode.Of(job);
        }
        if (hasLines && job.Items.Total <= ItemPreview.MaxItems)
            foreach (string line in await ItemPreview.ReadAsync(files, cancellationToken))
                console.Output.WriteLine(line);
        JobReport.WriteSummary(console.Output, job, hasLines ? files.Output : "none", hasLines ? files.Errors : "none");
        return ExitCode.Of(job);
    }

    private async Task<Job> RunJobAsync(JobsClient client, JobSubmission submission, JobInput input, CancellationToken cancellationToken)
    {
        TextWriter messages = _environment.Console.Error;
        Job? last = null;
        try
        {
            messages.WriteLine($"Submitting {input.Name} to model {submission.Model}");
            last = await client.SubmitAsync(submission, input.Stream, cancellationToken);
            messages.WriteLine($"Job {last.Id} accepted");
            return await _environment.WatchAsync(client, last.Id, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            messages.WriteLine(
                (last is null ? "Stopped before the job was accepted." : $"Stopped before job {last.Id} had ended; no results were written.") +
                " The same command starts it again.");
            throw;
        }
    }
}

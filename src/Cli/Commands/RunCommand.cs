using System.CommandLine;
using ModelJobs.Cli.Client;
using ModelJobs.Cli.Input;
using ModelJobs.Cli.Output;
using ModelJobs.Cli.Serve;

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
        Description = "Folder that receives output.jsonl and errors.jsonl, in place of those of an earlier job",
        HelpName = "DIR",
        DefaultValueFactory = _ => "out",
    };

    public RunCommand(CommandEnvironment environment)
        : base("run", "Run a file of items on this machine and write the results")
    {
        _environment = environment;
        _submission.AddTo(this);
        foreach (var option in (Option[])[_out, _data, _json])
        {
            Options.Add(option);
        }

        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var console = _environment.Console;
        // What can be wrong without a service is found before one is started.
        using var input = JobInput.Open(_submission.File(arguments), console.Input);
        if (_submission.IsDryRun(arguments))
        {
            return await EstimateAsync(arguments, input, cancellationToken);
        }

        using var files = ResultFiles.In(arguments.GetRequiredValue(_out));

        await using var service = await StartServiceAsync(arguments, cancellationToken);
        using var client = new JobsClient(service.BaseUri, key: null, _environment.Time);

        var run = new JobRun(_environment, service, client, files);
        var job = await service.WhileServingAsync(
            token => run.ToItsEndAsync(_submission.Submission(arguments), input, token), cancellationToken);
        await files.WriteAsync(client, job.Id, cancellationToken);

        if (arguments.GetValue(_json))
        {
            JobReport.WriteJson(console.Output, job);
            return ExitCode.Of(job);
        }
        if (job.Items.Total <= ItemPreview.MaxItems)
        {
            foreach (var line in await ItemPreview.ReadAsync(files, cancellationToken))
            {
                console.Output.WriteLine(line);
            }
        }

        JobReport.WriteSummary(console.Output, job, files.Output, files.Errors);
        return ExitCode.Of(job);
    }

    private async Task<int> EstimateAsync(ParseResult arguments, JobInput input, CancellationToken cancellationToken)
    {
        await using var service = await StartServiceAsync(arguments, cancellationToken);
        using var client = new JobsClient(service.BaseUri, key: null, _environment.Time);
        var estimate = await service.WhileServingAsync(
            token => client.EstimateAsync(_submission.Submission(arguments), input.Stream, token), cancellationToken);
        EstimateReport.Write(_environment.Console, estimate, arguments.GetValue(_json));
        return ExitCode.Success;
    }

    // On a free port and without AMQP: a `jobs serve` may have the usual ones.
    private Task<IRunningService> StartServiceAsync(ParseResult arguments, CancellationToken cancellationToken) =>
        _environment.StartServiceAsync(new ServiceOptions(Port: 0, ServiceOptions.NoAmqp, arguments.GetValue(_data), Quiet: true), cancellationToken);
}

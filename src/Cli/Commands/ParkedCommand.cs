using System.CommandLine;
using ModelJobs.Cli.Client;
using ModelJobs.Cli.Output;
using ModelJobs.Contracts;

namespace ModelJobs.Cli.Commands;

/// <summary><c>jobs redrive JOB</c> and <c>jobs discard JOB</c>: runs parked items of a job again, or gives them up for good.</summary>
internal sealed class ParkedCommand : Command
{
    private readonly CommandEnvironment _environment;
    private readonly ConnectionOptions _connection;
    private readonly bool _discard;
    private readonly Argument<string> _job = StandardOptions.JobId();
    private readonly Option<bool> _json = StandardOptions.Json();
    private readonly Option<string[]> _codes = new("--code") { Description = "Only items that failed with this error code; can be repeated", HelpName = "CODE" };
    private readonly Option<string[]> _ids = new("--id") { Description = "Only the item with this id; can be repeated", HelpName = "ID" };

    private readonly Option<string> _model = new("--model", "-m")
    {
        Description = "Run them on this model instead of the job's",
        HelpName = "NAME",
    };

    private readonly Option<bool> _watch = new("--watch", "-w")
    {
        Description = "Show progress until the job has ended, and exit as `jobs watch` does",
    };

    private ParkedCommand(string name, string description, bool discard, CommandEnvironment environment, ConnectionOptions connection)
        : base(name, description)
    {
        _environment = environment;
        _connection = connection;
        _discard = discard;
        Arguments.Add(_job);
        foreach (var option in discard ? (Option[])[_codes, _ids, _watch, _json] : [_codes, _ids, _model, _watch, _json])
        {
            Options.Add(option);
        }

        connection.AddTo(this);
        SetAction(RunAsync);
    }

    /// <summary>Runs parked items again.</summary>
    public static ParkedCommand Redrive(CommandEnvironment environment, ConnectionOptions connection) =>
        new("redrive", "Run the failed and canceled items of a job again, under the same id", discard: false, environment, connection);

    /// <summary>Gives parked items up.</summary>
    public static ParkedCommand Discard(CommandEnvironment environment, ConnectionOptions connection) =>
        new("discard", "Give the failed and canceled items of a job up for good", discard: true, environment, connection);

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var console = _environment.Console;
        using var client = _connection.OpenClient(arguments);
        var job = await SendAsync(client, arguments, cancellationToken);
        if (arguments.GetValue(_watch))
        {
            return await WatchCommand.WatchAsync(_environment, client, job.Id, arguments.GetValue(_json), cancellationToken);
        }

        if (arguments.GetValue(_json))
        {
            JobReport.WriteJson(console.Output, job);
        }
        else if (job.HasEnded())
        {
            console.Output.WriteLine($"Job {job.Id} has no such items: {JobText.Items(job.Items.Total)}{JobText.NotSucceeded(job.Items)}.");
        }
        else
        {
            console.Output.WriteLine($"Accepted. Follow it with `jobs watch {job.Id}`.");
        }

        return ExitCode.Success;
    }

    private Task<Job> SendAsync(JobsClient client, ParseResult arguments, CancellationToken cancellationToken)
    {
        var id = arguments.GetRequiredValue(_job);
        var codes = Chosen(arguments, _codes);
        var ids = Chosen(arguments, _ids);
        return _discard
            ? client.DiscardAsync(id, new ParkedSelection { Codes = codes, Ids = ids }, cancellationToken)
            : client.RedriveAsync(
                id, new RedriveRequest { Codes = codes, Ids = ids, Model = arguments.GetValue(_model) }, cancellationToken);
    }

    private static string[]? Chosen(ParseResult arguments, Option<string[]> option) => arguments.GetValue(option) is { Length: > 0 } values ? values : null;
}

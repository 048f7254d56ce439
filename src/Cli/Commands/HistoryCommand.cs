using System.CommandLine;
using ModelJobs.Cli.Client;
using ModelJobs.Cli.History;
using ModelJobs.Functions.Orchestrate;

namespace ModelJobs.Cli.Commands;

/// <summary><c>jobs history JOB</c>: what a job's orchestration did and when, from the HTTP API of Durable Functions.</summary>
internal sealed class HistoryCommand : Command
{
    /// <summary>Most pages whose own history is shown below them.</summary>
    private const int MaxNested = 3;

    /// <summary>Far more pages than a job has; their ids have six digits.</summary>
    private const int MaxPage = 999_999;

    private readonly CommandEnvironment _environment;
    private readonly ConnectionOptions _connection;
    private readonly Argument<string> _job = StandardOptions.JobId();
    private readonly Option<bool> _json = StandardOptions.Json();
    private readonly Option<int?> _page = StandardOptions.Number("--page", 0, MaxPage, "Show the history of this page instead of the job's");

    private readonly Option<bool> _all = new("--all", "-a")
    {
        Description = "Show every step, however many there are",
    };

    public HistoryCommand(CommandEnvironment environment, ConnectionOptions connection)
        : base("history", "Show what a job's orchestration did and when; on Azure with the system key durabletask_extension")
    {
        _environment = environment;
        _connection = connection;
        Arguments.Add(_job);
        foreach (var option in (Option[])[_page, _all, _json])
        {
            Options.Add(option);
        }

        connection.AddTo(this);
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = _connection.OpenManagementClient(arguments);
        var id = arguments.GetRequiredValue(_job);
        if (arguments.GetValue(_page) is { } page)
        {
            id = await FindPageAsync(client, id, page, cancellationToken);
        }

        var body = await client.GetHistoryAsync(id, cancellationToken);
        if (arguments.GetValue(_json))
        {
            _environment.Console.Output.WriteLine(body.GetRawText());
            return ExitCode.Success;
        }

        var now = _environment.Time.GetUtcNow();
        var timeline = new Timeline(client.ReadHistory(body), now);
        var nested = await ReadNestedAsync(client, timeline, now, cancellationToken);
        HistoryReport.Write(_environment.Console.OutputRich, timeline, nested, arguments.GetValue(_all));
        return ExitCode.Success;
    }

    /// <summary>The orchestration of a page: a page that was begun again has several, of which the last is looked at.</summary>
    private async Task<string> FindPageAsync(JobsClient client, string job, int page, CancellationToken cancellationToken)
    {
        var timeline = new Timeline(client.ReadHistory(await client.GetHistoryAsync(job, cancellationToken)), _environment.Time.GetUtcNow());
        var prefix = PageOrchestrator.InstanceIds(job, page);
        // A long job forgets its first pages; most pages are begun only once, under the first control.
        return timeline.Steps.LastOrDefault(step => step.InstanceId?.StartsWith(prefix, StringComparison.Ordinal) == true)?.InstanceId
            ?? PageOrchestrator.InstanceId(job, page, version: 0);
    }

    /// <summary>The histories of what failed or is open, which is where one looks next.</summary>
    private static async Task<IReadOnlyDictionary<string, Timeline>> ReadNestedAsync(
        JobsClient client, Timeline timeline, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var nested = new Dictionary<string, Timeline>();
        foreach (var step in timeline.Steps.Where(step => step.HasFailed || step.End is null).OrderByDescending(step => step.HasFailed))
        {
            if (step.InstanceId is not { } id || nested.Count == MaxNested)
            {
                continue;
            }

            try
            {
                nested[id] = new Timeline(client.ReadHistory(await client.GetHistoryAsync(id, cancellationToken)), now);
            }
            catch (ServiceException)
            {
                // Purged, or not begun: the job's own history is what was asked for.
            }
        }
        return nested;
    }
}

using System.CommandLine;
using ModelJobs.Cli.Client;

namespace ModelJobs.Cli.Commands;

/// <summary><c>jobs results JOB</c> and <c>jobs errors JOB</c>: NDJSON lines of items, in input order, on standard output.</summary>
internal sealed class ItemLinesCommand : Command
{
    private readonly CommandEnvironment _environment;
    private readonly ConnectionOptions _connection;
    private readonly ItemLines _lines;
    private readonly Argument<string> _job = StandardOptions.JobId();

    private readonly Option<bool> _follow = new("--follow", "-f")
    {
        Description = "Print lines as they come, until the job has ended",
    };

    private ItemLinesCommand(
        string name, string description, ItemLines lines, CommandEnvironment environment, ConnectionOptions connection)
        : base(name, description)
    {
        _environment = environment;
        _connection = connection;
        _lines = lines;
        Arguments.Add(_job);
        Options.Add(_follow);
        connection.AddTo(this);
        SetAction(RunAsync);
    }

    /// <summary>The items that succeeded.</summary>
    public static ItemLinesCommand Results(CommandEnvironment environment, ConnectionOptions connection) =>
        new("results", "Print the lines of the items that succeeded", ItemLines.Results, environment, connection);

    /// <summary>The items that failed.</summary>
    public static ItemLinesCommand Errors(CommandEnvironment environment, ConnectionOptions connection) =>
        new("errors", "Print the lines of the items that failed", ItemLines.Errors, environment, connection);

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = _connection.OpenClient(arguments);
        var id = arguments.GetRequiredValue(_job);
        using var lines = await client.OpenLinesAsync(id, _lines, arguments.GetValue(_follow), cancellationToken);
        await lines.CopyToAsync(_environment.Console.OutputBytes, cancellationToken);
        return ExitCode.Success;
    }
}

using System.CommandLine;
using ModelJobs.Cli.Client;

namespace ModelJobs.Cli.Commands;

/// <summary><c>jobs results JOB</c>, <c>jobs errors JOB</c> and <c>jobs parked JOB</c>: NDJSON lines of items, in input order, on standard output.</summary>
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

    private readonly Option<string> _code = new("--code")
    {
        Description = "Only the items that failed with this error code",
        HelpName = "CODE",
    };

    private ItemLinesCommand(
        string name, string description, ItemLines lines, CommandEnvironment environment, ConnectionOptions connection)
        : base(name, description)
    {
        _environment = environment;
        _connection = connection;
        _lines = lines;
        Arguments.Add(_job);
        Options.Add(lines == ItemLines.Parked ? _code : _follow);
        connection.AddTo(this);
        SetAction(RunAsync);
    }

    /// <summary>The items that succeeded.</summary>
    public static ItemLinesCommand Results(CommandEnvironment environment, ConnectionOptions connection) =>
        new("results", "Print the lines of the items that succeeded", ItemLines.Results, environment, connection);

    /// <summary>The items that did not succeed.</summary>
    public static ItemLinesCommand Errors(CommandEnvironment environment, ConnectionOptions connection) =>
        new("errors", "Print the lines of the items that did not succeed", ItemLines.Errors, environment, connection);

    /// <summary>The items that can be redriven or discarded.</summary>
    public static ItemLinesCommand Parked(CommandEnvironment environment, ConnectionOptions connection) =>
        new("parked", "Print the lines of the failed and canceled items that wait to be redriven or discarded", ItemLines.Parked, environment, connection);

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = _connection.OpenClient(arguments);
        var id = arguments.GetRequiredValue(_job);
        using var lines = await client.OpenLinesAsync(
            id, _lines, follow: arguments.GetValue(_follow), cancellationToken, arguments.GetValue(_code));
        await lines.CopyToAsync(_environment.Console.OutputBytes, cancellationToken);
        return ExitCode.Success;
    }
}

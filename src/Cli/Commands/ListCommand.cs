using System.CommandLine;
using System.Text.Json;
using ModelJobs.Cli.Output;
using ModelJobs.Contracts;

namespace ModelJobs.Cli.Commands;

/// <summary><c>jobs list</c>: the jobs of a service.</summary>
internal sealed class ListCommand : Command
{
    private const int DefaultTop = 20;
    private const int MaxTop = 10_000;

    private readonly CommandEnvironment _environment;
    private readonly ConnectionOptions _connection;
    private readonly Option<bool> _json = StandardOptions.Json();

    private readonly Option<int?> _top = StandardOptions.Number("--top", 1, MaxTop, "Most jobs to list", DefaultTop, "-n");

    public ListCommand(CommandEnvironment environment, ConnectionOptions connection)
        : base("list", "List the jobs of a service")
    {
        _environment = environment;
        _connection = connection;
        Options.Add(_top);
        Options.Add(_json);
        connection.AddTo(this);
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var console = _environment.Console;
        using var client = _connection.OpenClient(arguments);
        var jobs = new List<Job>();
        await foreach (var job in client.ListAsync(arguments.GetValue(_top) ?? DefaultTop, cancellationToken))
        {
            jobs.Add(job);
        }

        if (arguments.GetValue(_json))
        {
            console.Output.WriteLine(JsonSerializer.Serialize(new JobList(jobs, NextLink: null), ContractsJson.Wire.JobList));
        }
        else if (jobs.Count == 0)
        {
            console.Error.WriteLine("No jobs. Submit one with `jobs submit FILE --model NAME`.");
        }
        else
        {
            JobReport.WriteTable(console.OutputRich, jobs);
        }

        return ExitCode.Success;
    }
}

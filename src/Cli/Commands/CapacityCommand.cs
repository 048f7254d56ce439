using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using ModelJobs.Cli.Output;
using ModelJobs.Contracts;

namespace ModelJobs.Cli.Commands;

/// <summary><c>jobs capacity</c>: how much nodes do at once that wait between events, by given times or as a job measures them.</summary>
internal sealed class CapacityCommand : Command
{
    private const int MaxNodes = 1_000_000;
    private const double MaxSeconds = 1_000_000;

    private readonly CommandEnvironment _environment;
    private readonly ConnectionOptions _connection;
    private readonly Option<string> _job = new("--job")
    {
        Description = "Compare what this job's own times predict with what is observed of it, instead of the four numbers",
        HelpName = "JOB",
    };

    private readonly Option<int?> _nodes = StandardOptions.Number("--nodes", 1, MaxNodes, "Nodes that take events, one at a time (N)");
    private readonly Option<double> _task = Seconds("--task-seconds", "How long a node computes on an event (Tc)", isAboveZero: true);
    private readonly Option<double> _queue = Seconds("--queue-seconds", "How long a node waits for an event from the queue (Tp)", isAboveZero: false);
    private readonly Option<double> _balance = Seconds("--balance-seconds", "How long it takes to give an event to a node (Tq)", isAboveZero: false);

    private readonly Option<bool> _json = new("--json")
    {
        Description = "Print one JSON object instead of text",
    };

    public CapacityCommand(CommandEnvironment environment, ConnectionOptions connection)
        : base("capacity", "Calculate how many nodes compute at once, and how many events a second that makes")
    {
        _environment = environment;
        _connection = connection;
        Option[] numbers = [_nodes, _task, _queue, _balance];
        foreach (var option in (Option[])[.. numbers, _job, _json])
        {
            Options.Add(option);
        }

        connection.AddTo(this);
        Validators.Add(result =>
        {
            var isGiven = result.GetResult(_job) is not null;
            if (isGiven && string.IsNullOrWhiteSpace(result.GetValue(_job)))
            {
                result.AddError("--job must not be empty. `jobs list` shows the ids.");
            }

            foreach (var number in numbers.Where(number => result.GetResult(number) is not null == isGiven))
            {
                result.AddError(isGiven
                    ? $"{number.Name} cannot be given with --job, which measures it."
                    : $"{number.Name} is missing. Give all four numbers, or --job JOB.");
            }
        });
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken) =>
        arguments.GetValue(_job) is { } job ? await CompareAsync(arguments, job, cancellationToken) : Calculate(arguments);

    private async Task<int> CompareAsync(ParseResult arguments, string id, CancellationToken cancellationToken)
    {
        using var client = _connection.OpenClient(arguments);
        var job = await client.GetAsync(id, wait: TimeSpan.Zero, cancellationToken);
        if (job.Capacity is not { } measured)
        {
            throw new CommandException(
                $"Nothing is measured of job {id} yet: it has no result that the app's own runners gave. Ask again later; of external workers nothing is known.");
        }

        if (arguments.GetValue(_json))
        {
            _environment.Console.Output.WriteLine(CapacityReport.ToJson(job, measured).ToJsonString());
        }
        else
        {
            CapacityReport.Write(_environment.Console.Output, job, measured);
        }

        return ExitCode.Success;
    }

    private int Calculate(ParseResult arguments)
    {
        var model = new CapacityModel(
            arguments.GetRequiredValue(_nodes)!.Value,
            arguments.GetRequiredValue(_task),
            arguments.GetRequiredValue(_queue),
            arguments.GetRequiredValue(_balance));
        if (arguments.GetValue(_json))
        {
            _environment.Console.Output.WriteLine(ToJson(model).ToJsonString());
        }
        else
        {
            Write(_environment.Console.Output, model);
        }

        return ExitCode.Success;
    }

    private static void Write(TextWriter output, CapacityModel model)
    {
        var (n, tc, tp, tq) = (Text(model.Nodes), Text(model.TaskSeconds), Text(model.QueueSeconds), Text(model.BalanceSeconds));
        var asPrinted = double.IsFinite(model.ParallelismAsPrinted) ? Rounded(model.ParallelismAsPrinted) : "no number";
        output.WriteLine($"N Tc / (Tp + Tq)         {n} x {tc} / ({tp} + {tq}) = {asPrinted}");
        output.WriteLine($"N Tc / (Tc + Tp + Tq)    {n} x {tc} / ({tc} + {tp} + {tq}) = {Rounded(model.Parallelism)}");
        output.WriteLine();
        output.WriteLine("The formula is printed in the first form and calculated in the second. The second is used here: it is the nodes times");
        output.WriteLine("the part of their time that they compute, and never more than there are. docs/capacity.md derives it.");
        output.WriteLine();
        output.WriteLine($"parallelism    {Rounded(model.Parallelism)} of {n} nodes compute at once, {(model.Utilization * 100).ToString("0.0", CultureInfo.InvariantCulture)} % of their time");
        output.WriteLine($"throughput     {Rounded(model.EventsPerSecond)} events a second");
    }

    private static JsonObject ToJson(CapacityModel model) => new()
    {
        ["nodes"] = model.Nodes,
        ["taskSeconds"] = model.TaskSeconds,
        ["queueSeconds"] = model.QueueSeconds,
        ["balanceSeconds"] = model.BalanceSeconds,
        ["parallelism"] = model.Parallelism,
        ["parallelismAsPrinted"] = double.IsFinite(model.ParallelismAsPrinted) ? model.ParallelismAsPrinted : null,
        ["utilization"] = model.Utilization,
        ["eventsPerSecond"] = model.EventsPerSecond,
    };

    private static Option<double> Seconds(string name, string description, bool isAboveZero) => new(name)
    {
        Description = description,
        HelpName = "SECONDS",
        CustomParser = result =>
        {
            var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
            if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
                && value <= MaxSeconds
                && (value > 0 || !isAboveZero))
            {
                return value;
            }

            result.AddError($"{name} must be a number of seconds {(isAboveZero ? "above" : "from")} 0, at most {MaxSeconds:0}, as 0.25.");
            return 0;
        },
    };

    private static string Text(double value) => value.ToString("0.######", CultureInfo.InvariantCulture);

    // Two places where there are wholes, three digits where there are not.
    private static string Rounded(double value) => value.ToString(value >= 1 ? "0.00" : "G3", CultureInfo.InvariantCulture);
}

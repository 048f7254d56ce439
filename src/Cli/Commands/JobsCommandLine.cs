using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace ModelJobs.Cli.Commands;

/// <summary>The command line as a whole: finds the command, runs it, and turns how it ended into an exit code.</summary>
internal sealed class JobsCommandLine
{
    private readonly CommandEnvironment _environment;
    private readonly RootCommand _root;

    public JobsCommandLine(CommandEnvironment environment)
    {
        _environment = environment;
        var connection = new ConnectionOptions(environment);
        _root = new RootCommand("Runs model jobs: batch inference of a file of items.")
        {
            new RunCommand(environment),
            new ServeCommand(environment),
            new SubmitCommand(environment, connection),
            new WatchCommand(environment, connection),
            new ShowCommand(environment, connection),
            new ListCommand(environment, connection),
            new HistoryCommand(environment, connection),
            new CapacityCommand(environment, connection),
            ItemLinesCommand.Results(environment, connection),
            ItemLinesCommand.Errors(environment, connection),
            ItemLinesCommand.Parked(environment, connection),
            ControlCommand.Cancel(environment, connection),
            ControlCommand.Pause(environment, connection),
            ControlCommand.Resume(environment, connection),
            ParkedCommand.Redrive(environment, connection),
            ParkedCommand.Discard(environment, connection),
            new PurgeCommand(environment, connection),
        };
        var help = _root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExitCodes((SynchronousCommandLineAction)help.Action!);
    }

    /// <summary>Runs one command.</summary>
    /// <param name="args">The arguments of the process.</param>
    /// <param name="cancellationToken">Canceled by Ctrl+C.</param>
    /// <returns>An <see cref="ExitCode"/>.</returns>
    public async Task<int> RunAsync(IReadOnlyList<string> args, CancellationToken cancellationToken)
    {
        var error = _environment.Console.Error;
        var arguments = _root.Parse(args.Count == 0 ? ["--help"] : args);
        if (arguments.Errors.Count > 0)
        {
            foreach (var message in arguments.Errors.Select(parseError => parseError.Message).Distinct())
            {
                error.WriteLine($"error: {message}");
            }

            error.WriteLine($"`{CommandPath(arguments)} --help` shows how to use it.");
            return ExitCode.NotRun;
        }

        try
        {
            return await arguments.InvokeAsync(
                new InvocationConfiguration
                {
                    Output = _environment.Console.Output,
                    Error = error,
                    // Signals and errors are handled here, where the exit codes are.
                    EnableDefaultExceptionHandler = false,
                    ProcessTerminationTimeout = null,
                },
                cancellationToken);
        }
        catch (CommandException refusal)
        {
            error.WriteLine($"error: {refusal.Message}");
            return ExitCode.NotRun;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
        catch (Exception defect)
        {
            error.WriteLine($"error: This is a defect of jobs, please report it.{Environment.NewLine}{defect}");
            return ExitCode.NotRun;
        }
    }

    private static string CommandPath(ParseResult arguments) =>
        arguments.CommandResult.Command is RootCommand ? "jobs" : $"jobs {arguments.CommandResult.Command.Name}";
}

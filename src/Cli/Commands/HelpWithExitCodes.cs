using System.CommandLine;
using System.CommandLine.Invocation;

namespace ModelJobs.Cli.Commands;

/// <summary>The usual help, and below it what the process returns.</summary>
internal sealed class HelpWithExitCodes(SynchronousCommandLineAction usual) : SynchronousCommandLineAction
{
    /// <summary>Help needs no valid command line.</summary>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        var result = usual.Invoke(parseResult);
        parseResult.InvocationConfiguration.Output.WriteLine(
            $"""
            Exit codes:
              {ExitCode.Success,-4} done; where a job is run or watched: every item succeeded
              {ExitCode.JobNotClean,-4} the job ended otherwise: with failed or canceled items, failed as a whole or canceled
              {ExitCode.NotRun,-4} the command did not do it: bad arguments, bad input, no service, ...
              {ExitCode.Interrupted,-4} stopped by Ctrl+C or SIGTERM
            """);
        return result;
    }
}

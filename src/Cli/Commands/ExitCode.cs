using ModelJobs.Contracts;

namespace ModelJobs.Cli.Commands;

/// <summary>What the process returns.</summary>
internal static class ExitCode
{
    /// <summary>The command did what it was asked; of a job: every item succeeded.</summary>
    public const int Success = 0;

    /// <summary>The job ended otherwise: with failed or canceled items, failed as a whole or canceled.</summary>
    public const int JobNotClean = 1;

    /// <summary>The command did not run: bad arguments, bad input, no service, ...</summary>
    public const int NotRun = 2;

    /// <summary>Stopped by Ctrl+C or SIGTERM; shells use 128 + SIGINT.</summary>
    public const int Interrupted = 130;

    /// <summary>The exit code for a job that has ended.</summary>
    public static int Of(Job ended) => ended is { Status: JobStatus.Succeeded, Items: { Failed: 0, Canceled: 0 } } ? Success : JobNotClean;
}

namespace ModelJobs.Cli;

/// <summary>A command cannot go on for a reason that a person can act on. The message is all that is shown; the exit code is 2.</summary>
internal class CommandException(string message, Exception? inner = null) : Exception(message, inner);

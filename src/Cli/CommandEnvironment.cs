using Azure.Core;
using Azure.Identity;
using ModelJobs.Cli.Output;
using ModelJobs.Cli.Serve;

namespace ModelJobs.Cli;

/// <summary>Everything that a command takes from outside, so that a test can put its own in place.</summary>
/// <param name="Console">Standard input, output and error.</param>
/// <param name="Time">The clock of progress, polling and time-outs.</param>
/// <param name="Starter">Starts the service in this process.</param>
/// <param name="GetVariable">Reads an environment variable; null if it is not set.</param>
internal sealed record CommandEnvironment(
    CommandConsole Console, TimeProvider Time, IServiceStarter Starter, Func<string, string?> GetVariable)
{
    /// <summary>Who calls a service that asks for tokens of Microsoft Entra ID.</summary>
    public Func<TokenCredential> OpenCredential { get; init; } = () => new DefaultAzureCredential();

    /// <summary>The environment of the process itself.</summary>
    public static CommandEnvironment OfProcess() =>
        new(CommandConsole.OfProcess(), TimeProvider.System, new LocalService(), Environment.GetEnvironmentVariable);
}

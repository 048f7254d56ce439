using System.Text;
using Azure.Core;
using Azure.Identity;
using Microsoft.Extensions.Time.Testing;
using ModelJobs.Cli.Commands;
using ModelJobs.Cli.Output;
using ModelJobs.Cli.Serve;

namespace ModelJobs.Cli.Tests.StandIns;

/// <summary>Runs the command line in this process, as Program does, and keeps what it printed.</summary>
internal sealed record CliRun(int ExitCode, string Output, string Error)
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    /// <summary>Lines of standard output.</summary>
    public string[] OutputLines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Lines of standard error.</summary>
    public string[] ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Runs a command against the service at its endpoint.</summary>
    public static Task<CliRun> AgainstAsync(StandInService service, FakeTimeProvider time, params string[] args) =>
        ExecuteAsync([.. args, "--endpoint", service.BaseUri.ToString()], new CliSetup { Time = time });

    /// <summary>Runs a command.</summary>
    public static async Task<CliRun> ExecuteAsync(string[] args, CliSetup? setup = null)
    {
        setup ??= new CliSetup();
        using var error = new StringWriter();
        var console = new CommandConsole(setup.Input, setup.Output, outputIsTerminal: false, error, setup.ErrorIsTerminal);
        var environment = new CommandEnvironment(
            console, setup.Time, setup.Starter, name => setup.Variables.GetValueOrDefault(name))
        {
            OpenCredential = () => setup.Credential,
        };
        using var interrupted = CancellationTokenSource.CreateLinkedTokenSource(setup.Interrupt, TestContext.Current.CancellationToken);
        var exitCode = await new JobsCommandLine(environment).RunAsync(args, interrupted.Token)
            .WaitAsync(Bound, TestContext.Current.CancellationToken);
        var output = setup.Output is MemoryStream memory ? Encoding.UTF8.GetString(memory.ToArray()) : "";
        return new CliRun(exitCode, output, error.ToString());
    }
}

/// <summary>What a run of the command line finds around it.</summary>
internal sealed record CliSetup
{
    public Stream Input { get; init; } = Stream.Null;

    public Stream Output { get; init; } = new MemoryStream();

    public bool ErrorIsTerminal { get; init; }

    public TimeProvider Time { get; init; } = new FakeTimeProvider();

    public IServiceStarter Starter { get; init; } = new StandInStarter(null);

    public TokenCredential Credential { get; init; } = DelegatedTokenCredential.Create((_, _) => throw new CredentialUnavailableException("Nobody is signed in."));

    public Dictionary<string, string> Variables { get; init; } = [];

    /// <summary>Ctrl+C.</summary>
    public CancellationToken Interrupt { get; init; }
}

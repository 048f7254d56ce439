using System.CommandLine;
using ModelJobs.Cli.Client;

namespace ModelJobs.Cli.Commands;

/// <summary>Which service a command talks to. Commands that serve in their own process do not have these options.</summary>
internal sealed class ConnectionOptions
{
    private const string DefaultEndpoint = "http://localhost:7071";
    private const string EndpointVariable = "MODELJOBS_ENDPOINT";
    private const string KeyVariable = "MODELJOBS_KEY";

    private readonly CommandEnvironment _environment;

    public ConnectionOptions(CommandEnvironment environment)
    {
        _environment = environment;
        Endpoint = new Option<string>("--endpoint")
        {
            Description = $"Where the service answers; {DefaultEndpoint} if neither this nor {EndpointVariable} is given",
            HelpName = "URL",
        };
        Key = new Option<string>("--function-key")
        {
            Description = $"Function key of the service; better given as {KeyVariable}, which other users of the machine cannot see",
            HelpName = "KEY",
        };
    }

    /// <summary><c>--endpoint</c></summary>
    public Option<string> Endpoint { get; }

    /// <summary><c>--function-key</c></summary>
    public Option<string> Key { get; }

    /// <summary>A client of the service that the command line, or else the environment, names.</summary>
    /// <exception cref="CommandException">The endpoint is no HTTP address.</exception>
    public JobsClient OpenClient(ParseResult arguments)
    {
        string endpoint = arguments.GetValue(Endpoint) ?? Variable(EndpointVariable) ?? DefaultEndpoint;
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https"))
            throw new CommandException($"{endpoint} is not an HTTP address. Give one like {DefaultEndpoint}.");
        return new JobsClient(uri, arguments.GetValue(Key) ?? Variable(KeyVariable), _environment.Time);
    }

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(Endpoint);
        command.Options.Add(Key);
    }

    private string? Variable(string name) => _environment.GetVariable(name) is { Length: > 0 } value ? value : null;
}

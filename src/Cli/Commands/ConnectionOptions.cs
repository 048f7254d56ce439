using System.CommandLine;
using ModelJobs.Cli.Client;

namespace ModelJobs.Cli.Commands;

/// <summary>Which service a command talks to. Commands that serve in their own process do not have these options.</summary>
internal sealed class ConnectionOptions
{
    private const string DefaultEndpoint = "http://localhost:7071";
    private const string EndpointVariable = "MODELJOBS_ENDPOINT";
    private const string KeyVariable = "MODELJOBS_KEY";
    private const string ScopeVariable = "MODELJOBS_SCOPE";
    private const string SystemKeyVariable = "MODELJOBS_SYSTEM_KEY";

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
        Scope = new Option<string>("--scope")
        {
            Description =
                $"Call with a token of Microsoft Entra ID for this scope, such as api://CLIENT-ID/.default; or {ScopeVariable}. Whose token: that of `az login`, a managed identity, …",
            HelpName = "SCOPE",
        };
    }

    /// <summary><c>--endpoint</c></summary>
    public Option<string> Endpoint { get; }

    /// <summary><c>--function-key</c></summary>
    public Option<string> Key { get; }

    /// <summary><c>--scope</c></summary>
    public Option<string> Scope { get; }

    /// <summary>A client of the service that the command line, or else the environment, names.</summary>
    /// <exception cref="CommandException">The endpoint is no HTTP address.</exception>
    public JobsClient OpenClient(ParseResult arguments) => OpenClient(arguments, KeyVariable);

    /// <summary>
    /// A client for the host's own APIs, which Azure guards with system keys: their variable comes before the one of function keys.
    /// </summary>
    /// <exception cref="CommandException">The endpoint is no HTTP address.</exception>
    public JobsClient OpenManagementClient(ParseResult arguments) => OpenClient(arguments, SystemKeyVariable, KeyVariable);

    private JobsClient OpenClient(ParseResult arguments, params IEnumerable<string> keyVariables)
    {
        var endpoint = arguments.GetValue(Endpoint) ?? Variable(EndpointVariable) ?? DefaultEndpoint;
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
        {
            throw new CommandException($"{endpoint} is not an HTTP address. Give one like {DefaultEndpoint}.");
        }

        var key = arguments.GetValue(Key) ?? keyVariables.Select(Variable).FirstOrDefault(value => value is not null);
        return new JobsClient(uri, key, _environment.Time, TokenFor(uri, arguments.GetValue(Scope) ?? Variable(ScopeVariable)));
    }

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(Endpoint);
        command.Options.Add(Key);
        command.Options.Add(Scope);
    }

    /// <exception cref="CommandException">The endpoint would have the token travel in the clear.</exception>
    private EntraToken? TokenFor(Uri endpoint, string? scope) =>
        scope is null ? null
        : endpoint.Scheme == Uri.UriSchemeHttps || endpoint.IsLoopback ? new EntraToken(_environment.OpenCredential(), scope, _environment.Time)
        : throw new CommandException($"A token is not sent to {endpoint.GetLeftPart(UriPartial.Authority)}: anybody on the way could read it. Give an https address.");

    private string? Variable(string name) => _environment.GetVariable(name) is { Length: > 0 } value ? value : null;
}

using System.CommandLine;
using System.Net;
using ModelJobs.Cli.Serve;

namespace ModelJobs.Cli.Commands;

/// <summary><c>jobs serve</c>: the app on this machine, until Ctrl+C.</summary>
internal sealed class ServeCommand : Command
{
    private const int DefaultPort = 7071;

    private readonly CommandEnvironment _environment;
    private readonly Option<string> _data = StandardOptions.Data();

    private readonly Option<int?> _port = StandardOptions.Number(
        "--port", IPEndPoint.MinPort, IPEndPoint.MaxPort, $"TCP port of the HTTP API, 0 for a free one; if not given, the setting LocalRuntime:HttpPort, or {DefaultPort}", null, "-p");

    public ServeCommand(CommandEnvironment environment)
        : base("serve", "Serve on this machine until Ctrl+C")
    {
        _environment = environment;
        Options.Add(_port);
        Options.Add(_data);
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        TextWriter messages = _environment.Console.Error;
        var options = new ServiceOptions(arguments.GetValue(_port), arguments.GetValue(_data), Quiet: false);
        await using IRunningService service = await _environment.StartServiceAsync(options, cancellationToken);

        string endpoint = service.BaseUri.Port == DefaultPort ? "" : $" --endpoint {service.BaseUri.GetLeftPart(UriPartial.Authority)}";
        messages.WriteLine($"Serving at {service.BaseUri}, data in {service.DataFolder}, settings of {service.SettingsFile ?? "the environment"}. Ctrl+C stops.");
        messages.WriteLine("In another terminal:");
        messages.WriteLine($"  jobs submit samples/events.jsonl --model simulate{endpoint}");
        messages.WriteLine($"  jobs list{endpoint}");
        messages.WriteLine($"  curl {service.BaseUri}api/jobs");
        await service.ServeAsync(cancellationToken);
        messages.WriteLine("Stopping");
        return ExitCode.Success;
    }
}

using System.CommandLine;
using System.Globalization;
using System.Net;
using ModelJobs.Cli.Serve;

namespace ModelJobs.Cli.Commands;

/// <summary><c>jobs serve</c>: the app on this machine, until Ctrl+C.</summary>
internal sealed class ServeCommand : Command
{
    private const int DefaultPort = 7071;
    private const string Off = "off";

    private readonly CommandEnvironment _environment;
    private readonly Option<string> _data = StandardOptions.Data();

    private readonly Option<int?> _port = StandardOptions.Number(
        "--port", IPEndPoint.MinPort, IPEndPoint.MaxPort, $"TCP port of the HTTP API, 0 for a free one; if not given, the setting LocalRuntime:HttpPort, or {DefaultPort}", null, "-p");

    private readonly Option<string> _amqpPort = new("--amqp-port")
    {
        Description = $"TCP port of the queues for Service Bus clients (AMQP 1.0), 0 for a free one, or {Off}; if not given, "
            + $"the setting LocalRuntime:AmqpPort, or {ServiceOptions.DefaultAmqpPort}, {IPEndPoint.MinPort} to {IPEndPoint.MaxPort}",
        HelpName = "N",
        CustomParser = result =>
        {
            var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
            if (text == Off)
            {
                return ServiceOptions.NoAmqp;
            }

            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= IPEndPoint.MaxPort)
            {
                return text;
            }

            result.AddError($"--amqp-port must be a whole number from {IPEndPoint.MinPort} to {IPEndPoint.MaxPort}, or {Off}.");
            return ServiceOptions.NoAmqp;
        },
    };

    private readonly Option<string> _faults = new("--faults")
    {
        Description = "Let things go wrong on purpose, the same in every run with this seed: SEED, SEED:PROFILE or SEED:PROFILE:POINT:N, "
            + "such as 7, 7:settles or 7:calm:settle.after:3; docs/local-runtime.md has the profiles and the points to crash at",
        HelpName = "SEED[:PROFILE]",
    };

    public ServeCommand(CommandEnvironment environment)
        : base("serve", "Serve on this machine until Ctrl+C")
    {
        _environment = environment;
        Options.Add(_port);
        Options.Add(_amqpPort);
        Options.Add(_data);
        Options.Add(_faults);
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var messages = _environment.Console.Error;
        var options = new ServiceOptions(
            arguments.GetValue(_port), arguments.GetValue(_amqpPort), arguments.GetValue(_data), Quiet: false)
        {
            Faults = arguments.GetValue(_faults),
        };
        await using var service = await _environment.StartServiceAsync(options, cancellationToken);

        var endpoint = service.BaseUri.Port == DefaultPort ? "" : $" --endpoint {service.BaseUri.GetLeftPart(UriPartial.Authority)}";
        messages.WriteLine($"Serving at {service.BaseUri}, data in {service.DataFolder}, settings of {service.SettingsFile ?? "the environment"}. Ctrl+C stops.");
        if (service.ServiceBusConnectionString is { } connectionString)
        {
            messages.WriteLine("Service Bus clients connect with:");
            messages.WriteLine($"  {connectionString}");
        }

        if (service.StorageConnectionString is { } storage)
        {
            messages.WriteLine("Its blobs, for external workers, are at:");
            messages.WriteLine($"  {storage}");
        }

        messages.WriteLine("In another terminal:");
        messages.WriteLine($"  jobs submit samples/events.jsonl --model simulate{endpoint}");
        messages.WriteLine($"  jobs list{endpoint}");
        messages.WriteLine($"  curl {service.BaseUri}api/jobs");
        await service.ServeAsync(cancellationToken);
        messages.WriteLine("Stopping");
        return ExitCode.Success;
    }
}

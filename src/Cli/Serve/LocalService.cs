using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ModelJobs.Functions;
using ModelJobs.LocalRuntime.Hosting;

namespace ModelJobs.Cli.Serve;

/// <summary>Starts the app on the local runtime, in this process.</summary>
internal sealed class LocalService : IServiceStarter
{
    private const string AmqpPort = "LocalRuntime:AmqpPort";

    /// <inheritdoc/>
    public async Task<IRunningService> StartAsync(ServiceOptions options, CancellationToken cancellationToken)
    {
        IHost? host = null;
        string? settingsFile = null;
        try
        {
            var builder = ModelJobsApp.CreateBuilder([.. Settings(options)]);
            Configure(builder, options);
            host = builder.Build();
            settingsFile = host.Services.GetRequiredService<LocalRuntimeOptions>().SettingsFile;
            await host.StartAsync(cancellationToken);
            return new Running(host);
        }
        catch (Exception error)
        {
            if (host is not null)
            {
                await StopAsync(host);
            }
            // What a person can act on: a port in use, no Node for Azurite, a wrong setting. The rest is a defect, to be seen whole.
            if (error is OptionsValidationException)
            {
                throw new CommandException($"The service could not start: {error.Message.TrimEnd('.')}. Settings file: {settingsFile ?? "none"}.", error);
            }

            if (error is LocalRuntimeException or FunctionWorkerException)
            {
                throw new CommandException($"The service could not start: {error.Message}", error);
            }

            throw;
        }
    }

    /// <summary>What was given on the command line; the rest is left to the settings.</summary>
    private static IEnumerable<string> Settings(ServiceOptions options)
    {
        if (options.Port is { } port)
        {
            yield return $"--LocalRuntime:HttpPort={port}";
        }

        if (options.AmqpPort is { } amqpPort)
        {
            yield return $"--{AmqpPort}={amqpPort}";
        }

        if (options.DataFolder is { } folder)
        {
            yield return $"--LocalRuntime:DataFolder={Path.GetFullPath(folder)}";
        }

        if (options.Faults is { } faults)
        {
            yield return $"--LocalRuntime:Faults={faults}";
        }
    }

    private static void Configure(FunctionsApplicationBuilder builder, ServiceOptions options)
    {
        builder.Configuration[AmqpPort] ??= ServiceOptions.DefaultAmqpPort;
        if (options.Quiet)
        {
            builder.Services.PostConfigure<LoggerFilterOptions>(filter =>
            {
                // Rules with a filter of their own know when to be silent; the others come from host.json.
                foreach (var rule in filter.Rules.Where(rule => rule.Filter is null).ToList())
                {
                    filter.Rules.Remove(rule);
                }

                filter.MinLevel = LogLevel.Warning;
            });
        }

        builder.Services.AddSingleton<IHostLifetime, CommandLifetime>();
    }

    private static async Task StopAsync(IHost host)
    {
        // Bounded by the runtime's own stop time-out.
        await host.StopAsync(CancellationToken.None);
        if (host is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }
        else
        {
            host.Dispose();
        }
    }

    private sealed class Running(IHost host) : IRunningService
    {
        public Uri BaseUri { get; } = host.Services.GetRequiredService<LocalRuntimeAddress>().BaseUri;

        public string? ServiceBusConnectionString { get; } = host.Services.GetRequiredService<LocalRuntimeAddress>().ServiceBusConnectionString;

        public string? StorageConnectionString { get; } = host.Services.GetRequiredService<LocalRuntimeAddress>().StorageConnectionString;

        public string DataFolder { get; } = host.Services.GetRequiredService<LocalRuntimeOptions>().DataFolder;

        public string? SettingsFile { get; } = host.Services.GetRequiredService<LocalRuntimeOptions>().SettingsFile;

        public async Task WaitForShutdownAsync(CancellationToken cancellationToken)
        {
            var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var applicationStopping = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
            await using var byHost = applicationStopping.Register(() => stopping.TrySetResult());
            await using var byCaller = cancellationToken.Register(() => stopping.TrySetResult());
            await stopping.Task;
        }

        public async ValueTask DisposeAsync() => await StopAsync(host);
    }

    /// <summary>
    /// Leaves signals to the command: the default lifetime would take Ctrl+C for itself, swallow the second one and write to the console.
    /// </summary>
    private sealed class CommandLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

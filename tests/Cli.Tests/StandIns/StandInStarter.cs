using ModelJobs.Cli.Serve;

namespace ModelJobs.Cli.Tests.StandIns;

/// <summary>"Starts" a stand-in service; without one, starting fails.</summary>
internal sealed class StandInStarter(StandInService? service) : IServiceStarter, IRunningService
{
    public ServiceOptions? Options { get; private set; }

    public bool Stopped { get; private set; }

    public string DataFolder => "/data";

    public string? SettingsFile => "/app/local.settings.sample.json";

    /// <summary>Told when the service is to stop by itself.</summary>
    public TaskCompletionSource Failure { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Uri BaseUri => service!.BaseUri;

    public string? ServiceBusConnectionString { get; init; }

    public string? StorageConnectionString { get; init; }

    public TaskCompletionSource Waiting { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<IRunningService> StartAsync(ServiceOptions options, CancellationToken cancellationToken)
    {
        Options = options;
        return service is null
            ? throw new CommandException("The service could not start: port in use")
            : Task.FromResult<IRunningService>(this);
    }

    public Task WaitForShutdownAsync(CancellationToken cancellationToken)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        cancellationToken.Register(stopped.SetResult);
        Waiting.SetResult();
        return Task.WhenAny(stopped.Task, Failure.Task);
    }

    public ValueTask DisposeAsync()
    {
        Stopped = true;
        return ValueTask.CompletedTask;
    }
}

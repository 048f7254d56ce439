namespace ModelJobs.Cli.Serve;

/// <summary>How commands start the service in this process and work with it.</summary>
internal static class ServiceUse
{
    private const string StoppedByItself = "The service stopped by itself; its last message says why.";

    /// <summary>Starts the service and waits until it answers.</summary>
    /// <exception cref="CommandException">It could not start; the message says why.</exception>
    public static async Task<IRunningService> StartServiceAsync(
        this CommandEnvironment environment, ServiceOptions options, CancellationToken cancellationToken)
    {
        try
        {
            return await environment.Starter.StartAsync(options, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            environment.Console.Error.WriteLine("Stopped before the service had started.");
            throw;
        }
    }

    /// <summary>Serves until the command is interrupted.</summary>
    /// <exception cref="CommandException">The service stopped by itself.</exception>
    public static async Task ServeAsync(this IRunningService service, CancellationToken cancellationToken)
    {
        await service.WaitForShutdownAsync(cancellationToken);
        if (!cancellationToken.IsCancellationRequested)
        {
            throw new CommandException(StoppedByItself);
        }
    }

    /// <summary>Does work that needs the service, and breaks it off if the service stops.</summary>
    /// <exception cref="CommandException">The service stopped by itself.</exception>
    public static async Task<T> WhileServingAsync<T>(
        this IRunningService service, Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using var stopped = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var done = new CancellationTokenSource();
        var working = work(stopped.Token);
        var shutdown = service.WaitForShutdownAsync(done.Token);
        try
        {
            if (await Task.WhenAny(working, shutdown) == shutdown)
            {
                await stopped.CancelAsync();
            }

            return await working;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CommandException(StoppedByItself);
        }
        finally
        {
            await done.CancelAsync();
            await shutdown;
        }
    }
}

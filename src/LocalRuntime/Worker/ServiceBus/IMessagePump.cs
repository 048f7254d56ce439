namespace ModelJobs.LocalRuntime.Worker.ServiceBus;

/// <summary>Receives messages for one function and hands them over, as many at a time as host.json allows.</summary>
internal interface IMessagePump
{
    /// <summary>Runs until <paramref name="stop"/> is set; ends when what was handed over has ended.</summary>
    Task RunAsync(CancellationToken stop);
}

using Microsoft.Extensions.Hosting;
using ModelJobs.LocalRuntime.Engine;

namespace ModelJobs.LocalRuntime.Worker.Durable;

/// <summary>Runs the durable engine as long as the host runs.</summary>
internal sealed class DurableEngineService(OrchestrationEngine engine) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => engine.StartAsync(cancellationToken);

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        try
        {
            await engine.StopAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The host's stop time-out came before the engine's; activities that still run are left behind, as the host asked.
        }
    }
}

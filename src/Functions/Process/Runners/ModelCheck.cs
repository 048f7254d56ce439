using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace ModelJobs.Functions.Process.Runners;

/// <summary>Refuses to start with a model that cannot run: found here, it costs a restart; found by a job, its items.</summary>
internal sealed class ModelCheck(ModelCatalog models) : IHostedService
{
    /// <exception cref="OptionsValidationException">Settings of models are wrong; it names each.</exception>
    public Task StartAsync(CancellationToken cancellationToken) => models.Problems.ToList() is { Count: > 0 } problems
        ? throw new OptionsValidationException(ModelCatalog.Section, typeof(ModelCatalog), problems)
        : Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

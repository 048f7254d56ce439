using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ModelJobs.Functions.Process.Runners;

/// <summary>
/// Makes the models ready whose settings ask for it, one after another, while the app serves already. A model that cannot be made ready is
/// logged and left to its first chunk.
/// </summary>
internal sealed partial class ModelWarmUp(ModelCatalog models, TimeProvider time, ILogger<ModelWarmUp> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Loading a model is work for this thread; the others of the start must not wait for it.
        await Task.Yield();
        foreach (var name in models.WarmedUp)
        {
            var start = time.GetTimestamp();
            try
            {
                if (models.Find(name) is IWarmRunner runner)
                {
                    await runner.WarmUpAsync(stoppingToken);
                }

                LogReady(name, time.GetElapsedTime(start));
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailure(failure, name);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Model {Model} is ready after {Time}.")]
    private partial void LogReady(string model, TimeSpan time);

    [LoggerMessage(Level = LogLevel.Error, Message = "Model {Model} could not be made ready; its first chunk will try again.")]
    private partial void LogFailure(Exception failure, string model);
}

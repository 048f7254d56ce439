using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using ModelJobs.Functions.Process.Runners;

namespace ModelJobs.Functions.Tests.Process.Runners;

public sealed class ModelWarmUpTests
{
    [Fact]
    public async Task Start_ModelsThatAskForIt_AreMadeReadyThoughOneFails()
    {
        var warm = new WarmModel();
        var settings = new Dictionary<string, string?>
        {
            ["Models:a:Runner"] = "broken",
            ["Models:a:WarmUp"] = "true",
            ["Models:b:Runner"] = "warm",
            ["Models:b:WarmUp"] = "true",
            ["Models:c:Runner"] = "broken",
        };
        var made = 0;
        using var models = new ModelCatalog(
            new ConfigurationBuilder().AddInMemoryCollection(settings).Build(),
            [
                new RunnerKind("warm", _ => warm),
                new RunnerKind("broken", _ =>
                {
                    made++;
                    throw new IOException("no such model");
                }),
            ]);
        using var warmUp = new ModelWarmUp(models, new FakeTimeProvider(), NullLogger<ModelWarmUp>.Instance);

        await warmUp.StartAsync(TestContext.Current.CancellationToken);
        await warmUp.ExecuteTask!.WaitAsync(Calls.Patience, TestContext.Current.CancellationToken);

        Assert.Equal((1, 1), (warm.WarmUps, made));
    }

    private sealed class WarmModel : IModelRunner, IWarmRunner
    {
        public int WarmUps { get; private set; }

        public Task WarmUpAsync(CancellationToken cancellationToken)
        {
            WarmUps++;
            return Task.CompletedTask;
        }

        public Task<IReadOnlyList<ItemOutcome>> RunAsync(IReadOnlyList<ItemCall> items, CancellationToken cancellationToken) =>
            throw new NotSupportedException("It is only warmed up.");
    }
}

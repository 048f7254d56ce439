using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Time.Testing;
using ModelJobs.Contracts;
using ModelJobs.Functions.Estimate;
using ModelJobs.Functions.Process.Runners;
using ModelJobs.Functions.Process.Runners.Chat;
using ModelJobs.Functions.Process.Runners.Embeddings;
using ModelJobs.Functions.Submit;

namespace ModelJobs.Functions.Tests.Estimate;

/// <summary>Tokens of an estimate; no endpoint is asked. Budget: 1 second.</summary>
public sealed class TokenCounterTests
{
    private const string Nowhere = "http://127.0.0.1:1/v1";

    [Fact]
    public async Task Estimate_Chat_CountsTextsAndWhatAnswersMayHave()
    {
        var time = new FakeTimeProvider();
        var estimate = await EstimateAsync(_ => new ChatRunner(new ChatRunnerOptions { Endpoint = Nowhere, Model = "gpt", ApiKey = "key", MaxOutputTokens = 50 }, time));

        Assert.InRange(estimate.Tokens!.Input, 100, 150);
        Assert.InRange(estimate.Tokens.Output, 49, 51);
        Assert.Equal(estimate.Tokens.Input * 3m / 1_000_000, estimate.Cost!.Lines.Single(line => line.Name == "inputTokens").Amount);
        Assert.DoesNotContain(estimate.Cost.Lines, line => line.Name == "outputTokens");
    }

    [Fact]
    public async Task Estimate_Embeddings_CountsTexts()
    {
        var time = new FakeTimeProvider();
        var estimate = await EstimateAsync(_ => new EmbeddingsRunner(new EmbeddingsRunnerOptions { Endpoint = Nowhere, Model = "embedding" }, time));

        Assert.Equal(new TokenCounts(100, 0), estimate.Tokens);
    }

    /// <summary>Estimates a text of 400 characters, and an input that the runners refuse.</summary>
    private static async Task<JobEstimate> EstimateAsync(Func<IConfigurationSection, IModelRunner> create)
    {
        using var models = new ModelCatalog(
            new ConfigurationBuilder().AddInMemoryCollection([new("Models:model:Runner", "kind")]).Build(),
            [new RunnerKind("kind", create) { CountsTokens = true }]);
        var text = JsonSerializer.SerializeToElement(new string('x', 400));
        (long, SubmittedItem)[] items =
            [(1, new SubmittedItem(new Item { Input = text })), (2, new SubmittedItem(new Item { Input = JsonSerializer.SerializeToElement(7) }))];
        var request = new ReadRequest("model", External: false, new JobOptions(), items.ToAsyncEnumerable());
        return await new JobEstimator(models, new PriceSettings { InputTokens = 3 }).EstimateAsync(request, TestContext.Current.CancellationToken);
    }
}

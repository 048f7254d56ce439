using System.Text.Json;
using ModelJobs.Functions.Process.Runners;

namespace ModelJobs.EndToEnd.Tests.Support;

/// <summary>Answers every item with its index: a model whose cause of failure is gone.</summary>
internal sealed class MendedRunner : IModelRunner
{
    public Task<IReadOnlyList<ItemOutcome>> RunAsync(IReadOnlyList<ItemCall> items, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ItemOutcome>>(
            [.. items.Select(call => ItemOutcome.Succeeded(JsonSerializer.SerializeToElement(call.Item.Index)))]);
}

using System.Text.Json;
using ModelJobs.Contracts;
using ModelJobs.Functions.Process.Runners;

namespace ModelJobs.Functions.Tests.Process.Runners;

/// <summary>Runs runners on inputs written as JSON, each wait bounded.</summary>
internal static class Calls
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>An item per input.</summary>
    public static ItemCall[] Of(params string[] inputs) => [.. inputs.Select((input, index) => Of(input, index, attempt: 1))];

    public static ItemCall Of(string input, int index, int attempt) =>
        new(new ChunkItem { Index = index, Id = $"{index + 1}", Input = JsonElement.Parse(input) }, attempt);

    public static Task<IReadOnlyList<ItemOutcome>> RunBoundedAsync(this IModelRunner runner, params IReadOnlyList<ItemCall> items) =>
        runner.RunAsync(items, TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);

    public static async Task<ItemOutcome> RunOneAsync(this IModelRunner runner, string input, int attempt = 1) =>
        Assert.Single(await runner.RunBoundedAsync(Of(input, index: 0, attempt)));

    /// <summary>The output as JSON text.</summary>
    public static string Json(this ItemOutcome outcome) => outcome.Output?.GetRawText() ?? $"failed: {outcome.Error?.Message}";
}

using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace ModelJobs.Functions.Process.Runners.Embeddings;

/// <summary>A text to be embedded.</summary>
/// <param name="Place">The item's place in the chunk.</param>
/// <param name="Text">The text.</param>
/// <param name="Tokens">How many tokens it is expected to have.</param>
internal sealed record EmbeddingInput(int Place, string Text, int Tokens)
{
    /// <summary>Reads an item's input; <paramref name="problem"/> says what is wrong with it and what to send.</summary>
    public static bool TryRead(JsonElement input, [NotNullWhen(true)] out string? text, [NotNullWhen(false)] out string? problem)
    {
        var value = input.ValueKind == JsonValueKind.Object && input.TryGetProperty("input", out var member) ? member : input;
        text = value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        problem = text is { Length: > 0 } ? null : """The input is not a text. Send a string that is not empty, or {"input":"..."}.""";
        return problem is null;
    }

    /// <summary>Puts inputs into as few calls as the limits of a call allow, in their order. One that is too large by itself goes alone.</summary>
    public static IEnumerable<IReadOnlyList<EmbeddingInput>> Batches(IEnumerable<EmbeddingInput> inputs, int maxInputs, int maxTokens)
    {
        var batch = new List<EmbeddingInput>();
        var tokens = 0L;
        foreach (var input in inputs)
        {
            if (batch.Count > 0 && (batch.Count == maxInputs || tokens + input.Tokens > maxTokens))
            {
                yield return batch;
                batch = [];
                tokens = 0;
            }

            batch.Add(input);
            tokens += input.Tokens;
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }
    }
}

using System.ClientModel.Primitives;
using System.Text.Json;
using Microsoft.Extensions.AI;
using ModelJobs.Contracts;
using OpenAI.Chat;

namespace ModelJobs.Functions.Process.Runners.Chat;

/// <summary>What a model answered.</summary>
/// <param name="Completion">The chat completion, all of its members.</param>
/// <param name="Text">The text of its first choice.</param>
/// <param name="Finish">Why it ended.</param>
/// <param name="Usage">Tokens that it cost; null if the endpoint does not say.</param>
internal sealed record ChatAnswer(JsonElement Completion, string Text, Microsoft.Extensions.AI.ChatFinishReason? Finish, TokenUsage? Usage)
{
    private static readonly ModelReaderWriterOptions Json = new("J");

    /// <summary>Reads a client's answer.</summary>
    /// <exception cref="InvalidDataException">It is not a chat completion.</exception>
    public static ChatAnswer Read(ChatResponse response)
    {
        if (response.RawRepresentation is not ChatCompletion completion || response.Messages.Count == 0)
        {
            throw new InvalidDataException("The answer is not a chat completion.");
        }

        return new ChatAnswer(
            JsonElement.Parse(ModelReaderWriter.Write(completion, Json).ToMemory().Span),
            response.Text,
            response.FinishReason,
            response.Usage is { InputTokenCount: { } input } usage ? new TokenUsage(input, usage.OutputTokenCount ?? 0) : null);
    }

    /// <summary>The outcome where the text is the output.</summary>
    /// <param name="asJson">Whether the text is to be JSON.</param>
    public ItemOutcome ToContent(bool asJson)
    {
        if (!asJson)
        {
            return ItemOutcome.Succeeded(JsonSerializer.SerializeToElement(Text), Usage);
        }

        try
        {
            return ItemOutcome.Succeeded(JsonElement.Parse(Text), Usage);
        }
        catch (JsonException)
        {
            return Finish == Microsoft.Extensions.AI.ChatFinishReason.Length
                ? ItemOutcome.Permanent("answer_cut", "The answer was cut at its most tokens, within its JSON. Raise max_completion_tokens, or the model's MaxOutputTokens.")
                : ItemOutcome.Transient("malformed_answer", "The model's text is not the JSON that was asked for.");
        }
    }
}

using System.Buffers;
using System.ClientModel.Primitives;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Microsoft.Extensions.AI;
using OpenAI.Chat;
using AiMessage = Microsoft.Extensions.AI.ChatMessage;
using ApiMessage = OpenAI.Chat.ChatMessage;

namespace ModelJobs.Functions.Process.Runners.Chat;

/// <summary>What is asked of the model for one item.</summary>
/// <param name="Messages">The conversation.</param>
/// <param name="Body">Everything else of the body, as JSON, so that what this version of the client does not know passes too.</param>
/// <param name="Characters">Length of what is sent.</param>
/// <param name="MaxOutputTokens">Most tokens of the answer; null if the request does not say.</param>
/// <param name="AsksForJson">Whether the answer's text is to be JSON.</param>
internal sealed record ChatRequest(
    IReadOnlyList<AiMessage> Messages, BinaryData Body, int Characters, int? MaxOutputTokens, bool AsksForJson)
{
    /// <summary>The body's other members, as the client takes them. Made for each call: the client writes into them.</summary>
    public ChatOptions ToOptions() => new() { RawRepresentationFactory = _ => ModelReaderWriter.Read<ChatCompletionOptions>(Body) };

    /// <summary>Makes a request of a body's messages and its other members; <paramref name="problem"/> says what is wrong with them.</summary>
    public static bool TryCreate(
        IReadOnlyList<JsonElement> messages,
        IReadOnlyList<KeyValuePair<string, JsonElement>> members,
        [NotNullWhen(true)] out ChatRequest? request,
        [NotNullWhen(false)] out string? problem)
    {
        request = null;
        problem = null;
        var body = Write(members);
        var read = new List<AiMessage>(messages.Count);
        var characters = (int)body.Length;
        foreach (var message in messages)
        {
            if (Read<ApiMessage>(message.GetRawText()) is not { } known)
            {
                problem = $"\"messages\" has a message at position {read.Count} that is not one of a chat completion. Send {{\"role\":\"user\",\"content\":\"...\"}}.";
                return false;
            }

            // The role is the raw message's; this one only carries it.
            read.Add(new AiMessage(ChatRole.User, (string?)null) { RawRepresentation = known });
            characters += message.GetRawText().Length;
        }

        if (Read<ChatCompletionOptions>(body.ToString()) is null)
        {
            problem = "The input has members that are not those of a chat completion's body, or not of their type.";
            return false;
        }

        request = new ChatRequest(
            read,
            body,
            characters,
            Find("max_completion_tokens") ?? Find("max_tokens"),
            members.Any(member => member.Key == "response_format" && IsJson(member.Value)));
        return true;

        int? Find(string name) =>
            members.FirstOrDefault(member => member.Key == name).Value is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out var number) ? number : null;
    }

    private static bool IsJson(JsonElement format) =>
        format.ValueKind == JsonValueKind.Object
        && format.TryGetProperty("type", out var type)
        && type.ValueKind == JsonValueKind.String
        && (type.ValueEquals("json_schema") || type.ValueEquals("json_object"));

    private static BinaryData Write(IReadOnlyList<KeyValuePair<string, JsonElement>> members)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var (name, value) in members)
            {
                json.WritePropertyName(name);
                value.WriteTo(json);
            }

            json.WriteEndObject();
        }

        return BinaryData.FromBytes(buffer.WrittenMemory);
    }

    // The client's readers throw whatever they stumble over; nothing but the text is at fault.
    private static T? Read<T>(string json)
        where T : class, IPersistableModel<T>
    {
        try
        {
            return ModelReaderWriter.Read<T>(BinaryData.FromString(json));
        }
        catch (Exception)
        {
            return null;
        }
    }
}

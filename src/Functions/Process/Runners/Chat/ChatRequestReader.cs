using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace ModelJobs.Functions.Process.Runners.Chat;

/// <summary>
/// Makes requests of items: of the body of a chat completion, with the configuration's values where it says nothing, or of anything else by the
/// configuration's template.
/// </summary>
internal sealed class ChatRequestReader
{
    private const string Form = """Send a prompt as a string, or the body of a chat completion: {"messages":[{"role":"user","content":"..."}]}.""";

    private readonly ChatRunnerOptions _options;
    private readonly PromptTemplate? _template;
    private readonly List<(string Name, string? OtherName, JsonElement Value)> _defaults = [];

    public ChatRequestReader(ChatRunnerOptions options)
    {
        _options = options;
        _template = options.Template is { } text
            ? PromptTemplate.TryParse(text, out var template, out var problem) ? template : throw new ArgumentException(problem, nameof(options))
            : null;
        if (options.MaxOutputTokens is { } tokens)
        {
            var (name, other) = options.MaxTokensByOldName ? ("max_tokens", "max_completion_tokens") : ("max_completion_tokens", "max_tokens");
            _defaults.Add((name, other, JsonSerializer.SerializeToElement(tokens)));
        }

        AddDefault("temperature", options.Temperature);
        AddDefault("top_p", options.TopP);
        if (options.ResponseFormat is { } format)
        {
            _defaults.Add(("response_format", null, JsonElement.Parse(format)));
        }
    }

    /// <summary>Makes an item's request; <paramref name="problem"/> says what is wrong with its input and what to send.</summary>
    public bool TryRead(JsonElement input, [NotNullWhen(true)] out ChatRequest? request, [NotNullWhen(false)] out string? problem)
    {
        request = null;
        var messages = new List<JsonElement>();
        var members = new List<KeyValuePair<string, JsonElement>>();
        if (input.ValueKind == JsonValueKind.Object && input.TryGetProperty("messages", out var list))
        {
            problem = ProblemOf(input, list);
            if (problem is not null)
            {
                return false;
            }

            messages.AddRange(list.EnumerateArray());
            members.AddRange(input.EnumerateObject()
                .Where(member => member.Name is not ("messages" or "model" or "stream"))
                .Select(member => KeyValuePair.Create(member.Name, member.Value)));
        }
        else if (TryFill(input, out var prompt, out problem))
        {
            messages.Add(Message("user", prompt));
        }
        else
        {
            return false;
        }

        if (_options.System is { } system && !messages.Any(IsSystem))
        {
            messages.Insert(0, Message("system", system));
        }

        foreach (var (name, other, value) in _defaults)
        {
            if (!members.Any(member => member.Key == name || member.Key == other))
            {
                members.Add(KeyValuePair.Create(name, value));
            }
        }

        return ChatRequest.TryCreate(messages, members, out request, out problem);
    }

    private void AddDefault(string name, double? value)
    {
        if (value is { } number)
        {
            _defaults.Add((name, null, JsonSerializer.SerializeToElement(number)));
        }
    }

    private bool TryFill(JsonElement input, [NotNullWhen(true)] out string? prompt, [NotNullWhen(false)] out string? problem)
    {
        if (_template is not null)
        {
            return _template.TryFill(input, out prompt, out problem);
        }

        prompt = input.ValueKind == JsonValueKind.String ? input.GetString() : null;
        problem = prompt is null ? $"The input is neither a string nor an object with \"messages\", and the model has no template. {Form}" : null;
        return problem is null;
    }

    // The model is the configuration's, and the answer comes whole.
    private string? ProblemOf(JsonElement body, JsonElement messages)
    {
        if (messages.ValueKind != JsonValueKind.Array || messages.GetArrayLength() == 0 || messages.EnumerateArray().Any(message => message.ValueKind != JsonValueKind.Object))
        {
            return $"\"messages\" must be an array of at least one message. {Form}";
        }

        if (body.TryGetProperty("model", out var model) && !(model.ValueKind == JsonValueKind.String && model.ValueEquals(_options.Name)))
        {
            return $"\"model\" is not '{_options.Name}', which is what this model of the app asks. Leave it out.";
        }

        return body.TryGetProperty("stream", out var stream) && stream.ValueKind is not (JsonValueKind.False or JsonValueKind.Null)
            ? "\"stream\" is not offered: an item's answer comes whole. Leave it out."
            : null;
    }

    private static bool IsSystem(JsonElement message) =>
        message.TryGetProperty("role", out var role) && role.ValueKind == JsonValueKind.String && (role.ValueEquals("system") || role.ValueEquals("developer"));

    private static JsonElement Message(string role, string content) =>
        JsonSerializer.SerializeToElement(new Dictionary<string, string> { ["role"] = role, ["content"] = content });
}

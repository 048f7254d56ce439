using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Microsoft.Extensions.Configuration;
using ModelJobs.Functions.Process.Runners.Endpoints;

namespace ModelJobs.Functions.Process.Runners.Chat;

/// <summary>What an item's output is.</summary>
public enum ChatOutput
{
    /// <summary>The endpoint's answer, as it is: a chat completion.</summary>
    Completion,

    /// <summary>The answer's text; the JSON in it if the request asks for JSON.</summary>
    Content,
}

/// <summary>How a <see cref="ChatRunner"/> asks its model.</summary>
public sealed record ChatRunnerOptions : EndpointOptions
{
    /// <summary>The system prompt of items that bring none of their own.</summary>
    public string? System { get; init; }

    /// <summary>
    /// The user's message, made of an item that is no chat completion's body: <c>{{input}}</c> stands for the whole input, <c>{{name}}</c>
    /// for a member of it. Without a template, a string is the message.
    /// </summary>
    public string? Template { get; init; }

    /// <summary>The <c>response_format</c> of items that bring none of their own, as JSON.</summary>
    public string? ResponseFormat { get; init; }

    /// <summary>Most tokens of an answer, for items that do not say.</summary>
    [Range(1, int.MaxValue)]
    public int? MaxOutputTokens { get; init; }

    /// <summary>
    /// Whether <see cref="MaxOutputTokens"/> is sent under the older name <c>max_tokens</c> instead of <c>max_completion_tokens</c>, for services that know only that.
    /// </summary>
    public bool MaxTokensByOldName { get; init; }

    /// <summary>How freely the model chooses its words, for items that do not say.</summary>
    [Range(0.0, 2.0)]
    public double? Temperature { get; init; }

    /// <summary>From how much of the probability the model chooses, for items that do not say.</summary>
    [Range(0.0, 1.0)]
    public double? TopP { get; init; }

    /// <inheritdoc cref="ChatOutput"/>
    public ChatOutput Output { get; init; }

    /// <inheritdoc/>
    public override IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var problem in base.Validate(validationContext))
        {
            yield return problem;
        }

        if (Template is not null && !PromptTemplate.TryParse(Template, out _, out var wrong))
        {
            yield return new(wrong, [nameof(Template)]);
        }

        if (ResponseFormat is not null && !IsObject(ResponseFormat))
        {
            yield return new("""must be a JSON object, as {"type":"json_object"}""", [nameof(ResponseFormat)]);
        }
    }

    /// <summary>Reads the options from a model's section.</summary>
    internal static ChatRunnerOptions Read(IConfigurationSection model)
    {
        var options = new ChatRunnerOptions();
        StrictSettings.Bind(model, options, "Runner");
        return options;
    }

    /// <summary>What is wrong with the options in a model's section; null if nothing is.</summary>
    internal static string? ProblemOf(IConfigurationSection model) =>
        StrictSettings.Problems(model, new ChatRunnerOptions(), "Runner") is { Count: > 0 } problems ? string.Join("; ", problems) : null;

    private static bool IsObject(string json)
    {
        try
        {
            return JsonElement.Parse(json).ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace ModelJobs.Functions.Process.Runners.Chat;

/// <summary>
/// A text with places: <c>{{input}}</c> is the item's whole input, <c>{{name}}</c> a member of it. Strings come as they are, other values as JSON.
/// What is filled in is not looked at again: an item cannot reach other members by writing a place into its text.
/// </summary>
internal sealed class PromptTemplate
{
    private const string Open = "{{";
    private const string Close = "}}";
    private const string Whole = "input";

    private readonly List<(string Text, string? Place)> _parts;

    private PromptTemplate(List<(string Text, string? Place)> parts) => _parts = parts;

    /// <summary>Reads a template; <paramref name="problem"/> says what is wrong with it.</summary>
    public static bool TryParse(
        string text, [NotNullWhen(true)] out PromptTemplate? template, [NotNullWhen(false)] out string? problem)
    {
        template = null;
        problem = null;
        var parts = new List<(string Text, string? Place)>();
        var rest = text.AsSpan();
        while (rest.IndexOf(Open, StringComparison.Ordinal) is >= 0 and var open)
        {
            var length = rest[(open + Open.Length)..].IndexOf(Close, StringComparison.Ordinal);
            var place = length < 0 ? default : rest.Slice(open + Open.Length, length).Trim();
            if (place.IsEmpty || place.Contains('{'))
            {
                problem = $"has a '{Open}' at character {text.Length - rest.Length + open + 1} that is no place; write places as {{{{name}}}}, or {{{{input}}}} for the whole input";
                return false;
            }

            parts.Add((rest[..open].ToString(), place.ToString()));
            rest = rest[(open + Open.Length + length + Close.Length)..];
        }

        if (parts.Count == 0)
        {
            problem = "has no place for the item; write {{input}} where it belongs";
            return false;
        }

        parts.Add((rest.ToString(), null));
        template = new PromptTemplate(parts);
        return true;
    }

    /// <summary>Fills an item's input in; <paramref name="problem"/> says what it lacks.</summary>
    public bool TryFill(JsonElement input, [NotNullWhen(true)] out string? prompt, [NotNullWhen(false)] out string? problem)
    {
        prompt = null;
        problem = null;
        var filled = new StringBuilder();
        foreach (var (text, place) in _parts)
        {
            filled.Append(text);
            if (place is null)
            {
                continue;
            }

            // A member named "input" comes first: an object that has one is meant so.
            if (input.ValueKind == JsonValueKind.Object && input.TryGetProperty(place, out var member))
            {
                filled.Append(TextOf(member));
            }
            else if (place == Whole)
            {
                filled.Append(TextOf(input));
            }
            else
            {
                problem = $"The input has no \"{place}\", which the model's template needs. Send an object with {string.Join(" and ", _parts.Where(part => part.Place is not null).Select(part => $"\"{part.Place}\"").Distinct())}.";
                return false;
            }
        }

        prompt = filled.ToString();
        return true;
    }

    private static string TextOf(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
}

using System.Text.RegularExpressions;

namespace ModelJobs.ApiSurface.Tests.Usage;

/// <summary>
/// A type or member with all that a compiled reference to it says: owner, name, generic parameters by position, parameter types, return
/// type. A reference to an accessor is one to its property. Names and defaults of parameters are not part of it.
/// </summary>
internal static partial class ApiKey
{
    public static string Type(string name) => $"T {name}";

    public static string Field(string owner, string name, string type) => $"F {owner}.{name} : {type}";

    public static string Setter(string owner, string property, string type) => $"P {owner}.{property} : {type} set";

    public static string Method(string owner, string name, int genericParameters, IEnumerable<string> parameters, string returns)
    {
        var list = parameters.ToList();
        return name switch
        {
            _ when name.StartsWith("get_", StringComparison.Ordinal) => $"P {owner}.{Property(name, list)} : {returns} get",
            _ when name.StartsWith("set_", StringComparison.Ordinal)
                => $"P {owner}.{Property(name, list[..^1])} : {list[^1]} {(returns.StartsWith(SignatureNames.Init, StringComparison.Ordinal) ? "init" : "set")}",
            _ => $"M {owner}.{name}{(genericParameters == 0 ? "" : $"``{genericParameters}")}({string.Join(", ", list)}) -> {returns}",
        };
    }

    /// <summary>The keys of a line of the API lists; none for what no reference can mean.</summary>
    public static IEnumerable<string> OfLine(string line)
    {
        var text = line[2..];
        return line[..2] switch
        {
            "T " => [Type(Plain(Kind().Replace(Before(text, " : ", " where "), "")))],
            "M " => [OfMethod(text)],
            "P " => OfProperty(text),
            "F " => [OfField(text)],
            "E " => OfEvent(text),
            _ => [],
        };
    }

    private static string OfMethod(string line)
    {
        var open = line.IndexOf('(', StringComparison.Ordinal);
        var close = line.LastIndexOf(") -> ", StringComparison.Ordinal);
        var (owner, name) = Split(line[..open]);
        var own = Arguments(name);
        string Positional(string type) => ByPosition(type, Arguments(owner), own);
        return Method(
            Plain(owner),
            Plain(name),
            own.Count,
            Parts(line[(open + 1)..close]).Select(parameter => Positional(ParameterType(parameter))),
            Positional(Before(line[(close + 5)..], " [", " where ")));
    }

    private static IEnumerable<string> OfProperty(string line)
    {
        var name = Before(line, " : ");
        var open = name.IndexOf('[', StringComparison.Ordinal);
        var (owner, property) = Split(open < 0 ? name : name[..open]);
        string Positional(string type) => ByPosition(type, Arguments(owner), []);
        var index = open < 0 ? "" : $"[{string.Join(", ", Parts(name[(open + 1)..^1]).Select(parameter => Positional(ParameterType(parameter))))}]";
        var rest = line[(name.Length + " : ".Length)..];
        var type = Positional(Before(rest, " {"));
        var accessors = Before(rest[(rest.IndexOf('{', StringComparison.Ordinal) + 1)..], "}");
        return accessors.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(accessor => $"P {Plain(owner)}.{(open < 0 ? property : "Item")}{index} : {type} {accessor.Split(' ')[^1]}");
    }

    private static string OfField(string line)
    {
        var name = Before(line, " = ", " : ");
        var (owner, field) = Split(name);
        var type = Before(line[(line.IndexOf(" : ", name.Length, StringComparison.Ordinal) + " : ".Length)..], " [");
        return Field(Plain(owner), field, ByPosition(type, Arguments(owner), []));
    }

    private static IEnumerable<string> OfEvent(string line)
    {
        var name = Before(line, " : ");
        var (owner, @event) = Split(name);
        var type = Before(line[(name.Length + " : ".Length)..], " [");
        return new[] { "add_", "remove_" }.Select(accessor => Method(Plain(owner), accessor + @event, 0, [type], "void"));
    }

    /// <summary>The text before whichever of the marks comes first.</summary>
    private static string Before(string text, params IEnumerable<string> marks)
    {
        var first = marks.Select(mark => text.IndexOf(mark, StringComparison.Ordinal)).Where(at => at >= 0).DefaultIfEmpty(text.Length).Min();
        return text[..first];
    }

    private static string Property(string accessor, List<string> index)
        => index.Count == 0 ? accessor[4..] : $"{accessor[4..]}[{string.Join(", ", index)}]";

    /// <summary>Owner and member, at the last dot outside of angle brackets; a constructor begins with a dot of its own.</summary>
    private static (string Owner, string Member) Split(string name)
    {
        const string Constructor = "..ctor";
        if (name.EndsWith(Constructor, StringComparison.Ordinal))
        {
            return (name[..^Constructor.Length], Constructor[1..]);
        }

        var (depth, at) = (0, -1);
        for (var i = 0; i < name.Length; i++)
        {
            depth += name[i] switch { '<' => 1, '>' => -1, _ => 0 };
            at = depth == 0 && name[i] == '.' ? i : at;
        }

        return (name[..at], name[(at + 1)..]);
    }

    private static string Plain(string name) => AngleBrackets().Replace(name, "");

    private static List<string> Arguments(string name)
        => name.IndexOf('<', StringComparison.Ordinal) is var start && start < 0 ? [] : Parts(name[(start + 1)..name.LastIndexOf('>')]);

    private static string ByPosition(string type, List<string> ofType, List<string> ofMethod) => Identifier().Replace(type, word =>
        ofMethod.IndexOf(word.Value) is >= 0 and var m ? $"!!{m}" : ofType.IndexOf(word.Value) is >= 0 and var t ? $"!{t}" : word.Value);

    /// <summary><c>this params ref System.String name = null</c>: modifiers, type, name and default.</summary>
    private static string ParameterType(string parameter)
    {
        var text = Modifiers().Replace(parameter, "");
        var end = text.IndexOf(" = ", StringComparison.Ordinal);
        text = end < 0 ? text : text[..end];
        return text[..text.LastIndexOf(' ')];
    }

    private static List<string> Parts(string text)
    {
        List<string> parts = [];
        var (depth, start) = (0, 0);
        for (var i = 0; i < text.Length; i++)
        {
            depth += text[i] switch { '<' or '(' or '[' => 1, '>' or ')' or ']' => -1, _ => 0 };
            if (depth == 0 && text[i] == ',')
            {
                parts.Add(text[start..i].Trim());
                start = i + 1;
            }
        }

        return text.Length == 0 ? parts : [.. parts, text[start..].Trim()];
    }

    [GeneratedRegex("^(?:[a-z]+ )+")]
    private static partial Regex Kind();

    [GeneratedRegex("<.*>")]
    private static partial Regex AngleBrackets();

    [GeneratedRegex(@"(?<![\w.])\w+(?![\w.])")]
    private static partial Regex Identifier();

    [GeneratedRegex("^(?:(?:this|params|ref|out|in) )+")]
    private static partial Regex Modifiers();
}

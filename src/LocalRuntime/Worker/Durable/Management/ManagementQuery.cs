using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.DurableTask.Client;

namespace ModelJobs.LocalRuntime.Worker.Durable.Management;

/// <summary>Parameters of a call of the HTTP API. A value that cannot be read is refused; Azure ignores it.</summary>
internal sealed class ManagementQuery(IQueryCollection query)
{
    /// <summary>Most instances in one page; Azure Storage answers no more either.</summary>
    public const int MaxPageSize = 1000;

    public string? Text(string name) => query[name].ToString() is { Length: > 0 } text ? text : null;

    public bool Flag(string name, bool defaultValue)
        => Text(name) is not { } text ? defaultValue
            : bool.TryParse(text, out var value) ? value
            : throw Wrong(name, text, "true or false");

    /// <summary>A moment; UTC unless it says otherwise.</summary>
    public DateTimeOffset? Moment(string name)
        => Text(name) is not { } text ? null
            : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var value) ? value
            : throw Wrong(name, text, "a time as 2026-01-31T12:00:00Z");

    public TimeSpan? Seconds(string name)
        => Text(name) is not { } text ? null
            : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
                && value < TimeSpan.FromDays(1).TotalSeconds
                ? TimeSpan.FromSeconds(value)
                : throw Wrong(name, text, "a number of seconds, less than a day");

    public int PageSize()
        => Text("top") is not { } text ? OrchestrationQuery.DefaultPageSize
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value is > 0 and <= MaxPageSize ? value
            : throw Wrong("top", text, $"a whole number from 1 to {MaxPageSize}");

    /// <summary>Statuses by name, several separated by commas or given several times.</summary>
    /// <returns>Null for all.</returns>
    public IReadOnlyList<OrchestrationRuntimeStatus>? Statuses()
    {
        const string Name = "runtimeStatus";
        var names = query[Name].SelectMany(text => (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        List<OrchestrationRuntimeStatus> statuses =
        [
            .. names.Select(name => Enum.TryParse<OrchestrationRuntimeStatus>(name, ignoreCase: true, out var status) && char.IsLetter(name[0])
                ? status
                : throw Wrong(Name, name, string.Join(", ", Enum.GetNames<OrchestrationRuntimeStatus>()))),
        ];
        return statuses.Count == 0 ? null : statuses;
    }

    private static ManagementProblem Wrong(string name, string value, string expected)
        => ManagementProblem.BadRequest($"'{name}' is '{value}'; it must be {expected}.");
}

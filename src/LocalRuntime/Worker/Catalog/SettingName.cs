using System.Text.RegularExpressions;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;

namespace ModelJobs.LocalRuntime.Worker.Catalog;

/// <summary>Replaces <c>%Name%</c> in an attribute's text by the setting of that name.</summary>
internal static partial class SettingName
{
    /// <exception cref="FunctionWorkerException">A named setting does not exist.</exception>
    public static string Resolve(string text, IConfiguration configuration, string where)
        => Pattern().Replace(text, match => configuration[match.Groups[1].Value.Replace("__", ":", StringComparison.Ordinal)]
            ?? throw new FunctionWorkerException(
                $"{where}: '{text}' names the setting '{match.Groups[1].Value}', which is not configured."));

    [GeneratedRegex("%([^%]+)%")]
    private static partial Regex Pattern();
}

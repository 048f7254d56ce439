using System.CommandLine;
using System.Globalization;

namespace ModelJobs.Cli.Commands;

/// <summary>Options and arguments that several commands share by name and meaning.</summary>
internal static class StandardOptions
{
    /// <summary><c>--json</c></summary>
    public static Option<bool> Json() => new("--json")
    {
        Description = "Print one JSON object, as the service answers it, instead of text",
    };

    /// <summary><c>--data DIR</c></summary>
    public static Option<string> Data() => new("--data")
    {
        Description = "Folder of the local service's state and blobs; if not given, the setting LocalRuntime:DataFolder, or .local",
        HelpName = "DIR",
    };

    /// <summary><c>JOB</c></summary>
    public static Argument<string> JobId()
    {
        var job = new Argument<string>("JOB") { Description = "Id of the job" };
        job.Validators.Add(result =>
        {
            if (string.IsNullOrWhiteSpace(result.GetValue(job)))
            {
                result.AddError("JOB must not be empty. `jobs list` shows the ids.");
            }
        });
        return job;
    }

    /// <summary>An option that takes a length of time.</summary>
    /// <param name="name">Name of the option, with its dashes.</param>
    /// <param name="max">Longest value.</param>
    /// <param name="description">What it means; how to write it is added.</param>
    public static Option<TimeSpan?> Duration(string name, TimeSpan max, string description) => new(name)
    {
        Description = $"{description}: 90s, 30m, 2h, 7d or [d.]hh:mm:ss, at most {max.Days}d",
        HelpName = "TIME",
        CustomParser = result =>
        {
            var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
            if (Contracts.Duration.TryParse(text, out var value) && value <= max)
            {
                return value;
            }

            result.AddError($"{name} must be a length of time such as 90s, 30m, 2h or 7d, and at most {max.Days}d.");
            return null;
        },
    };

    /// <summary>An option that takes a whole number in a range.</summary>
    /// <param name="name">Name of the option, with its dashes.</param>
    /// <param name="min">Least value.</param>
    /// <param name="max">Largest value.</param>
    /// <param name="description">What the number means; the range is added.</param>
    /// <param name="defaultValue">The value if the option is absent; null leaves the choice to the service.</param>
    /// <param name="aliases">Other names of the option.</param>
    public static Option<int?> Number(
        string name, int min, int max, string description, int? defaultValue = null, params string[] aliases)
    {
        var option = new Option<int?>(name, aliases)
        {
            Description = $"{description}, {min} to {max}",
            HelpName = "N",
            CustomParser = result =>
            {
                var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
                if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max)
                {
                    return value;
                }

                result.AddError($"{name} must be a whole number from {min} to {max}.");
                return null;
            },
        };
        if (defaultValue is not null)
        {
            option.DefaultValueFactory = _ => defaultValue;
        }

        return option;
    }
}

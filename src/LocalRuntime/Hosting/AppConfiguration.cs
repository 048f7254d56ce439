using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace ModelJobs.LocalRuntime.Hosting;

/// <summary>The app's configuration, as <c>func start</c> builds it: local.settings.json, then the environment, then arguments.</summary>
internal static class AppConfiguration
{
    private const string SettingsFile = "local.settings.json";
    private const string SampleFile = "local.settings.sample.json";

    /// <summary>What is known before the app's root is: the environment and the arguments.</summary>
    public static IConfiguration ReadStart(string[] args)
        => new ConfigurationBuilder().AddEnvironmentVariables().AddCommandLine(args).Build();

    /// <summary>Adds all sources; later ones win.</summary>
    /// <returns>The settings file that was read; null if there is none.</returns>
    public static string? Load(ConfigurationManager configuration, string appRoot, string[] args)
    {
        var file = new[] { SettingsFile, SampleFile }
            .Select(name => Path.Combine(appRoot, name))
            .FirstOrDefault(File.Exists);
        if (file is not null)
        {
            configuration.AddInMemoryCollection(ReadValues(file));
        }

        configuration.AddEnvironmentVariables("AZURE_FUNCTIONS_");
        configuration.AddEnvironmentVariables();
        configuration.AddCommandLine(args);
        return file;
    }

    public static bool IsSample(string file) => file.EndsWith(SampleFile, StringComparison.Ordinal);

    /// <summary>
    /// The <c>Values</c> of a settings file. On Azure they would be environment variables, where <c>__</c> stands for the colon,
    /// so both spellings mean the same here too.
    /// </summary>
    private static Dictionary<string, string?> ReadValues(string file)
    {
        var options = new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(file), options);
            var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
            if (document.RootElement.TryGetProperty("Values", out var settings))
            {
                foreach (var setting in settings.EnumerateObject())
                {
                    values[setting.Name.Replace("__", ":", StringComparison.Ordinal)] = setting.Value.ValueKind switch
                    {
                        JsonValueKind.String => setting.Value.GetString(),
                        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => setting.Value.GetRawText(),
                        _ => throw new LocalRuntimeException(
                            $"{file}: 'Values.{setting.Name}' is an object or a list; settings are single values. " +
                            "Use names with ':' instead."),
                    };
                }
            }

            return values;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new LocalRuntimeException($"{file} cannot be read as settings: {exception.Message}", exception);
        }
    }
}

using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using ModelJobs.Functions.Process.Runners.Endpoints;

namespace ModelJobs.Functions.Process.Runners.Embeddings;

/// <summary>How a vector is written.</summary>
public enum VectorFormat
{
    /// <summary>An array of numbers.</summary>
    Float,

    /// <summary>A string: the base64 of the numbers' 32-bit little-endian form, about a third as long.</summary>
    Base64,
}

/// <summary>How an <see cref="EmbeddingsRunner"/> asks its model.</summary>
public sealed record EmbeddingsRunnerOptions : EndpointOptions
{
    /// <summary>Most inputs of one call.</summary>
    [Range(1, 100_000)]
    public int MaxInputsPerCall { get; init; } = 2048;

    /// <summary>Most tokens of one call, as estimated: below the 300,000 that OpenAI allows, because an estimate errs.</summary>
    [Range(1, int.MaxValue)]
    public int MaxTokensPerCall { get; init; } = 200_000;

    /// <summary>Length of the vectors, for models that offer several; the model's own if absent.</summary>
    [Range(1, 100_000)]
    public int? Dimensions { get; init; }

    /// <inheritdoc cref="VectorFormat"/>
    public VectorFormat Format { get; init; }

    /// <summary>Reads the options from a model's section.</summary>
    internal static EmbeddingsRunnerOptions Read(IConfigurationSection model)
    {
        var options = new EmbeddingsRunnerOptions();
        StrictSettings.Bind(model, options, "Runner");
        return options;
    }

    /// <summary>What is wrong with the options in a model's section; null if nothing is.</summary>
    internal static string? ProblemOf(IConfigurationSection model) =>
        StrictSettings.Problems(model, new EmbeddingsRunnerOptions(), "Runner") is { Count: > 0 } problems ? string.Join("; ", problems) : null;
}

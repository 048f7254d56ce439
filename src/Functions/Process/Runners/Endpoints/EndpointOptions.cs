using System.ComponentModel.DataAnnotations;
using ModelJobs.Functions.Process.Balance;

namespace ModelJobs.Functions.Process.Runners.Endpoints;

/// <summary>Where a model is served, and how much of it this instance may use: settings that all runners over HTTP share.</summary>
public abstract record EndpointOptions : IValidatableObject
{
    /// <summary>
    /// Address of the service: the base address of an API that is compatible with OpenAI's, as <c>https://api.openai.com/v1</c>, or of an
    /// Azure OpenAI resource, as <c>https://contoso.openai.azure.com</c>.
    /// </summary>
    public string? Endpoint { get; init; }

    /// <summary>Name of the model, as the service calls it. Not with <see cref="Deployment"/>.</summary>
    public string? Model { get; init; }

    /// <summary>Name of the deployment; makes the endpoint one of Azure OpenAI.</summary>
    public string? Deployment { get; init; }

    /// <summary>The key; without one, Azure OpenAI is called with the app's managed identity, other services without credentials.</summary>
    public string? ApiKey { get; init; }

    /// <summary>How long one call may take.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:25:00")]
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <inheritdoc cref="LimiterOptions.InitialConcurrency"/>
    [Range(1, 10_000)]
    public int InitialConcurrency { get; init; } = 4;

    /// <inheritdoc cref="LimiterOptions.MaxConcurrency"/>
    [Range(1, 10_000)]
    public int MaxConcurrency { get; init; } = 256;

    /// <inheritdoc cref="LimiterOptions.RequestsPerMinute"/>
    [Range(1, int.MaxValue)]
    public int? RequestsPerMinute { get; init; }

    /// <inheritdoc cref="LimiterOptions.TokensPerMinute"/>
    [Range(1, int.MaxValue)]
    public int? TokensPerMinute { get; init; }

    /// <summary>The name of the model or deployment.</summary>
    internal string Name => Deployment ?? Model ?? throw new InvalidOperationException("Neither Model nor Deployment is set.");

    internal LimiterOptions Limits => new()
    {
        InitialConcurrency = InitialConcurrency,
        MaxConcurrency = MaxConcurrency,
        RequestsPerMinute = RequestsPerMinute,
        TokensPerMinute = TokensPerMinute,
    };

    /// <inheritdoc/>
    public virtual IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        // The address is not repeated: someone may have put credentials into it.
        if (!Uri.TryCreate(Endpoint, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.UserInfo.Length > 0 || uri.Query.Length > 0)
        {
            yield return new("must be an address such as https://api.openai.com/v1, without user, password or query", [nameof(Endpoint)]);
        }
        else if (Deployment is { Length: > 0 } && string.IsNullOrEmpty(ApiKey) && uri.Scheme != "https")
        {
            yield return new("must be an https address: a managed identity's token is not sent over http", [nameof(Endpoint)]);
        }

        if (string.IsNullOrEmpty(Model) == string.IsNullOrEmpty(Deployment))
        {
            yield return new("set Model for a service compatible with OpenAI's, or Deployment for Azure OpenAI, and not both", [nameof(Model)]);
        }

        if (InitialConcurrency > MaxConcurrency)
        {
            yield return new($"must not be above MaxConcurrency, {MaxConcurrency}", [nameof(InitialConcurrency)]);
        }
    }

    /// <summary>What a record's own text would show: not the key.</summary>
    public sealed override string ToString() => $"{GetType().Name} of {Deployment ?? Model}";
}

using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace ModelJobs.Functions.Access;

/// <summary>The access that the app's HTTP functions were built for.</summary>
/// <param name="Access">See <see cref="BuiltAccess"/>.</param>
internal sealed record ApiBuild(ApiAccess Access);

/// <summary>
/// Stops an app at its start that would let in whom it should not: one whose build and settings differ, and one that relies on App Service
/// authentication which is off. Without it the principal of a request is a header that anybody can send.
/// </summary>
internal sealed class AccessCheck(ApiBuild build, IConfiguration configuration) : IValidateOptions<JobSettings>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, JobSettings options) => ProblemOf(options.ApiAccess) is { } problem
        ? ValidateOptionsResult.Fail(problem)
        : ValidateOptionsResult.Success;

    private string? ProblemOf(ApiAccess access) =>
        access != build.Access
            ? $"{JobSettings.Section}:{nameof(JobSettings.ApiAccess)} is {access}, but the app was built for {build.Access}: build or publish it with "
                + $"-p:ApiAccess={access} (environment variable API_ACCESS), or change the setting. docs/deploying.md, \"Who may call\""
        : access == ApiAccess.Entra && !IsOn(configuration["WEBSITE_AUTH_ENABLED"])
            ? $"{JobSettings.Section}:{nameof(JobSettings.ApiAccess)} is {access}, but App Service authentication is off (WEBSITE_AUTH_ENABLED), and anybody could "
                + "say to be anybody. Switch it on: docs/deploying.md, \"Who may call\". On one machine LocalRuntime:FakeAuthentication=true "
                + "stands in for it: docs/local-runtime.md, \"Callers with tokens\""
        : null;

    /// <summary>As the Functions host reads the variable, which the platform sets.</summary>
    private static bool IsOn(string? text) =>
        bool.TryParse(text, out var flag) ? flag : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number != 0;
}

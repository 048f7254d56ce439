using Microsoft.Azure.Functions.Worker;

namespace ModelJobs.Functions.Access;

/// <summary>What the app was built for. One of two files, which the MSBuild property <c>ApiAccess</c> chooses: this one is <c>Entra</c>.</summary>
internal static class BuiltAccess
{
    /// <summary>
    /// The host asks for no key: a token is what counts, and App Service authentication checks it before the host. That it does so is checked when
    /// the app starts (<see cref="AccessCheck"/>), and for each call (<see cref="AccessMiddleware"/>).
    /// </summary>
    public const AuthorizationLevel Level = AuthorizationLevel.Anonymous;

    /// <summary>The access that fits it.</summary>
    public const ApiAccess Access = ApiAccess.Entra;
}

using Microsoft.Azure.Functions.Worker;

namespace ModelJobs.Functions.Access;

/// <summary>What the app was built for. One of two files, which the MSBuild property <c>ApiAccess</c> chooses: this one is <c>Keys</c>.</summary>
internal static class BuiltAccess
{
    /// <summary>What the host asks of a caller of any of the app's HTTP functions. It becomes metadata, so it has to be a constant.</summary>
    public const AuthorizationLevel Level = AuthorizationLevel.Function;

    /// <summary>The access that fits it.</summary>
    public const ApiAccess Access = ApiAccess.Keys;
}

namespace ModelJobs.Functions.Access;

/// <summary>How callers of the HTTP API are let in.</summary>
public enum ApiAccess
{
    /// <summary>By function key, which the Functions host checks. Callers are not told apart.</summary>
    Keys,

    /// <summary>By a token of Microsoft Entra ID, which App Service authentication checks. Each caller sees their own jobs.</summary>
    Entra,
}

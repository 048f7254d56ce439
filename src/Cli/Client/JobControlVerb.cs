namespace ModelJobs.Cli.Client;

/// <summary>What a person can tell a job that has not ended.</summary>
internal enum JobControlVerb
{
    /// <summary>End it: what has not run is reported as canceled.</summary>
    Cancel,

    /// <summary>Begin nothing new.</summary>
    Pause,

    /// <summary>Go on after a pause.</summary>
    Resume,
}

/// <summary>Paths of verbs.</summary>
internal static class JobControlVerbs
{
    /// <summary>The last part of the verb's path.</summary>
    public static string ToPath(this JobControlVerb verb) => verb switch
    {
        JobControlVerb.Cancel => "cancel",
        JobControlVerb.Pause => "pause",
        _ => "resume",
    };
}

using System.Diagnostics;
using System.Reflection;

namespace ModelJobs.EndToEnd.Tests.Support;

/// <summary>The command line as its users start it: a process of its own.</summary>
internal static class JobsProcess
{
    /// <summary>Where the program is.</summary>
    private static string Program =>
        typeof(JobsProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "JobsProgram").Value!;

    /// <summary>How to start it away from the repository's host.json and settings: it uses the ones next to it.</summary>
    /// <param name="workingFolder">The current folder.</param>
    /// <param name="args">The command and its options.</param>
    public static ProcessStartInfo StartInfo(string workingFolder, params string[] args) => new("dotnet", [Program, .. args])
    {
        RedirectStandardError = true,
        WorkingDirectory = workingFolder,
    };
}

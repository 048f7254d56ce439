using System.Reflection;

namespace ModelJobs.Bench;

/// <summary>Places that the build knows.</summary>
internal static class BuiltPaths
{
    /// <summary>The command line, built with the same configuration.</summary>
    public static string JobsProgram => Of("JobsProgram");

    /// <summary>The folder of the peers' scripts.</summary>
    public static string Peers => Of("PeersFolder");

    /// <summary>The folder of the samples.</summary>
    public static string Samples => Of("SamplesFolder");

    private static string Of(string key) =>
        typeof(BuiltPaths).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == key).Value!;
}

using System.Diagnostics;

namespace ModelJobs.Bench.Comparison;

/// <summary>Debian's Python, whose packages the peers are.</summary>
internal static class Python
{
    public const string Program = "/usr/bin/python3";

    /// <exception cref="PeerMissingException">It has no such module.</exception>
    public static async Task RequireAsync(string module, string package)
    {
        if (!File.Exists(Program))
        {
            throw new PeerMissingException($"{Program} is not there; apt-get install {package}");
        }

        using var check = Process.Start(new ProcessStartInfo(Program, ["-c", $"import {module}"]) { RedirectStandardError = true })!;
        await check.WaitForExitAsync();
        if (check.ExitCode != 0)
        {
            throw new PeerMissingException($"{Program} has no module {module}; apt-get install {package}");
        }
    }
}

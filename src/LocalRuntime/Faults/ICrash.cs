using System.Diagnostics;

namespace ModelJobs.LocalRuntime.Faults;

/// <summary>Ends the app as a loss of power would. A test that has many apps in its process ends one of them in its own way.</summary>
internal interface ICrash
{
    /// <summary>Called once. If it returns, every operation of the app that can be struck waits forever from then on.</summary>
    void Crash(CrashPoint point);
}

/// <summary>Kills the process: no handler runs, nothing is flushed.</summary>
internal sealed class ProcessCrash : ICrash
{
    public void Crash(CrashPoint point)
    {
        // Not through the logger, which writes later.
        Console.Error.WriteLine($"Crashing at {CrashPoints.NameOf(point)}, as LocalRuntime:Faults asks");
        using var self = Process.GetCurrentProcess();
        self.Kill();
    }
}

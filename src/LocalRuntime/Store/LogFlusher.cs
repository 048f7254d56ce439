using Microsoft.Win32.SafeHandles;

namespace ModelJobs.LocalRuntime.Store;

/// <summary>
/// Forces SQLite's log to the device while more is written to it. SQLite does that itself before it copies the log into the file, and commits
/// wait for it: then for all that was written since the last time, with this for the little that came after the last flush. A help to speed
/// alone: where it fails, SQLite still does what it must.
/// </summary>
internal sealed class LogFlusher : IDisposable
{
    /// <summary>Changes after which the log is flushed: about a megabyte of it.</summary>
    private const int ChangesPerFlush = 2048;

    private readonly AutoResetEvent _due = new(initialState: false);
    private readonly SafeFileHandle _log;
    private readonly Thread _thread;
    private int _unflushed;
    private volatile bool _isClosing;

    /// <param name="log">Path of the log; it is there as long as the file is open.</param>
    public LogFlusher(string log)
    {
        _log = File.OpenHandle(log, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        _thread = new Thread(Run) { IsBackground = true, Name = "State flusher" };
        _thread.Start();
    }

    /// <summary>Tells of changes that were committed; for one thread.</summary>
    public void Written(int changes)
    {
        _unflushed += changes;
        if (_unflushed >= ChangesPerFlush)
        {
            _unflushed = 0;
            _due.Set();
        }
    }

    public void Dispose()
    {
        _isClosing = true;
        _due.Set();
        _thread.Join();
        _log.Dispose();
        _due.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            _due.WaitOne();
            if (_isClosing)
            {
                return;
            }

            try
            {
                RandomAccess.FlushToDisk(_log);
            }
            catch (IOException)
            {
                // SQLite meets the same, and says so.
            }
        }
    }
}

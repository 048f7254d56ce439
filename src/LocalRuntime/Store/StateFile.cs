using Microsoft.Data.Sqlite;
using ModelJobs.LocalRuntime.Hosting;
using SQLitePCL;

namespace ModelJobs.LocalRuntime.Store;

/// <summary>
/// The one file of state, held by this process: opened if it is whole and of this version, made if there is none. Anything else is an
/// error that names the file; it never begins anew by itself. Other programs may read the file at any time.
/// </summary>
internal sealed class StateFile : IDisposable
{
    public const string Name = "state.db";

    /// <summary>Stands for the file: a lock on the file itself would keep out those who only read.</summary>
    private const string LockName = "state.lock";

    /// <summary>How long a write waits for another program that writes to the file, which none should.</summary>
    private const int BusyTimeoutMilliseconds = 5000;

    /// <summary>How every SQLite database begins.</summary>
    private static readonly byte[] Magic = [.. "SQLite format 3\0"u8];

    private readonly DataFolderLock _lock;

    private StateFile(string path, DataFolderLock held)
    {
        Path = path;
        _lock = held;
        Connection = new SqliteConnection(ConnectionString(path, SqliteOpenMode.ReadWrite));
    }

    public string Path { get; }

    /// <summary>Where SQLite keeps the latest commits.</summary>
    public string LogPath => Path + "-wal";

    public SqliteConnection Connection { get; }

    /// <exception cref="LocalRuntimeException">Another process has it, it is damaged, or another version wrote it.</exception>
    public static StateFile Open(string folder)
    {
        var path = System.IO.Path.Combine(folder, Name);
        var file = new StateFile(path, DataFolderLock.Take(folder, LockName));
        try
        {
            file.Open();
            return file;
        }
        catch (SqliteException exception)
        {
            file.Dispose();
            throw Damaged(path, exception.Message, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            file.Dispose();
            throw new LocalRuntimeException($"The state file {path} cannot be read: {exception.Message}", exception);
        }
        catch (LocalRuntimeException)
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>What to say of a file that cannot be read.</summary>
    public static LocalRuntimeException Damaged(string path, string how, Exception? cause = null)
    {
        var message = $"The state file {path} is damaged ({how}). Put back a copy of its folder, or move the folder away to begin with " +
            $"nothing; `sqlite3 {path} .recover` prints what can be saved.";
        return cause is null ? new(message) : new(message, cause);
    }

    public void Dispose()
    {
        Connection.Dispose();
        _lock.Dispose();
    }

    private void Open()
    {
        if (!File.Exists(Path))
        {
            Create();
        }

        LookBeforeOpening();
        Connection.Open();
        var application = Number("PRAGMA application_id");
        if (application != Schema.ApplicationId)
        {
            throw Damaged(Path, "it is not a state file of this program");
        }

        var version = Number("PRAGMA user_version");
        if (version != Schema.Version)
        {
            throw new LocalRuntimeException(
                $"The state file {Path} has version {version}; this program reads version {Schema.Version}. Run the program that wrote it " +
                "until its jobs have ended, or choose another folder with --data (LocalRuntime:DataFolder).");
        }

        using (var check = new Statement(Connection, "PRAGMA quick_check(1)"))
        {
            var found = check.Query(static row => row.Text(0))[0];
            if (found != "ok")
            {
                throw Damaged(Path, found);
            }
        }

        // NORMAL: a commit is handed to the system, which keeps it whatever becomes of this process. It is not forced to the device, so a
        // loss of power may take the last commits, whole ones, off the end; the blobs, which Azurite writes, are no safer than that.
        Run("PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 8000; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY");
    }

    /// <summary>SQLite takes an empty file for a new database, and deletes the log beside it; and it drops what it cannot read of a log.</summary>
    private void LookBeforeOpening()
    {
        Span<byte> start = stackalloc byte[Magic.Length];
        using (var file = new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete))
        {
            if (file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == 0)
            {
                throw Damaged(Path, "it is empty");
            }
        }

        if (!start.SequenceEqual(Magic))
        {
            throw Damaged(Path, "it is not a database");
        }

        var log = LogPath;
        if (WriteAheadLog.FindDamage(log) is { } damage)
        {
            throw new LocalRuntimeException(
                $"The log of the state file {Path} is damaged ({log}: {damage}), and the latest changes are in it. Put back a copy of the folder, or " +
                $"go on with what can be read, without the changes after it: `sqlite3 {Path} 'PRAGMA wal_checkpoint(TRUNCATE)'`, then start again.");
        }
    }

    /// <summary>Makes the file under another name first: a file of the right name is always whole, even if this process is killed here.</summary>
    private void Create()
    {
        if (File.Exists(LogPath))
        {
            throw Damaged(Path, $"the file is gone, but {LogPath}, which holds the latest part of it, is there");
        }

        var unfinished = Path + ".new";
        foreach (var left in new[] { unfinished, unfinished + "-wal", unfinished + "-shm" })
        {
            File.Delete(left);
        }

        using (var connection = new SqliteConnection(ConnectionString(unfinished, SqliteOpenMode.ReadWriteCreate)))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText =
                $"PRAGMA journal_mode = WAL; BEGIN; {Schema.Create} PRAGMA application_id = {Schema.ApplicationId}; " +
                $"PRAGMA user_version = {Schema.Version}; COMMIT";
            command.ExecuteNonQuery();
        }

        File.Move(unfinished, Path);
    }

    private static string ConnectionString(string path, SqliteOpenMode mode)
        => new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false }.ConnectionString;

    private long Number(string sql)
    {
        using var statement = new Statement(Connection, sql);
        return statement.Query(static row => row.Integer(0))[0];
    }

    private void Run(string sql)
    {
        raw.sqlite3_busy_timeout(Connection.Handle, BusyTimeoutMilliseconds);
        using var command = Connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}

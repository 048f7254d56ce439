using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ModelJobs.LocalRuntime.Store;

/// <summary>
/// A prepared statement with numbered parameters. Every message passes through several of these: SqliteCommand looks its parameters up by
/// name and boxes their values, which costs more than SQLite itself does. Not safe for concurrent use.
/// </summary>
internal sealed class Statement : IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;

    /// <param name="connection">An open connection, which outlives the statement.</param>
    /// <param name="sql">One statement; its parameters are <c>?1</c>, <c>?2</c> and so on.</param>
    public Statement(SqliteConnection connection, string sql)
    {
        _database = connection.Handle!;
        Check(raw.sqlite3_prepare_v2(_database, sql, out _statement));
    }

    public Statement Bind(int parameter, long value)
    {
        Check(raw.sqlite3_bind_int64(_statement, parameter, value));
        return this;
    }

    public Statement Bind(int parameter, bool value) => Bind(parameter, value ? 1 : 0);

    public Statement Bind(int parameter, string? text)
    {
        if (text is null)
        {
            return BindNull(parameter);
        }

        // SQLite makes its own copy.
        const int MaxOnStack = 512;
        var size = Encoding.UTF8.GetMaxByteCount(text.Length);
        Span<byte> utf8 = size <= MaxOnStack ? stackalloc byte[MaxOnStack] : new byte[size];
        return BindUtf8(parameter, utf8[..Encoding.UTF8.GetBytes(text, utf8)]);
    }

    public Statement BindUtf8(int parameter, ReadOnlySpan<byte> text)
    {
        Check(raw.sqlite3_bind_text(_statement, parameter, text));
        return this;
    }

    public Statement Bind(int parameter, ReadOnlyMemory<byte>? bytes)
    {
        if (bytes is not { } given)
        {
            return BindNull(parameter);
        }

        // An empty span has no address, which SQLite takes for NULL.
        Check(given.IsEmpty
            ? raw.sqlite3_bind_zeroblob(_statement, parameter, 0)
            : raw.sqlite3_bind_blob(_statement, parameter, given.Span));
        return this;
    }

    /// <summary>Runs the statement to its end.</summary>
    /// <returns>How many rows it changed.</returns>
    public int Run()
    {
        try
        {
            while (Step())
            {
            }

            return raw.sqlite3_changes(_database);
        }
        finally
        {
            raw.sqlite3_reset(_statement);
        }
    }

    /// <summary>Runs a statement that must change one row.</summary>
    /// <inheritdoc cref="RunOn" path="/exception"/>
    public void RunOnOne() => RunOn(1);

    /// <summary>Runs a statement that must change so many rows.</summary>
    /// <exception cref="InvalidDataException">There are no such rows: the file does not hold what was written to it.</exception>
    public void RunOn(long rows)
    {
        if (Run() != rows)
        {
            throw new InvalidDataException($"A row that was written is missing: {raw.sqlite3_sql(_statement).utf8_to_string()}");
        }
    }

    /// <summary>Reads the rows; <paramref name="read"/> sees one row at a time through this statement.</summary>
    public List<T> Query<T>(Func<Statement, T> read)
    {
        try
        {
            var rows = new List<T>();
            while (Step())
            {
                rows.Add(read(this));
            }

            return rows;
        }
        finally
        {
            raw.sqlite3_reset(_statement);
        }
    }

    public long Integer(int column) => raw.sqlite3_column_int64(_statement, column);

    public bool Flag(int column) => Integer(column) != 0;

    public string Text(int column) => Encoding.UTF8.GetString(raw.sqlite3_column_blob(_statement, column));

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    public byte[] Bytes(int column) => raw.sqlite3_column_blob(_statement, column).ToArray();

    public bool IsNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    public void Dispose() => _statement.Dispose();

    private Statement BindNull(int parameter)
    {
        Check(raw.sqlite3_bind_null(_statement, parameter));
        return this;
    }

    private bool Step()
    {
        var result = raw.sqlite3_step(_statement);
        if (result != raw.SQLITE_DONE)
        {
            Check(result);
        }

        return result == raw.SQLITE_ROW;
    }

    private void Check(int result) => SqliteException.ThrowExceptionForRC(result, _database);
}

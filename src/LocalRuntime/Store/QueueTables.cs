using Microsoft.Data.Sqlite;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Store;

/// <summary>The tables of all queues and the statements that change them.</summary>
internal sealed class QueueTables(SqliteConnection connection) : IDisposable
{
    private readonly List<Statement> _statements = [];
    private readonly List<QueueTable> _open = [];

    /// <summary>Headers as text.</summary>
    public HeaderText Headers { get; } = new();

    public Statement AddMessage => field ??= Prepare(
        "INSERT INTO message VALUES (?1, ?2, ?3, 0, ?4, 0, 0, ?5, ?6, ?7, ?8, ?9, ?10)");

    public Statement EnqueueScheduled => field ??= Prepare(
        "UPDATE message SET id = ?2, enqueued_sequence_number = ?3, enqueued_ticks = ?4, scheduled = 0 WHERE id = ?1");

    public Statement RemoveMessages => field ??= Prepare("DELETE FROM message WHERE id BETWEEN ?1 AND ?2");

    public Statement UnlockMessage => field ??= Prepare(
        """
        UPDATE message SET failed_deliveries = failed_deliveries + ?2,
          properties = CASE WHEN ?3 IS NULL THEN properties ELSE json_patch(coalesce(properties, '{}'), ?3) END
        WHERE id = ?1
        """);

    public Statement DeferMessage => field ??= Prepare(
        """
        UPDATE message SET deferred = 1,
          properties = CASE WHEN ?2 IS NULL THEN properties ELSE json_patch(coalesce(properties, '{}'), ?2) END
        WHERE id = ?1
        """);

    public Statement DeadLetterMessage => field ??= Prepare(
        """
        UPDATE message SET dead_letter = ?4, deferred = 0, failed_deliveries = failed_deliveries + ?2,
          properties = CASE WHEN ?3 IS NULL THEN properties ELSE json_patch(coalesce(properties, '{}'), ?3) END
        WHERE id = ?1
        """);

    public Statement Hold => field ??= Prepare("INSERT OR IGNORE INTO held SELECT id FROM message WHERE id BETWEEN ?1 AND ?2");

    public Statement LetGo => field ??= Prepare("DELETE FROM held WHERE id BETWEEN ?1 AND ?2");

    public Statement LockSession => field ??= Prepare(
        "INSERT INTO session (queue, id, locked) VALUES (?1, ?2, 1) ON CONFLICT DO UPDATE SET locked = 1 WHERE locked = 0");

    public Statement UnlockSession => field ??= Prepare("UPDATE session SET locked = 0 WHERE queue = ?1 AND id = ?2");

    public Statement SetSessionState => field ??= Prepare(
        "INSERT INTO session (queue, id, locked, state) VALUES (?1, ?2, 0, ?3) ON CONFLICT DO UPDATE SET state = excluded.state");

    public Statement ForgetSession => field ??= Prepare(
        "DELETE FROM session WHERE queue = ?1 AND id = ?2 AND locked = 0 AND state IS NULL");

    public Statement Accept => field ??= Prepare(
        "INSERT INTO accepted SELECT id, enqueued_ticks, message_id FROM message WHERE id BETWEEN ?1 AND ?2");

    public Statement AcceptScheduled => field ??= Prepare("INSERT INTO accepted VALUES (?1, ?2, ?3)");

    /// <summary>Times go with numbers, so it looks no further than the first that is still remembered.</summary>
    public Statement ForgetAccepted => field ??= Prepare(
        """
        DELETE FROM accepted WHERE id BETWEEN ?1 AND
          coalesce((SELECT id FROM accepted WHERE id BETWEEN ?1 AND ?2 AND accepted_ticks > ?3 ORDER BY id LIMIT 1) - 1, ?2)
        """);

    public Statement SetNextNumber => field ??= Prepare("UPDATE queue SET next_sequence_number = ?2 WHERE id = ?1");

    public Statement FindQueue => field ??= Prepare("SELECT id, next_sequence_number FROM queue WHERE name = ?1");

    public Statement AddQueue => field ??= Prepare("INSERT INTO queue (name, next_sequence_number) VALUES (?1, 1)");

    public Statement ReadAccepted => field ??= Prepare(
        "SELECT id, accepted_ticks, message_id FROM accepted WHERE id BETWEEN ?1 AND ?2 ORDER BY accepted_ticks, id");

    public Statement ReadSessions => field ??= Prepare("SELECT id, locked, state FROM session WHERE queue = ?1 ORDER BY id");

    public Statement ReadMessages => field ??= Prepare(
        """
        SELECT m.id, enqueued_sequence_number, enqueued_ticks, dead_letter, scheduled, deferred, failed_deliveries,
          message_id, session_id, correlation_id, header, properties, body, held.id IS NOT NULL
        FROM message m LEFT JOIN held ON held.id = m.id WHERE m.id BETWEEN ?1 AND ?2 ORDER BY m.id
        """);

    /// <summary>A queue by name; one that is new is added.</summary>
    public QueueTable Open(QueueDefinition definition)
    {
        var found = FindQueue.Bind(1, definition.Name).Query(static row => (Id: row.Integer(0), Next: row.Integer(1)));
        if (found.Count == 0)
        {
            AddQueue.Bind(1, definition.Name).RunOnOne();
            return Open(definition);
        }

        var table = new QueueTable(this, definition, found[0].Id, found[0].Next);
        _open.Add(table);
        return table;
    }

    /// <summary>Writes what is written once for a whole transaction.</summary>
    public void Finish() => _open.ForEach(table => table.Finish());

    public void Dispose() => _statements.ForEach(statement => statement.Dispose());

    private Statement Prepare(string sql)
    {
        var statement = new Statement(connection, sql);
        _statements.Add(statement);
        return statement;
    }
}

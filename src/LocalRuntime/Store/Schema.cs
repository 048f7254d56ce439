namespace ModelJobs.LocalRuntime.Store;

/// <summary>
/// The tables: the state as it is, not how it came about, so that the file is as large as the state and any tool can read it. Two
/// things are apart from the messages they belong to: locks, as a row is rewritten whole, body and all, when a column of it changes; and
/// the ids for duplicate detection, which outlive their messages.
/// </summary>
internal static class Schema
{
    /// <summary>In the file's header; tells a state file from any other SQLite database. "MJst".</summary>
    public const int ApplicationId = 0x4D4A7374;

    /// <summary>In the file's header; goes up with each change of the tables.</summary>
    public const int Version = 2;

    /// <summary>Bits of a message's <c>id</c> that hold its sequence number; the queue's id is above them.</summary>
    public const int SequenceBits = 40;

    public const string Create =
        """
        CREATE TABLE starts (count INTEGER NOT NULL);
        INSERT INTO starts VALUES (0);

        CREATE TABLE queue (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE, next_sequence_number INTEGER NOT NULL);
        CREATE TABLE message (
          id INTEGER PRIMARY KEY,
          enqueued_sequence_number INTEGER NOT NULL, enqueued_ticks INTEGER NOT NULL,
          dead_letter INTEGER NOT NULL, scheduled INTEGER NOT NULL, deferred INTEGER NOT NULL, failed_deliveries INTEGER NOT NULL,
          message_id TEXT, session_id TEXT, correlation_id TEXT, header TEXT, properties TEXT, body BLOB NOT NULL);
        CREATE TABLE held (id INTEGER PRIMARY KEY);
        CREATE TABLE session (
          queue INTEGER NOT NULL, id TEXT NOT NULL, locked INTEGER NOT NULL, state BLOB, PRIMARY KEY (queue, id)) WITHOUT ROWID;
        CREATE TABLE accepted (id INTEGER PRIMARY KEY, accepted_ticks INTEGER NOT NULL, message_id TEXT NOT NULL);

        CREATE TABLE hub (executions INTEGER NOT NULL, timers INTEGER NOT NULL, history_events INTEGER NOT NULL);
        INSERT INTO hub VALUES (0, 0, 0);
        CREATE TABLE instance (
          id TEXT PRIMARY KEY, name TEXT NOT NULL, execution INTEGER NOT NULL, updated_at TEXT NOT NULL,
          has_started INTEGER NOT NULL, is_suspended INTEGER NOT NULL, custom_status TEXT, started TEXT NOT NULL, completed TEXT)
          WITHOUT ROWID;
        CREATE TABLE history (
          instance TEXT NOT NULL, position INTEGER NOT NULL, event TEXT NOT NULL, PRIMARY KEY (instance, position)) WITHOUT ROWID;
        CREATE TABLE inbox (position INTEGER PRIMARY KEY, instance TEXT NOT NULL, event TEXT NOT NULL);
        CREATE INDEX inbox_by_instance ON inbox (instance, position);
        CREATE TABLE timer (
          instance TEXT NOT NULL, task_id INTEGER NOT NULL, fire_at TEXT NOT NULL, sequence INTEGER NOT NULL,
          PRIMARY KEY (instance, task_id)) WITHOUT ROWID;
        CREATE TABLE child (instance TEXT NOT NULL, child TEXT NOT NULL, PRIMARY KEY (instance, child)) WITHOUT ROWID;
        CREATE TABLE activity (
          instance TEXT NOT NULL, execution INTEGER NOT NULL, task_id INTEGER NOT NULL, name TEXT NOT NULL, input TEXT,
          PRIMARY KEY (instance, execution, task_id)) WITHOUT ROWID;

        CREATE VIEW messages AS
          SELECT queue.name AS queue, m.id & 0xFFFFFFFFFF AS sequence_number,
            CASE WHEN m.dead_letter = 1 THEN 'dead letter' WHEN m.dead_letter THEN 'transfer dead letter' WHEN m.scheduled THEN 'scheduled' WHEN m.deferred THEN 'deferred' ELSE 'active' END
              AS state,
            m.id IN (SELECT id FROM held) AS locked, m.failed_deliveries,
            datetime(m.enqueued_ticks / 10000000 - 62135596800, 'unixepoch') AS enqueued_at,
            m.message_id, m.session_id, m.correlation_id, m.header, m.properties, m.body
          FROM message m JOIN queue ON queue.id = m.id >> 40;
        """;
}

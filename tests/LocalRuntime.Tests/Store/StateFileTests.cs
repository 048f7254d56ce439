using Microsoft.Data.Sqlite;
using ModelJobs.LocalRuntime.Broker;
using ModelJobs.LocalRuntime.Engine;
using ModelJobs.LocalRuntime.Hosting;
using ModelJobs.LocalRuntime.Store;
using ModelJobs.LocalRuntime.Tests.Broker;
using ModelJobs.LocalRuntime.Tests.Engine;
using ModelJobs.LocalRuntime.Tests.Hosting;

namespace ModelJobs.LocalRuntime.Tests.Store;

public sealed class StateFileTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static TheoryData<string, Action<string>> Damages => new()
    {
        { "it is empty", file => File.WriteAllBytes(file, []) },
        { "not a database", file => File.WriteAllText(file, string.Join(' ', Enumerable.Range(0, 10_000))) },
        { "malformed", file => Cut(file, File.ReadAllBytes(file).Length / 2) },
        { "malformed", file => Cut(file, 4096) },
        { "is damaged (", file => Overwrite(file, at: 4096) },
        { "it is not a state file", file => Run(file, "PRAGMA application_id = 5") },
        { "has version 99", file => Run(file, "PRAGMA user_version = 99") },
        {
            "the file is gone",
            file =>
            {
                File.Move(file, file + "-wal");
            }
        },
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public void Open_OfADamagedFile_SaysWhatIsWrongAndWhatToDo(string problem, Action<string> damage)
    {
        using var folder = Filled();
        var file = Path.Combine(folder.Path, StateFile.Name);
        damage(file);

        var exception = Assert.Throws<LocalRuntimeException>(() => Load(folder.Path));

        Assert.Contains(problem, exception.Message, StringComparison.Ordinal);
        Assert.Contains(file, exception.Message, StringComparison.Ordinal);
        Assert.Contains("folder", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("UPDATE message SET header = '{'")]
    [InlineData("UPDATE instance SET started = '{\"EventType\":\"NoSuchEvent\"}'")]
    public void Load_OfARowThatCannotBeRead_NamesTheFile(string sql)
    {
        using var folder = Filled();
        var file = Path.Combine(folder.Path, StateFile.Name);
        Run(file, sql);

        var exception = Assert.Throws<LocalRuntimeException>(() => Load(folder.Path));

        Assert.Contains(file, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_WhileAnotherHasIt_SaysSo()
    {
        using var folder = new AppFolder();
        using var first = StateStore.Open(folder.Path);

        var exception = Assert.Throws<LocalRuntimeException>(() => StateStore.Open(folder.Path));

        Assert.Contains("in use by another app", exception.Message, StringComparison.Ordinal);
        Assert.Contains(folder.Path, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_AfterAKillWhileTheFileWasMade_MakesItAgain()
    {
        using var folder = new AppFolder();
        File.WriteAllText(Path.Combine(folder.Path, StateFile.Name + ".new"), "half");

        using var store = StateStore.Open(folder.Path);

        Assert.Equal(1, store.Starts);
    }

    [Fact]
    public async Task Append_WhenTheFileCannotBeWritten_FailsAndStaysFailed()
    {
        using var folder = new StateFolder();
        var definition = QueueView.Definition(sessions: false);
        using var queue = new BrokerQueue(definition, TimeProvider.System, new Random(1), folder.Store.JournalOf(definition));
        Run(folder.File, "DROP TABLE message");

        var first = await Assert.ThrowsAsync<LocalRuntimeException>(() => queue.SendAsync([new SentMessage()]).AsTask());
        var failed = await folder.Store.Failed.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<LocalRuntimeException>(() => queue.SendAsync([new SentMessage()]).AsTask());

        Assert.Same(failed, first);
        Assert.Contains(folder.File, first.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Messages_View_ShowsTheQueuesWhileTheyAreInUse()
    {
        using var folder = new StateFolder();
        var definition = QueueView.Definition(sessions: false);
        using var queue = new BrokerQueue(definition, TimeProvider.System, new Random(1), folder.Store.JournalOf(definition));
        await queue.SendAsync([new SentMessage { MessageId = "a" }]);

        using var connection = new SqliteConnection($"Data Source={folder.File};Mode=ReadOnly;Pooling=false");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT queue || ' ' || sequence_number || ' ' || state || ' ' || message_id FROM messages";

        Assert.Equal("q 1 active a", command.ExecuteScalar());
    }

    /// <summary>A folder with the state of a stopped app that held some messages and an orchestration.</summary>
    private static AppFolder Filled()
    {
        var folder = new AppFolder();
        using var store = StateStore.Open(folder.Path);
        var journal = store.JournalOf(QueueView.Definition(sessions: false));
        journal.Load();
        journal.Append([.. Enumerable.Range(1, 50).Select(i => new MessageEnqueued(i, new SentMessage { MessageId = $"{i}", Body = new byte[500] }, Start))]);
        var hub = new TaskHub();
        store.JournalOfHub().Append(hub.Apply(new InstanceCreated("a", new Events(Start.UtcDateTime).Started("A"))).Rows);
        return folder;
    }

    private static void Load(string folder)
    {
        using var store = StateStore.Open(folder);
        store.JournalOf(QueueView.Definition(sessions: false)).Load();
        store.JournalOfHub().Load();
    }

    private static void Cut(string file, int length)
    {
        using var stream = new FileStream(file, FileMode.Open);
        stream.SetLength(length);
    }

    private static void Overwrite(string file, int at)
    {
        using var stream = new FileStream(file, FileMode.Open);
        stream.Position = at;
        stream.Write(new byte[(int)stream.Length - at]);
    }

    private static void Run(string file, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=false");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}

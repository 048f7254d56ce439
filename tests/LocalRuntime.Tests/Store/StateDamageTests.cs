using CsCheck;
using Microsoft.Data.Sqlite;
using ModelJobs.LocalRuntime.Broker;
using ModelJobs.LocalRuntime.Hosting;
using ModelJobs.LocalRuntime.Store;
using ModelJobs.LocalRuntime.Tests.Broker;
using ModelJobs.LocalRuntime.Tests.Hosting;

namespace ModelJobs.LocalRuntime.Tests.Store;

/// <summary>What a start makes of files that are not as a stopped or killed app left them: all of the state, or an error that says what to do.</summary>
public sealed class StateDamageTests : IClassFixture<StateDamageTests.KilledApp>
{
    private readonly KilledApp _app;

    public StateDamageTests(KilledApp app) => _app = app;

    public static TheoryData<string, Func<byte[], byte[]>> LogDamages => new()
    {
        { "zeros", log => new byte[log.Length] },
        { "text", _ => "this is not a log"u8.ToArray() },
        { "another file", _ => [.. Enumerable.Range(0, 10_000).Select(i => (byte)(i * 7))] },
        { "a flipped bit in its header", log => Flipped(log, at: 20) },
        { "a flipped bit in its first frame", log => Flipped(log, at: 32 + 24 + 100) },
        { "a flipped bit in its middle", log => Flipped(log, at: log.Length / 2) },
        { "no header", log => log[32..] },
        { "zeros from its middle on", log => [.. log[..(log.Length / 2)], .. new byte[log.Length / 2]] },
        { "a part of it twice", log => [.. log[..(log.Length / 2)], .. log[..(log.Length / 2)]] },
    };

    [Fact]
    public void Load_OfWhatAKillLeaves_GivesAllOfIt() => Assert.Equal(KilledApp.Messages, Load(_app.Database, _app.Log));

    [Theory]
    [MemberData(nameof(LogDamages))]
    public void Open_WithADamagedLog_SaysSoAndHowToGoOnWithWhatCanBeRead(string what, Func<byte[], byte[]> damage)
    {
        using var folder = Folder(_app.Database, damage(_app.Log));
        var file = Path.Combine(folder.Path, StateFile.Name);

        var exception = Assert.Throws<LocalRuntimeException>(() => Load(folder.Path));

        Assert.Contains(file + "-wal", exception.Message, StringComparison.Ordinal);
        Assert.Contains($"`sqlite3 {file} 'PRAGMA wal_checkpoint(TRUNCATE)'`", exception.Message, StringComparison.Ordinal);
        using (var connection = new SqliteConnection($"Data Source={file};Pooling=false"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
            command.ExecuteNonQuery();
        }
        var left = Load(folder.Path);
        Assert.True(left.Count < KilledApp.Messages.Count && left.SequenceEqual(KilledApp.Messages.Take(left.Count)), what);
    }

    [Fact]
    public void Load_OfALogThatIsCutOffAnywhere_GivesWholeCommitsFromTheBeginning()
        => Gen.Int[0, _app.Log.Length].Sample(
            length =>
            {
                var loaded = Load(_app.Database, _app.Log[..length]);

                Assert.Equal(KilledApp.Messages.Take(loaded.Count), loaded);
                // Each commit has as many messages.
                Assert.Equal(0, (loaded.Count - KilledApp.Checkpointed) % KilledApp.MessagesInACommit);
            },
            iter: 20);

    [Fact]
    public void Open_AfterAnyDamage_GivesAllMessagesOrNamesTheFile()
        => Gen.Select(Damage.Any(_app.Database.Length), Gen.Bool).Where((damage, ofTheLog) => !ofTheLog || damage.Kind != "cut").Sample(
            (damage, ofTheLog) =>
            {
                using var folder = ofTheLog ? Folder(_app.Database, damage.On(_app.Log)) : Folder(damage.On(_app.Database), _app.Log);
                List<long> loaded;
                try
                {
                    loaded = Load(folder.Path);
                }
                catch (LocalRuntimeException exception)
                {
                    Assert.Contains(Path.Combine(folder.Path, StateFile.Name), exception.Message, StringComparison.Ordinal);
                    return;
                }
                // Damage to the very last commit of a log cannot be told from a kill while it was written.
                Assert.Equal(KilledApp.Messages.Take(loaded.Count), loaded);
                Assert.InRange(loaded.Count, KilledApp.Messages.Count - (ofTheLog ? KilledApp.MessagesInACommit : 0), KilledApp.Messages.Count);
            },
            iter: long.TryParse(Environment.GetEnvironmentVariable("MODELJOBS_DAMAGES"), out var asked) ? asked : 60);

    private static byte[] Flipped(byte[] bytes, int at)
    {
        byte[] flipped = [.. bytes];
        flipped[at] ^= 0x10;
        return flipped;
    }

    private static List<long> Load(byte[] database, byte[] log)
    {
        using var folder = Folder(database, log);
        return Load(folder.Path);
    }

    private static List<long> Load(string folder)
    {
        using var store = StateStore.Open(folder);
        store.JournalOfHub().Load();
        return [.. store.JournalOf(QueueView.Definition(sessions: false)).Load().Messages.Select(message => message.SequenceNumber)];
    }

    private static AppFolder Folder(byte[] database, byte[] log)
    {
        var folder = new AppFolder();
        File.WriteAllBytes(Path.Combine(folder.Path, StateFile.Name), database);
        File.WriteAllBytes(Path.Combine(folder.Path, StateFile.Name + "-wal"), log);
        return folder;
    }

    /// <summary>Something that happens to a file; its places are fractions of the file.</summary>
    private sealed record Damage(string Kind, double At, int Length)
    {
        public static Gen<Damage> Any(int fileBytes) => Gen.Select(
            Gen.OneOf("flip", "zero", "cut", "repeat"), Gen.Double[0, 1], Gen.OneOf(Gen.Int[1, 16], Gen.Int[1, 8192], Gen.Int[1, fileBytes]),
            (kind, at, length) => new Damage(kind, at, length));

        public byte[] On(byte[] bytes)
        {
            byte[] damaged = [.. bytes];
            var at = (int)(At * (bytes.Length - 1));
            var part = damaged.AsSpan(at, Math.Min(Length, damaged.Length - at));
            switch (Kind)
            {
                case "flip":
                    part[0] ^= (byte)(1 << (Length % 8));
                    break;
                case "zero":
                    part.Clear();
                    break;
                case "cut":
                    return damaged[..at];
                default:
                    bytes.AsSpan(0, part.Length).CopyTo(part);
                    break;
            }
            return damaged;
        }
    }

    /// <summary>The files of an app that was killed, with older messages in the file and later ones in the log.</summary>
    public sealed class KilledApp
    {
        public const int Checkpointed = 300;
        public const int Commits = 20;
        public const int MessagesInACommit = 5;

        public static readonly List<long> Messages = [.. Enumerable.Range(1, Checkpointed + (Commits * MessagesInACommit)).Select(number => (long)number)];

        public KilledApp()
        {
            using var folder = new StateFolder();
            SendAsync(folder.Store, Checkpointed).GetAwaiter().GetResult();
            folder.Reopen();
            for (var commit = 0; commit < Commits; commit++)
            {
                SendAsync(folder.Store, MessagesInACommit).GetAwaiter().GetResult();
            }
            // As they are, with the store open.
            Database = Read(folder.File);
            Log = Read(folder.File + "-wal");
        }

        public byte[] Database { get; }

        public byte[] Log { get; }

        private static async Task SendAsync(StateStore store, int count)
        {
            var definition = QueueView.Definition(sessions: false);
            using var queue = new BrokerQueue(definition, TimeProvider.System, new Random(1), store.JournalOf(definition));
            await queue.SendAsync([.. Enumerable.Range(0, count).Select(i => new SentMessage { Body = new byte[300] })]);
        }

        private static byte[] Read(string file)
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
    }
}

using System.Collections.Concurrent;
using CsCheck;
using ModelJobs.LocalRuntime.Tests.Store;

namespace ModelJobs.LocalRuntime.Tests.Broker.Model;

/// <summary>
/// Random operations on a broker, its journal and its clock, held against <see cref="ModelNamespace"/>. A failure prints the shortest sequence
/// that was found and its seed; the environment variable CsCheck_Seed runs it again. MODELJOBS_BROKER_OPERATIONS asks for more of them.
/// </summary>
public sealed class BrokerModelTests(ITestOutputHelper output) : IDisposable
{
    private const int MaxOperationsInAHistory = 300;
    private const long Operations = 108_000;

    // The order is that of BrokerWorld: plain, with sessions, for dead letters, one that forwards and where to, a topic and its subscriptions.
    private static readonly Gen<int> Target = Pick(7, 9, 1, 4, 2, 4, 0, 0, 1);
    private static readonly Gen<int> Source = Pick(7, 9, 3, 1, 5, 1, 3, 3);

    /// <summary>Mostly one of the latest things.</summary>
    private static readonly Gen<int> Recent = Gen.Frequency((6, Gen.Int[0, 3]), (2, Gen.Int[0, 20]));

    private static readonly Gen<int> Part = Gen.Frequency((8, Gen.Const(0)), (2, Gen.Const(1)), (1, Gen.Const(2)));
    private static readonly Gen<int> Lease = Gen.Frequency((1, Gen.Const(-1)), (9, Gen.Int[0, 3]));
    private static readonly Gen<int> Transaction = Gen.Frequency((5, Gen.Const(-1)), (4, Gen.Int[0, 1]));
    private static readonly Gen<int> SessionQueue = Pick(1, 20);
    private static readonly Gen<bool> Seldom = Gen.Frequency((4, Gen.Const(false)), (1, Gen.Const(true)));
    private static readonly Gen<ModelSettlement> Settlement = Gen.OneOf(
        ModelSettlement.Complete, ModelSettlement.Abandon, ModelSettlement.Abandon, ModelSettlement.Defer, ModelSettlement.DeadLetter);

    private static readonly Gen<MessageSeed> Message = Gen.Select(
        Gen.Int[0, 14], Gen.Frequency((1, Gen.Const(-1)), (40, Gen.Int[0, 2])), Gen.Int[0, 2], Gen.Int[0, 3],
        Gen.Frequency((3, Gen.Const(0)), (1, Gen.Int[1, 4])), Gen.Frequency((4, Gen.Const(0)), (1, Gen.Int[1, 3])))
        .Select((id, session, subject, body, live, due) => new MessageSeed(id, session, subject, body, live, due));

    private static readonly Gen<IOperation> Plain = Gen.Frequency(
        (20, Op(Gen.Select(Target, Message.Array[1, 3], Transaction, Gen.Bool).Select((q, m, t, s) => new Send(q, m, t, s)))),
        (3, Op(Gen.Select(Recent, Transaction).Select((n, t) => new Cancel(n, t)))),
        (20, Op(Gen.Select(Source, Part, Lease, Gen.Int[1, 4], Seldom).Select((q, p, l, m, d) => new Receive(q, p, l, m, d)))),
        (6, Op(Gen.Select(Recent, Lease, Gen.Frequency((2, Gen.Const(default(int?))), (1, Recent.Select(n => (int?)n))))
            .Select((d, l, o) => new ReceiveDeferred(d, l, o)))),
        (24, Op(Gen.Select(Recent, Settlement, Gen.Bool, Transaction, Seldom).Select((h, s, c, t, a) => new Settle(h, s, c, t, a)))),
        (3, Op(Recent.Select(h => new RenewLock(h)))),
        (2, Op(Gen.Select(Source, Part, Lease, Gen.Int[0, 12], Gen.Int[1, 5]).Select((q, p, l, f, m) => new Peek(q, p, l, f, m)))),
        (3, Op(Gen.Select(SessionQueue, Gen.Int[0, 2]).Select((q, s) => new AcceptSession(q, s)))),
        (5, Op(SessionQueue.Select(q => new AcceptNextSession(q)))),
        (8, Op(Gen.Select(Gen.Int[0, 2], Gen.Enum<SessionAction>(), Transaction, Seldom).Select((l, a, t, g) => new OnSession(l, a, t, g)))),
        (5, Op(Gen.Select(Gen.Int[0, 1], Gen.Frequency((2, Gen.Const(-1)), (3, Pick(5, 5, 1, 0, 1)))).Select((s, v) => new BeginTransaction(s, v)))),
        (6, Op(Gen.Select(Gen.Int[0, 1], Gen.Frequency((3, Gen.Const(true)), (1, Gen.Const(false)))).Select((s, c) => new EndTransaction(s, c)))));

    private static readonly Gen<IOperation> Any = Gen.Frequency(
        (100, Plain),
        (2, Op(Gen.Int[1, 3].Select(minutes => new WaitForMessage(minutes)))),
        (3, Op(Gen.Int[1, 3].Select(minutes => new Advance(minutes)))),
        (6, Op(Gen.Int[-1, 1].Select(plus => new AdvanceToNextMoment(plus)))),
        (1, Op(Gen.Const(new Restart()))),
        (1, Op(Gen.Int[0, 4].Select(operations => new Crash(operations)))),
        (1, Op(Plain.Select(operation => new CrashWithin(operation)))));

    private readonly ConcurrentBag<StateFolder> _folders = [];
    private long _done;

    public void Dispose()
    {
        foreach (var folder in _folders)
        {
            folder.Dispose();
        }
    }

    [Fact]
    public void Broker_UnderAnyOperations_DoesAsTheModelSays()
    {
        var operations = long.TryParse(Environment.GetEnvironmentVariable("MODELJOBS_BROKER_OPERATIONS"), out var asked) ? asked : Operations;

        Any.Array[0, MaxOperationsInAHistory].Sample(
            Run, output.WriteLine, iter: operations * 2 / MaxOperationsInAHistory, print: Shrink);

        output.WriteLine($"{_done} operations");
    }

    /// <summary>Leaves out operations, many at a time and then single ones, as long as it still fails.</summary>
    private string Shrink(IOperation[] operations)
    {
        for (var size = operations.Length / 2; size > 0; size /= 2)
        {
            for (var from = 0; from < operations.Length;)
            {
                IOperation[] fewer = [.. operations[..from], .. operations[Math.Min(from + size, operations.Length)..]];
                if (Fails(fewer) is null)
                {
                    from += size;
                }
                else
                {
                    operations = fewer;
                }
            }
        }
        return $"{string.Join('\n', operations.Select(Describe))}\n{Fails(operations)?.Message}";
    }

    private Exception? Fails(IOperation[] operations)
    {
        try
        {
            Run(operations);
            return null;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            return exception;
        }
    }

    private void Run(IOperation[] operations)
    {
        Interlocked.Add(ref _done, operations.Length);
        // Each history has queues of its own, so histories can share a store, one after another.
        if (!_folders.TryTake(out var folder))
        {
            folder = new StateFolder();
        }
        try
        {
            using var world = new BrokerWorld(folder.Store);
            Array.ForEach(operations, world.Do);
            world.Look();
        }
        finally
        {
            _folders.Add(folder);
        }
    }

    /// <summary>One of the first numbers, each with its weight.</summary>
    private static Gen<int> Pick(params int[] weights)
        => Gen.Frequency([.. weights.Select((weight, number) => (weight, (IGen<int>)Gen.Const(number)))]);

    private static Gen<IOperation> Op<T>(Gen<T> gen)
        where T : IOperation
        => gen.Select(operation => (IOperation)operation);

    private static string Describe(IOperation operation)
        => operation switch
        {
            Send send => $"Send {{ Queue = {send.Queue}, Transaction = {send.Transaction}, Schedules = {send.Schedules} }} {string.Join(' ', send.Messages.AsEnumerable())}",
            CrashWithin { Operation: var within } => $"CrashWithin {Describe(within)}",
            _ => $"{operation}",
        };
}

using System.Globalization;
using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.Time.Testing;
using ModelJobs.LocalRuntime.Broker;
using ModelJobs.LocalRuntime.Store;

namespace ModelJobs.LocalRuntime.Tests.Broker.Model;

/// <summary>
/// A broker and the model of it, side by side: each operation is done to both, and both must answer the same. What was received, accepted
/// or begun so far is kept, so that later operations can use it, also after it became stale.
/// </summary>
internal sealed partial class BrokerWorld : IDisposable
{
    /// <summary>Bounds a wait for the broker, so that a failing test fails instead of hanging.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Between operations. With it, and times that are whole minutes otherwise, no two operations cause something at the same moment in two
    /// queues, of which one could not say what comes first.
    /// </summary>
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);

    /// <summary>How many operations a crash can undo.</summary>
    private const int Undoable = 5;

    /// <summary>Operations between two looks at everything.</summary>
    private const int LookEvery = 8;

    private static int _worlds;

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly StateStore _store;
    private readonly Queue<(ModelNamespace Model, int Length)> _history = new();
    private readonly List<(ModelWait Model, Task<Delivery[]> Real)> _waits = [];
    private readonly Dictionary<ModelLease, SessionLease> _leases = [];
    private RecordingJournal _journal = null!;
    private MessageBroker _broker = null!;
    private ModelNamespace _model;
    private int _starts;
    private int _operations;
    private bool _atOnce;
    private int _lengthBefore;

    public BrokerWorld(StateStore store)
    {
        _store = store;
        Settings = Queues($"{Interlocked.Increment(ref _worlds)}.");
        _model = new ModelNamespace(Settings, message => ToSent(message).Bytes, Now);
        Start();
    }

    public IReadOnlyList<ModelSettings> Settings { get; }

    public DateTimeOffset Now => _time.GetUtcNow();

    /// <summary>Received messages.</summary>
    public List<(ModelHandle Model, long Number, Guid Token)> Handles { get; } = [];

    /// <summary>Messages that were deferred.</summary>
    public List<(string Queue, ModelPart Part, long Number)> Deferred { get; } = [];

    /// <summary>Accepted sessions.</summary>
    public List<(ModelLease Model, SessionLease Real)> Leases { get; } = [];

    /// <summary>Numbers of messages, by queue.</summary>
    public List<(string Queue, long Number)> Numbers { get; } = [];

    /// <summary>Transactions that were begun, each with the entity that it sends through.</summary>
    public (ModelTransaction Model, BrokerTransaction Real, string? Via)?[] Transactions { get; } = new (ModelTransaction, BrokerTransaction, string?)?[2];

    public static SentMessage ToSent(ModelMessage message) => new()
    {
        MessageId = message.Id,
        SessionId = message.Session,
        Subject = message.Subject,
        Body = new byte[message.BodyBytes],
        TimeToLive = message.SentTimeToLive ?? TimeSpan.MaxValue,
        ScheduledEnqueueTime = message.DueAt ?? default,
        Properties = message.Properties.ToDictionary(property => property.Key, property => (object)property.Value),
    };

    public ModelSettings Pick(int queue) => Settings[queue % Settings.Count];

    /// <summary>A transaction if there is one in the slot; else the operation is to be done without.</summary>
    public (ModelTransaction Model, BrokerTransaction Real, string? Via)? PickTransaction(int slot) => slot < 0 ? null : Transactions[slot];

    /// <summary>A part of a queue; of one with sessions a session that was accepted, if any was.</summary>
    public (string Queue, SubQueue Part, (ModelLease Model, SessionLease Real)? Lease) PickSource(int queue, int part, int lease)
    {
        var settings = Pick(queue);
        return (settings.Name, (SubQueue)part, settings.Sessions && part == 0 ? PickLease(settings.Name, lease) : null);
    }

    /// <summary>A session of a queue that was accepted; null if none was, or if the number is negative.</summary>
    public (ModelLease Model, SessionLease Real)? PickLease(string queue, int lease)
    {
        var leases = Leases.Where(held => held.Model.Queue == queue).ToList();
        return lease < 0 || leases.Count == 0 ? null : leases[^((lease % leases.Count) + 1)];
    }

    public ReceiveSource SourceOf(ModelHandle handle)
        => new((SubQueue)handle.Part, handle.Lease is { } lease ? _leases[lease] : null);

    public void Accept(string queue, Func<ModelNamespace, string, ModelLease> model, Func<BrokerQueue, ValueTask<SessionLease>> real)
    {
        ModelLease? lease = null;
        Ask(
            given =>
            {
                lease = model(given, queue);
                return lease.Session;
            },
            broker =>
            {
                var accepted = Get(real(broker.Find(queue)));
                Leases.Add((lease!, accepted));
                _leases.Add(lease!, accepted);
                return accepted.SessionId;
            });
    }

    /// <summary>Does an operation, and whatever comes before and after it.</summary>
    public void Do(IOperation operation)
    {
        if (!_atOnce)
        {
            AdvanceTo(Now + Tick);
        }
        _atOnce = false;
        _lengthBefore = _journal.Length;
        operation.Do(this);
        CheckWaits();
        if (++_operations % LookEvery == 0)
        {
            Look();
        }
        _history.Enqueue((_model.Clone(), _journal.Length));
        if (_history.Count > Undoable)
        {
            _history.Dequeue();
        }
    }

    /// <summary>Holds everything that can be seen of the broker against the model.</summary>
    public void Look() => Equal(
        string.Join('\n', _model.Describe()),
        string.Join('\n', Settings.SelectMany(settings => Describe(_broker.Find(settings.Name)))));

    /// <summary>Asks both, and holds their answers against each other; a refusal is an answer.</summary>
    /// <returns>The answer.</returns>
    public string Ask(Func<ModelNamespace, string> model, Func<MessageBroker, string> real)
    {
        string expected, actual;
        try
        {
            expected = model(_model);
        }
        catch (ModelRefusal refusal)
        {
            expected = refusal.Message;
        }
        try
        {
            actual = real(_broker);
        }
        catch (ServiceBusException exception)
        {
            actual = $"{exception.Reason}";
        }
        catch (InvalidOperationException)
        {
            actual = "InvalidOperation";
        }
        Equal(expected, actual);
        return actual;
    }

    public static T Get<T>(ValueTask<T> task) => task.IsCompletedSuccessfully ? task.Result : Get(task.AsTask());

    public static void Get(ValueTask task) => Get(task.IsCompletedSuccessfully ? Task.FromResult(true) : Await(task));

    public void Wait(ModelWait model, Task<Delivery[]> real) => _waits.Add((model, real));

    public void Begin(int slot, string? via) => Transactions[slot] = (new ModelTransaction(_model), _broker.BeginTransaction(), via);

    public void Dispose() => _broker.Dispose();

    /// <summary>Keeps what was received for later operations.</summary>
    public IEnumerable<string> Take(string queue, Delivery[] deliveries, IReadOnlyList<(ModelMessage Seen, ModelHandle? Handle)> model)
    {
        foreach (var (delivery, (_, handle)) in deliveries.Zip(model))
        {
            Numbers.Add((queue, delivery.SequenceNumber));
            if (handle is not null)
            {
                Handles.Add((handle, delivery.SequenceNumber, delivery.LockToken));
            }
        }
        return [.. deliveries.Select(delivery => Describe(delivery, delivery.DeliveryCount - 1) + Until(delivery.LockedUntil))];
    }

    public static IEnumerable<string> Describe(IReadOnlyList<(ModelMessage Seen, ModelHandle? Handle)> received)
        => received.Select(message => message.Seen + Until(message.Seen.LockedUntil));

    public static string Describe(Delivery delivery, int failed)
        => string.Create(CultureInfo.InvariantCulture, $"{delivery.SequenceNumber}/{delivery.EnqueuedSequenceNumber} {delivery.Content.MessageId} of ")
            + $"{delivery.Content.SessionId} '{delivery.Content.Subject}' {delivery.State} failed {failed} at {delivery.EnqueuedTime:O} for {delivery.TimeToLive} "
            + $"from {delivery.DeadLetterSource} "
            + string.Join(' ', delivery.Content.Properties.OrderBy(property => property.Key, StringComparer.Ordinal).Select(property => $"{property.Key}={property.Value}"));

    private static string Until(DateTimeOffset lockedUntil) => $" until {lockedUntil:O}";

    private static async Task<bool> Await(ValueTask task)
    {
        await task.ConfigureAwait(false);
        return true;
    }

    // Everything that the tests ask for is there at once; what comes over a thread comes soon.
    private static T Get<T>(Task<T> task) => task.WaitAsync(Patience, TestContext.Current.CancellationToken).GetAwaiter().GetResult();

    private static void Equal(string expected, string actual)
    {
        if (expected != actual)
        {
            throw new InvalidDataException($"The model says\n{expected}\nand the broker says\n{actual}");
        }
    }

    private static IEnumerable<string> Describe(BrokerQueue queue)
    {
        var counts = queue.Counts;
        yield return $"{queue.Name}: {counts.Active} active, {counts.Scheduled} scheduled, {counts.Deferred} deferred, {counts.DeadLetter} dead, " +
            $"{counts.TransferDeadLetter} kept, {queue.SizeInBytes} bytes";
        foreach (var (part, name) in new[] { (SubQueue.None, ModelPart.Main), (SubQueue.DeadLetter, ModelPart.DeadLetter), (SubQueue.TransferDeadLetter, ModelPart.TransferDeadLetter) })
        {
            var deliveries = Get(queue.PeekAsync(new ReceiveSource(part, Session: null), 0, BrokerLimits.MaxPeekedMessages));
            foreach (var delivery in deliveries)
            {
                yield return $"  {name} {Describe(delivery, delivery.DeliveryCount)}";
            }
        }
    }

    private void CheckWaits()
    {
        foreach (var (model, real) in _waits.Where(wait => !wait.Model.IsOpen || wait.Real.IsCompleted).ToList())
        {
            var deliveries = Get(real);
            Equal(
                model.IsOpen ? "still waiting" : string.Join('\n', Describe(model.Result)),
                string.Join('\n', Take(model.Queue, deliveries, model.Result)));
            _waits.Remove((model, real));
        }
    }
}

using Amqp.Framing;
using Amqp.Types;
using Azure.Messaging.ServiceBus;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Amqp;

/// <summary>
/// A link that holds a session. It is attached when it has one; while there is none to have, the client's attach waits for its
/// answer, but never longer than the client does. A link that is closed lets go of the session; one that is lost leaves it to its lock, so
/// that messages of a client that died count as delivered.
/// </summary>
internal sealed class SessionOutgoingLink : QueueOutgoingLink
{
    public static readonly Symbol Filter = new("com.microsoft:session-filter");
    private static readonly Symbol LockedUntil = new("com.microsoft:locked-until-utc");
    private static readonly Symbol WaitProperty = new("com.microsoft:timeout");

    private readonly Source _source;
    private readonly string? _sessionId;
    private readonly CancellationTokenSource _accepting = new();

    public SessionOutgoingLink(AmqpSession session, Attach attach, Source source, string path, BrokerQueue queue)
        : base(session, attach, path, queue, SubQueue.None)
    {
        _source = source;
        var filter = source.FilterSet[Filter];
        _sessionId = (filter is DescribedValue described ? described.Value : filter) switch
        {
            null => null,
            string id => id,
            _ => throw new AmqpRefusal(AmqpConditions.InvalidField, $"The value of the filter {Filter} must be a string or null."),
        };
    }

    /// <summary>The hold on the session; null before there is one.</summary>
    public SessionLease? Lease { get; private set; }

    public new BrokerQueue Queue => base.Queue;

    protected override ReceiveSource Source => new(SubQueue.None, Lease);

    public override void Attach() => _ = AcceptAsync();

    public override void Dispose()
    {
        _accepting.Dispose();
        base.Dispose();
    }

    protected override void OnEnd(bool isClean)
    {
        _accepting.Cancel();
        base.OnEnd(isClean);
        if (isClean && Lease is { } lease)
        {
            Queue.ReleaseSession(lease);
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            var lease = _sessionId is null
                ? await Queue.AcceptNextSessionAsync(Patience(), _accepting.Token).ConfigureAwait(false)
                : await Queue.AcceptSessionAsync(_sessionId).ConfigureAwait(false);
            lock (Connection.Gate)
            {
                if (IsDetached)
                {
                    Queue.ReleaseSession(lease);
                }
                else
                {
                    Connection.Enter(() => Answer(lease));
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The client has gone.
        }
        catch (Exception exception)
        {
            Connection.Enter(() => Detach(exception));
        }
    }

    private void Answer(SessionLease lease)
    {
        Lease = lease;
        _source.FilterSet[Filter] = lease.SessionId;
        WriteAttach(new Attach
        {
            Source = _source,
            Target = Asked.Target,
            Properties = new Fields { [LockedUntil] = lease.LockedUntil.UtcTicks },
        });
        Pump();
    }

    /// <summary>How long the client waits, in milliseconds; it has its own way to say so.</summary>
    private TimeSpan Patience() => (Asked.Properties?[WaitProperty]) switch
    {
        uint milliseconds => TimeSpan.FromMilliseconds(milliseconds),
        int and >= 0 and var milliseconds => TimeSpan.FromMilliseconds(milliseconds),
        ulong and <= uint.MaxValue and var milliseconds => TimeSpan.FromMilliseconds(milliseconds),
        long and >= 0 and <= uint.MaxValue and var milliseconds => TimeSpan.FromMilliseconds(milliseconds),
        _ => Connection.Services.SessionWait,
    };
}

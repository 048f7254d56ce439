using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Amqp;

/// <summary>What a client may use of the endpoint; those that a client is told are the service's.</summary>
internal static class AmqpLimits
{
    /// <summary>Bytes of a frame, in both directions.</summary>
    public const int MaxFrameBytes = 64 * 1024;

    /// <summary>Bytes of a frame that the protocol promises to take before frame sizes are agreed on.</summary>
    public const int MinMaxFrameBytes = 512;

    /// <summary>Bytes of a frame before the client has shown who it is.</summary>
    public const int MaxSaslFrameBytes = 4 * 1024;

    /// <summary>Values in values: no client nests deeper, and a deeper nest would exhaust the stack.</summary>
    public const int MaxDepth = 32;

    /// <summary>Bytes of one delivery, which is a message or a batch.</summary>
    public const int MaxDeliveryBytes = BrokerLimits.MaxMessageBytes;

    /// <summary>Bytes of a session's state or of the messages in a management request, with what is around them.</summary>
    public const int MaxRequestBytes = 2 * BrokerLimits.MaxMessageBytes;

    /// <summary>Bytes of the messages that one peek brings, unless the first alone has more.</summary>
    public const int MaxPeekedBytes = 1024 * 1024;

    /// <summary>Connections at once.</summary>
    public const int MaxConnections = 1000;

    /// <summary>Sessions of a connection: channels 0 to this.</summary>
    public const ushort MaxChannel = 4999;

    /// <summary>Links of a session: handles 0 to this.</summary>
    public const uint MaxHandle = 254;

    /// <summary>Links of a connection, over all its sessions.</summary>
    public const int MaxLinks = 5000;

    /// <summary>Entities that a connection can show tokens for.</summary>
    public const int MaxClaims = 5000;

    /// <summary>Deliveries that a client may send on a link before the first is answered.</summary>
    public const int LinkCredit = 200;

    /// <summary>Transfer frames that a client may send on a session; renewed with every credit.</summary>
    public const uint SessionWindow = int.MaxValue;

    /// <summary>Messages that a link takes from its queue at once.</summary>
    public const int MaxTaken = 64;

    /// <summary>Bytes that wait for a client to read them before nothing more is done for it.</summary>
    public const int MaxUnreadBytes = 256 * 1024;

    /// <summary>Bytes of a connection's deliveries that are not on disk yet before nothing more is read from it.</summary>
    public const int MaxUnansweredBytes = 8 * 1024 * 1024;

    /// <summary>Bytes of a connection's deliveries that came in part.</summary>
    public const int MaxPartBytes = 16 * 1024 * 1024;

    /// <summary>Answers to requests that wait for the client's credit.</summary>
    public const int MaxUnsentReplies = 200;

    /// <summary>Open transactions of a connection.</summary>
    public const int MaxTransactions = 100;

    /// <summary>How long a client may take to say hello.</summary>
    public static readonly TimeSpan OpenTimeout = TimeSpan.FromSeconds(30);

    /// <summary>A client that is silent for this long is gone. It is told half of it, as the protocol advises.</summary>
    public static readonly TimeSpan MaxSilence = TimeSpan.FromMinutes(4);

    /// <summary>How often silence and expired tokens are looked for; a client that asks for shorter signs of life gets them.</summary>
    public static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(15);

    /// <summary>Signs of life are not sent more often than this, whatever a client asks for.</summary>
    public static readonly TimeSpan MinTickInterval = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a client may take to read the last frames once its connection is being closed.</summary>
    public static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(5);
}

using Azure.Core;
using ModelJobs.LocalRuntime.Broker;

namespace Azure.Messaging.ServiceBus;

/// <summary>
/// Makes senders and receivers for the queues of one namespace. It connects on first use: the namespace's broker and
/// the queue are looked up then, and errors of the address show then.
/// </summary>
public class ServiceBusClient : IAsyncDisposable
{
    private static long _clients;

    private readonly ServiceBusClientOptions _options = new();
    private readonly CancellationTokenSource _closing = new();

    public ServiceBusClient(string connectionString)
        : this(connectionString, new ServiceBusClientOptions())
    {
    }

    public ServiceBusClient(string connectionString, ServiceBusClientOptions? options)
        : this(options, HostOf(connectionString))
    {
    }

    public ServiceBusClient(string fullyQualifiedNamespace, TokenCredential credential)
        : this(fullyQualifiedNamespace, credential, new ServiceBusClientOptions())
    {
    }

    public ServiceBusClient(string fullyQualifiedNamespace, TokenCredential credential, ServiceBusClientOptions? options)
        : this(options, fullyQualifiedNamespace)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(fullyQualifiedNamespace);
        ArgumentNullException.ThrowIfNull(credential);
    }

    protected ServiceBusClient()
    {
        FullyQualifiedNamespace = "";
        Identifier = "";
    }

    private ServiceBusClient(ServiceBusClientOptions? options, string fullyQualifiedNamespace)
    {
        _options = options ?? new ServiceBusClientOptions();
        FullyQualifiedNamespace = fullyQualifiedNamespace;
        Identifier = _options.Identifier ?? NextIdentifier(fullyQualifiedNamespace);
    }

    public virtual string FullyQualifiedNamespace { get; }

    public virtual bool IsClosed => _closing.IsCancellationRequested;

    public virtual string Identifier { get; }

    public ServiceBusTransportType TransportType => _options.TransportType;

    /// <summary>Set when the client is disposed, which closes its receivers.</summary>
    internal CancellationToken Closing => _closing.Token;

    /// <summary>How long to wait when a call does not say.</summary>
    internal TimeSpan TryTimeout => _options.RetryOptions.TryTimeout;

    public virtual ServiceBusSender CreateSender(string queueOrTopicName) => CreateSender(queueOrTopicName, new ServiceBusSenderOptions());

    public virtual ServiceBusSender CreateSender(string queueOrTopicName, ServiceBusSenderOptions? options)
        => new ConnectedSender(this, queueOrTopicName, options);

    public virtual ServiceBusReceiver CreateReceiver(string queueName) => CreateReceiver(queueName, new ServiceBusReceiverOptions());

    public virtual ServiceBusReceiver CreateReceiver(string queueName, ServiceBusReceiverOptions? options)
        => new ConnectedReceiver(this, queueName, options);

    /// <summary>Takes the next session that has messages and no holder, in the order in which sessions became so.</summary>
    /// <exception cref="ServiceBusException">There was none until the try timeout (ServiceTimeout).</exception>
    public virtual async Task<ServiceBusSessionReceiver> AcceptNextSessionAsync(
        string queueName,
        ServiceBusSessionReceiverOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var queue = ConnectForSessions(queueName);
        var lease = await ClosableWait.RunAsync(
            static (wait, stop) => wait.queue.AcceptNextSessionAsync(wait.TryTimeout, stop),
            (queue, TryTimeout),
            Closing,
            cancellationToken).ConfigureAwait(false);
        return new ServiceBusSessionReceiver(this, queue, lease, options);
    }

    /// <summary>Takes a session, whether or not it has messages.</summary>
    /// <exception cref="ServiceBusException">Another receiver holds it (SessionCannotBeLocked).</exception>
    public virtual async Task<ServiceBusSessionReceiver> AcceptSessionAsync(
        string queueName,
        string sessionId,
        ServiceBusSessionReceiverOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sessionId);
        cancellationToken.ThrowIfCancellationRequested();
        var queue = ConnectForSessions(queueName);
        var lease = await queue.AcceptSessionAsync(sessionId).ConfigureAwait(false);
        return new ServiceBusSessionReceiver(this, queue, lease, options);
    }

    /// <summary>Closes the client's receivers, sessions included; its senders refuse to send from now on.</summary>
    public virtual ValueTask DisposeAsync()
    {
        _closing.Cancel();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>Finds a queue in the namespace's broker.</summary>
    /// <exception cref="ServiceBusException">
    /// No broker runs for the namespace (ServiceCommunicationProblem), or it has no such queue (MessagingEntityNotFound).
    /// </exception>
    internal BrokerQueue Connect(QueuePath path)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        return BrokerDirectory.Find(FullyQualifiedNamespace).Find(path.Queue);
    }

    /// <summary>Names a client, sender or receiver; unique in this process.</summary>
    internal static string NextIdentifier(string of) => FormattableString.Invariant($"{of}-{Interlocked.Increment(ref _clients)}");

    private BrokerQueue ConnectForSessions(string queueName)
    {
        var path = QueuePath.Parse(queueName);
        return path.IsDeadLetter
            ? throw new InvalidOperationException($"'{path}' is a dead-letter queue, which has no sessions. Use CreateReceiver.")
            : Connect(path);
    }

    private static string HostOf(string connectionString)
        => ServiceBusConnectionStringProperties.Parse(connectionString).FullyQualifiedNamespace
            ?? throw new ArgumentException("The connection string has no Endpoint=sb://<host> part.", nameof(connectionString));

    // The public types have constructors for mocks and derived types alone; these two make real ones.
    private sealed class ConnectedSender(ServiceBusClient client, string queue, ServiceBusSenderOptions? options)
        : ServiceBusSender(client, queue, options);

    private sealed class ConnectedReceiver(ServiceBusClient client, string queue, ServiceBusReceiverOptions? options)
        : ServiceBusReceiver(client, queue, options);
}

using Azure.Core;
using ModelJobs.LocalRuntime.Broker;

namespace Azure.Messaging.ServiceBus;

/// <summary>
/// Makes senders and receivers for the queues, topics and subscriptions of one namespace. It connects on first use: the namespace's
/// broker and the entity are looked up then, and errors of the address show then.
/// </summary>
public class ServiceBusClient : IAsyncDisposable
{
    private static long _clients;

    private readonly ServiceBusClientOptions _options = new();
    private readonly CancellationTokenSource _closing = new();
    private string? _via;

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

    public virtual ServiceBusReceiver CreateReceiver(string topicName, string subscriptionName)
        => CreateReceiver(topicName, subscriptionName, new ServiceBusReceiverOptions());

    public virtual ServiceBusReceiver CreateReceiver(string topicName, string subscriptionName, ServiceBusReceiverOptions? options)
        => new ConnectedReceiver(this, SubscriptionPath(topicName, subscriptionName), options);

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

    /// <inheritdoc cref="AcceptNextSessionAsync(string, ServiceBusSessionReceiverOptions, CancellationToken)"/>
    public virtual Task<ServiceBusSessionReceiver> AcceptNextSessionAsync(
        string topicName,
        string subscriptionName,
        ServiceBusSessionReceiverOptions? options = null,
        CancellationToken cancellationToken = default)
        => AcceptNextSessionAsync(SubscriptionPath(topicName, subscriptionName), options, cancellationToken);

    /// <inheritdoc cref="AcceptSessionAsync(string, string, ServiceBusSessionReceiverOptions, CancellationToken)"/>
    public virtual Task<ServiceBusSessionReceiver> AcceptSessionAsync(
        string topicName,
        string subscriptionName,
        string sessionId,
        ServiceBusSessionReceiverOptions? options = null,
        CancellationToken cancellationToken = default)
        => AcceptSessionAsync(SubscriptionPath(topicName, subscriptionName), sessionId, options, cancellationToken);

    /// <summary>Closes the client's receivers, sessions included; its senders refuse to send from now on.</summary>
    public virtual ValueTask DisposeAsync()
    {
        _closing.Cancel();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>The entity through which this client's transactions send; null if they are bound to one entity each.</summary>
    internal string? Via => Volatile.Read(ref _via);

    /// <summary>Whether operations join the caller's transaction.</summary>
    internal bool JoinsTransactions => !_options.StaysOutOfTransactions;

    /// <summary>Finds a queue in the namespace's broker, to receive from it.</summary>
    /// <inheritdoc cref="Connect" path="/exception"/>
    /// <exception cref="InvalidOperationException">The client's transactions are bound to another entity.</exception>
    internal BrokerQueue ConnectReceiver(QueuePath path)
    {
        var queue = Connect(path);
        return Via is not { } via || via.Equals(QueuePath.TopLevelOf(queue.Name), StringComparison.OrdinalIgnoreCase)
            ? queue
            : throw new InvalidOperationException(
                $"With EnableCrossEntityTransactions the first entity that a client uses, '{via}', is the only one that it receives from. " +
                $"Receive from '{path}' first, or with another client.");
    }

    /// <summary>Finds a queue in the namespace's broker.</summary>
    /// <exception cref="ServiceBusException">
    /// No broker runs for the namespace (ServiceCommunicationProblem), or it has no such queue (MessagingEntityNotFound).
    /// </exception>
    internal BrokerQueue Connect(QueuePath path)
    {
        var queue = Broker().Find(path.Queue);
        if (_options.EnableCrossEntityTransactions)
        {
            Interlocked.CompareExchange(ref _via, QueuePath.TopLevelOf(queue.Name), null);
        }
        return queue;
    }

    /// <summary>The namespace's broker.</summary>
    /// <exception cref="ServiceBusException">None runs for the namespace (ServiceCommunicationProblem).</exception>
    internal MessageBroker Broker()
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        return BrokerDirectory.Find(FullyQualifiedNamespace);
    }

    /// <summary>Names a client, sender or receiver; unique in this process.</summary>
    internal static string NextIdentifier(string of) => FormattableString.Invariant($"{of}-{Interlocked.Increment(ref _clients)}");

    private BrokerQueue ConnectForSessions(string queueName)
    {
        var path = QueuePath.Parse(queueName);
        return path.IsDeadLetter
            ? throw new InvalidOperationException($"'{path}' is a dead-letter queue, which has no sessions. Use CreateReceiver.")
            : ConnectReceiver(path);
    }

    private static string SubscriptionPath(string topicName, string subscriptionName)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(topicName);
        ArgumentException.ThrowIfNullOrWhiteSpace(subscriptionName);
        return QueuePath.OfSubscription(topicName, subscriptionName);
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

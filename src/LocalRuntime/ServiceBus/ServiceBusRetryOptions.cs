namespace Azure.Messaging.ServiceBus;

/// <summary>
/// How a client waits and retries. A broker in the same process answers at once or not at all, so of these only
/// <see cref="TryTimeout"/> has an effect: the wait of a receive without a maximum, and of accepting the next session.
/// </summary>
public class ServiceBusRetryOptions
{
    /// <summary>The wait of a receive, and of accepting the next session, when nothing else is said.</summary>
    internal static readonly TimeSpan DefaultTryTimeout = TimeSpan.FromSeconds(60);

    private TimeSpan _tryTimeout = DefaultTryTimeout;
    private int _maxRetries = 3;

    public ServiceBusRetryMode Mode { get; set; } = ServiceBusRetryMode.Exponential;

    public int MaxRetries
    {
        get => _maxRetries;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 100);
            _maxRetries = value;
        }
    }

    public TimeSpan Delay { get; set; } = TimeSpan.FromSeconds(0.8);

    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromSeconds(60);

    public TimeSpan TryTimeout
    {
        get => _tryTimeout;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, TimeSpan.FromHours(1));
            _tryTimeout = value;
        }
    }
}

namespace ModelJobs.LocalRuntime.Hosting;

/// <summary><c>extensions.serviceBus</c> of host.json.</summary>
internal sealed record ServiceBusHostOptions
{
    public int PrefetchCount { get; init; }

    /// <summary>Invocations side by side of a function that takes single messages without sessions.</summary>
    public int MaxConcurrentCalls { get; init; } = 16;

    /// <summary>Sessions side by side of a function that takes sessions.</summary>
    public int MaxConcurrentSessions { get; init; } = 8;

    /// <summary>Most messages in one invocation of a batched function.</summary>
    public int MaxMessageBatchSize { get; init; } = 1000;

    public TimeSpan MaxAutoLockRenewalDuration { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a session may be empty before another takes its place; the real default is the client's try time-out.</summary>
    public TimeSpan SessionIdleTimeout { get; init; } = TimeSpan.FromMinutes(1);

    public bool AutoCompleteMessages { get; init; } = true;

    public static ServiceBusHostOptions Read(SettingsSection section)
    {
        var defaults = new ServiceBusHostOptions();
        var options = new ServiceBusHostOptions
        {
            PrefetchCount = section.Integer("prefetchCount", defaults.PrefetchCount, min: 0),
            MaxConcurrentCalls = section.Integer("maxConcurrentCalls", defaults.MaxConcurrentCalls, min: 1),
            MaxConcurrentSessions = section.Integer("maxConcurrentSessions", defaults.MaxConcurrentSessions, min: 1),
            MaxMessageBatchSize = section.Integer("maxMessageBatchSize", defaults.MaxMessageBatchSize, min: 1),
            MaxAutoLockRenewalDuration = section.Duration("maxAutoLockRenewalDuration", defaults.MaxAutoLockRenewalDuration),
            SessionIdleTimeout = section.Duration("sessionIdleTimeout", defaults.SessionIdleTimeout),
            AutoCompleteMessages = section.Boolean("autoCompleteMessages", defaults.AutoCompleteMessages),
        };

        // Other values would change what a function sees, so they are refused rather than ignored.
        section.Integer("maxConcurrentCallsPerSession", 1, min: 1, max: 1);
        section.Integer("minMessageBatchSize", 1, min: 1, max: 1);
        section.RejectUnknown("clientRetryOptions", "transportType", "webProxy", "maxBatchWaitTime", "enableCrossEntityTransactions");
        return options;
    }
}

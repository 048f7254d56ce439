namespace ModelJobs.Functions.Notify;

/// <summary>What a webhook is to be told: the input of <see cref="WebhookOrchestrator"/> and of each attempt.</summary>
/// <param name="Job">The job.</param>
/// <param name="Round">The round of it that has ended.</param>
/// <param name="Url">The receiver.</param>
/// <param name="Body">The body of the call: made once, so that each attempt says the same.</param>
internal sealed record WebhookOrder(string Job, int Round, string Url, string Body)
{
    /// <summary>Names what the receiver is told, and so is the same in each attempt: <c>webhook-id</c>.</summary>
    public string Id => WebhookOrchestrator.InstanceId(Job, Round);

    /// <summary>What a record's own text would show: not the address, which may hold a token.</summary>
    public override string ToString() => Id;
}

/// <summary>What came of an attempt, as its orchestration has to know it.</summary>
internal enum WebhookOutcome
{
    /// <summary>The job has not quite ended: nothing was sent.</summary>
    JobRuns,

    /// <summary>The job was deleted: nothing was sent, and nothing will be.</summary>
    JobDeleted,

    /// <summary>The receiver has taken it.</summary>
    Delivered,

    /// <summary>The receiver wants no more calls.</summary>
    Gone,

    /// <summary>It failed, and can be tried again.</summary>
    Failed,
}

/// <summary>What came of an attempt.</summary>
/// <param name="Outcome">In a word.</param>
/// <param name="Status">HTTP status of the answer; null if there was none.</param>
/// <param name="Error">Why there was none; null if there was one.</param>
/// <param name="RetryAfter">How long the receiver wants to be left alone, at most; zero if it did not say.</param>
/// <param name="Jitter">Share of the next wait that it is made longer by, so that the calls of many jobs spread out.</param>
internal sealed record WebhookAttempt(WebhookOutcome Outcome, int? Status = null, string? Error = null, TimeSpan RetryAfter = default, double Jitter = 0);

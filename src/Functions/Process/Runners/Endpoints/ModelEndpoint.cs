using ModelJobs.Functions.Process.Balance;
using OpenAI;

namespace ModelJobs.Functions.Process.Runners.Endpoints;

/// <summary>A model's endpoint: calls are made when the limiter lets them, and no longer than their time-out, and each failure is told apart.</summary>
internal sealed class ModelEndpoint : IDisposable
{
    /// <summary>Longest that a call waits for its turn: a chunk has to end well within the function time-out, with what its other calls take.</summary>
    public static readonly TimeSpan MaxWait = TimeSpan.FromMinutes(10);

    private readonly EndpointOptions _options;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;
    private readonly AdaptiveLimiter _limiter;

    /// <param name="options">Where it is, and its limits.</param>
    /// <param name="time">The clock.</param>
    /// <param name="handler">What carries calls; connections of its own if null.</param>
    public ModelEndpoint(EndpointOptions options, TimeProvider time, HttpMessageHandler? handler)
    {
        _options = options;
        _time = time;
        _http = new HttpClient(handler ?? EndpointClients.CreateHandler(options.MaxConcurrency)) { Timeout = Timeout.InfiniteTimeSpan };
        _limiter = new AdaptiveLimiter(options.Limits, time);
        Client = EndpointClients.Create(options, _http);
    }

    /// <summary>The official client of it. Its calls belong into <see cref="CallAsync"/>.</summary>
    public OpenAIClient Client { get; }

    /// <summary>What decides when calls are made.</summary>
    public AdaptiveLimiter Limiter => _limiter;

    /// <summary>Makes a call.</summary>
    /// <param name="share">On whose behalf.</param>
    /// <param name="tokens">How many tokens it is expected to use.</param>
    /// <param name="call">The call. What it returns was read whole.</param>
    /// <param name="tokensOf">How many tokens an answer says that it used; null if it does not say.</param>
    /// <param name="cancellationToken">Ends the wait for the limiter, or the call.</param>
    /// <returns>The answer, or why there is none.</returns>
    /// <exception cref="OperationCanceledException">Cancelled by the caller.</exception>
    public async Task<(T? Answer, CallFailure? Failure)> CallAsync<T>(
        JobShare share, int tokens, Func<CancellationToken, Task<T>> call, Func<T, long?> tokensOf, CancellationToken cancellationToken)
        where T : class
    {
        using var measured = RunMeter.BeginCall();
        using var permit = await AcquireAsync(share, tokens, cancellationToken);
        if (permit is null)
        {
            return (null, CallFailure.NotMade(MaxWait));
        }

        measured?.Made();
        using var timeout = new CancellationTokenSource(_options.Timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var head = AnswerHead.Listen();
        try
        {
            var answer = await call(either.Token);
            permit.Complete(new CallFeedback(CallResult.Answered, (int?)tokensOf(answer), Limits(head)));
            return (answer, null);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            var limits = Limits(head);
            var failure = CallFailure.Of(exception, head, limits, _options);
            permit.Complete(new CallFeedback(failure.Result, Limits: limits));
            if (failure.Result is CallResult.Throttled)
            {
                measured?.Refused();
            }

            return (null, failure);
        }
    }

    /// <returns>Null if the call's turn does not come in time.</returns>
    private async Task<CallPermit?> AcquireAsync(JobShare share, int tokens, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(MaxWait, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            return await _limiter.AcquireAsync(share, tokens, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Refuses the calls that wait, and breaks those under way.</summary>
    public void Dispose()
    {
        _limiter.Dispose();
        _http.Dispose();
    }

    private RateLimitHeaders Limits(AnswerHead head) => RateLimitHeaders.Read(head.Find, _time.GetUtcNow());
}

using System.Text.Json;
using Microsoft.Extensions.AI;
using ModelJobs.Contracts;
using ModelJobs.Functions.Process.Balance;
using ModelJobs.Functions.Process.Runners.Endpoints;

namespace ModelJobs.Functions.Process.Runners.Chat;

/// <summary>
/// Asks a language model behind an API that is compatible with OpenAI's, or behind Azure OpenAI: a call per item, the items of all chunks side by
/// side as far as the endpoint bears it. docs/models.md shows inputs, outputs and failures.
/// </summary>
public sealed class ChatRunner : IBalancedRunner, ITokenCounter, IDisposable
{
    private readonly ChatRequestReader _requests;
    private readonly ChatOutput _output;
    private readonly ModelEndpoint _endpoint;
    private readonly IChatClient _client;
    private readonly TokenEstimate _estimate = new();

    /// <param name="options">The endpoint and how to ask it.</param>
    /// <param name="time">The clock.</param>
    public ChatRunner(ChatRunnerOptions options, TimeProvider time)
        : this(options, time, handler: null)
    {
    }

    internal ChatRunner(ChatRunnerOptions options, TimeProvider time, HttpMessageHandler? handler)
    {
        _requests = new ChatRequestReader(options);
        _output = options.Output;
        _endpoint = new ModelEndpoint(options, time, handler);
        _client = _endpoint.Client.GetChatClient(options.Name).AsIChatClient();
    }

    /// <inheritdoc/>
    public LimiterSnapshot Balance => _endpoint.Limiter.Snapshot();

    /// <inheritdoc/>
    public bool HasBudget => _endpoint.Limiter.HasBudget;

    /// <inheritdoc/>
    public void ShareAmong(int instances, TimeSpan pause) => _endpoint.Limiter.ShareAmong(instances, pause);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ItemOutcome>> RunAsync(IReadOnlyList<ItemCall> items, CancellationToken cancellationToken)
    {
        var outcomes = new ItemOutcome[items.Count];
        await Task.WhenAll(items.Select(async (item, place) => outcomes[place] = await RunOrEndAsync(item, cancellationToken)));
        return outcomes;
    }

    /// <inheritdoc/>
    public TokenCounts CountTokens(JsonElement input)
    {
        if (!_requests.TryRead(input, out var request, out _))
        {
            return new TokenCounts(0, 0);
        }

        var sent = _estimate.Of(request.Characters, maxOutputTokens: 0);
        return new TokenCounts(sent, Math.Max(0, _estimate.Of(request.Characters, request.MaxOutputTokens) - sent));
    }

    /// <inheritdoc/>
    public void Dispose() => _endpoint.Dispose();

    // An item that is answered when the run is ended keeps its answer: it was paid for.
    private async Task<ItemOutcome> RunOrEndAsync(ItemCall item, CancellationToken cancellationToken)
    {
        try
        {
            return await RunAsync(item, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ItemOutcome.Canceled;
        }
    }

    private async Task<ItemOutcome> RunAsync(ItemCall item, CancellationToken cancellationToken)
    {
        if (!_requests.TryRead(item.Item.Input, out var request, out var problem))
        {
            return ItemOutcome.Permanent("invalid_input", problem);
        }

        var (answer, failure) = await _endpoint.CallAsync(
            item.Share ?? JobShare.Unknown,
            _estimate.Of(request.Characters, request.MaxOutputTokens),
            async token => ChatAnswer.Read(await _client.GetResponseAsync(request.Messages, request.ToOptions(), token)),
            answer => answer.Usage?.InputTokens + answer.Usage?.OutputTokens,
            cancellationToken);
        if (answer is null)
        {
            return failure!.Outcome;
        }

        if (answer.Usage is { } usage)
        {
            _estimate.Learn(request.Characters, request.MaxOutputTokens, usage.InputTokens + usage.OutputTokens);
        }

        return _output is ChatOutput.Completion ? ItemOutcome.Succeeded(answer.Completion, answer.Usage) : answer.ToContent(request.AsksForJson);
    }
}

using System.Runtime.InteropServices;
using System.Text.Json;
using ModelJobs.Contracts;
using ModelJobs.Functions.Process.Balance;
using ModelJobs.Functions.Process.Runners.Endpoints;
using OpenAI.Embeddings;

namespace ModelJobs.Functions.Process.Runners.Embeddings;

/// <summary>
/// Turns texts into vectors by a model behind an API that is compatible with OpenAI's, or behind Azure OpenAI: a chunk in as few calls as the
/// endpoint allows. A call that is refused for what was sent is halved until the item at fault is alone. docs/models.md shows inputs and outputs.
/// </summary>
public sealed class EmbeddingsRunner : IBalancedRunner, ITokenCounter, IDisposable
{
    private readonly EmbeddingsRunnerOptions _options;
    private readonly ModelEndpoint _endpoint;
    private readonly EmbeddingClient _client;
    private readonly TokenEstimate _estimate = new();

    /// <param name="options">The endpoint and how to ask it.</param>
    /// <param name="time">The clock.</param>
    public EmbeddingsRunner(EmbeddingsRunnerOptions options, TimeProvider time)
        : this(options, time, handler: null)
    {
    }

    internal EmbeddingsRunner(EmbeddingsRunnerOptions options, TimeProvider time, HttpMessageHandler? handler)
    {
        _options = options;
        _endpoint = new ModelEndpoint(options, time, handler);
        _client = _endpoint.Client.GetEmbeddingClient(options.Name);
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
        var inputs = new List<EmbeddingInput>(items.Count);
        for (var place = 0; place < items.Count; place++)
        {
            if (EmbeddingInput.TryRead(items[place].Item.Input, out var text, out var problem))
            {
                inputs.Add(new EmbeddingInput(place, text, _estimate.Of(text.Length, maxOutputTokens: 0)));
            }
            else
            {
                outcomes[place] = ItemOutcome.Permanent("invalid_input", problem);
            }
        }

        // The items of a chunk are of one job.
        var share = items.Count > 0 ? items[0].Share ?? JobShare.Unknown : JobShare.Unknown;
        await Task.WhenAll(EmbeddingInput.Batches(inputs, _options.MaxInputsPerCall, _options.MaxTokensPerCall)
            .Select(batch => RunOrEndAsync(share, batch, outcomes, cancellationToken)));
        return outcomes;
    }

    /// <inheritdoc/>
    public TokenCounts CountTokens(JsonElement input) =>
        new(EmbeddingInput.TryRead(input, out var text, out _) ? _estimate.Of(text.Length, maxOutputTokens: 0) : 0, 0);

    /// <inheritdoc/>
    public void Dispose() => _endpoint.Dispose();

    // What is answered when the run is ended keeps its answer: it was paid for.
    private async Task RunOrEndAsync(JobShare share, IReadOnlyList<EmbeddingInput> batch, ItemOutcome[] outcomes, CancellationToken cancellationToken)
    {
        try
        {
            await RunBatchAsync(share, batch, outcomes, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            foreach (var input in batch)
            {
                outcomes[input.Place] ??= ItemOutcome.Canceled;
            }
        }
    }

    private async Task RunBatchAsync(
        JobShare share, IReadOnlyList<EmbeddingInput> batch, ItemOutcome[] outcomes, CancellationToken cancellationToken)
    {
        var (vectors, failure) = await _endpoint.CallAsync(
            share,
            (int)Math.Min(int.MaxValue, batch.Sum(input => (long)input.Tokens)),
            token => EmbedAsync(batch, token),
            answer => answer.Usage?.TotalTokenCount,
            cancellationToken);
        if (vectors is not null)
        {
            Write(batch, vectors, outcomes);
            return;
        }

        if (failure!.IsInput && batch.Count > 1)
        {
            var half = batch.Count / 2;
            await RunBatchAsync(share, [.. batch.Take(half)], outcomes, cancellationToken);
            await RunBatchAsync(share, [.. batch.Skip(half)], outcomes, cancellationToken);
            return;
        }

        foreach (var input in batch)
        {
            outcomes[input.Place] = failure.Outcome;
        }
    }

    private async Task<OpenAIEmbeddingCollection> EmbedAsync(IReadOnlyList<EmbeddingInput> batch, CancellationToken cancellationToken)
    {
        var answer = (await _client.GenerateEmbeddingsAsync(
            batch.Select(input => input.Text), new EmbeddingGenerationOptions { Dimensions = _options.Dimensions }, cancellationToken)).Value;
        // Each vector says whose it is; that there is one for each input is not a matter of course.
        return answer.Count == batch.Count && answer.Select(vector => vector.Index).Order().SequenceEqual(Enumerable.Range(0, batch.Count))
            ? answer
            : throw new InvalidDataException("The answer does not have one vector for each input.");
    }

    private void Write(IReadOnlyList<EmbeddingInput> batch, OpenAIEmbeddingCollection vectors, ItemOutcome[] outcomes)
    {
        var used = vectors.Usage?.InputTokenCount;
        var characters = batch.Sum(input => (long)input.Text.Length);
        if (used is { } tokens)
        {
            _estimate.Learn((int)Math.Min(int.MaxValue, characters), maxOutputTokens: 0, tokens);
        }

        // The endpoint counts the call's tokens; each item has its share by length, and the shares add up to the whole.
        var given = 0L;
        var seen = 0L;
        foreach (var vector in vectors.OrderBy(vector => vector.Index))
        {
            var input = batch[vector.Index];
            seen += input.Text.Length;
            var until = used * seen / characters;
            outcomes[input.Place] = ItemOutcome.Succeeded(
                JsonSerializer.SerializeToElement(new Dictionary<string, object> { ["embedding"] = Written(vector.ToFloats()) }),
                until is { } end ? new TokenUsage(end - given, 0) : null);
            given = until ?? 0;
        }
    }

    private object Written(ReadOnlyMemory<float> vector) => _options.Format switch
    {
        VectorFormat.Base64 when BitConverter.IsLittleEndian => Convert.ToBase64String(MemoryMarshal.AsBytes(vector.Span)),
        VectorFormat.Base64 => throw new PlatformNotSupportedException("Vectors are written as little-endian numbers."),
        _ => vector.ToArray(),
    };
}

using System.Text.Json;
using Azure.Messaging.ServiceBus;
using ModelJobs.Contracts;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Collect;

/// <summary>The answers that the app itself gives for the items of one page.</summary>
internal sealed class OwnAnswers(JobBlobs blobs, CollectOrder order) : IAnswers
{
    /// <inheritdoc/>
    public async Task<Answer> OpenAsync(ServiceBusReceivedMessage message, CancellationToken cancellationToken)
    {
        var answer = JsonSerializer.Deserialize(message.Body.ToMemory().Span, ContractsJson.Wire.ResultMessage)
            ?? throw new JsonException("The body is null.");
        return answer.Id.Job == order.JobId && answer.Id.Page == order.Page.Page && answer.Id.Chunk >= 0
            ? new Answer(
                DispatchNumber.OfChunk(answer.Id.Chunk),
                await LoadAsync(answer, cancellationToken),
                answer.Timing is { } timing ? RunSums.Of(timing, items: 0) : null)
            : throw new InvalidDataException($"The page has no chunk {answer.Id}.");
    }

    private async Task<IReadOnlyList<ItemResult>> LoadAsync(ResultMessage answer, CancellationToken cancellationToken) => answer switch
    {
        { Results: { } inline } => inline,
        { Blob: { } range } => NdjsonLines.Parse(
            await blobs.ReadAsync(range.Name, range.Offset, range.Length, cancellationToken), ContractsJson.Wire.ItemResult),
        _ => throw new InvalidDataException($"The result of {answer.Id} has neither results nor a blob."),
    };
}

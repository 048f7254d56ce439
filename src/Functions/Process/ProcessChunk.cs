using System.Text.Json;
using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;
using ModelJobs.Contracts;
using ModelJobs.Functions.Messaging;

namespace ModelJobs.Functions.Process;

/// <summary>Runs chunks without order. It answers before it completes its message: a crash between the two only answers twice.</summary>
internal sealed class ProcessChunk(ChunkItems items, ChunkRunner runner, ResultSender results)
{
    [Function(nameof(ProcessChunk))]
    public async Task Run(
        [ServiceBusTrigger(Queues.Chunks, Connection = Queues.Connection, AutoCompleteMessages = false)] ServiceBusReceivedMessage message,
        ServiceBusMessageActions actions,
        CancellationToken cancellationToken)
    {
        ChunkMessage chunk;
        IReadOnlyList<ChunkItem> work;
        try
        {
            chunk = ChunkItems.Read(message);
            work = await items.LoadAsync(chunk, cancellationToken);
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidDataException)
        {
            await actions.DeadLetterMessageAsync(message, null, "UnreadableChunk", unreadable.Message, cancellationToken);
            return;
        }

        await results.SendAsync(chunk.Id, await runner.RunAsync(chunk.Model, work, inOrder: false, cancellationToken), cancellationToken);
        await actions.CompleteMessageAsync(message, cancellationToken);
    }
}

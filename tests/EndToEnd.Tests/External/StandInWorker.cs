using Azure.Messaging.ServiceBus;
using Microsoft.Extensions.DependencyInjection;
using ModelJobs.Contracts;
using ModelJobs.EndToEnd.Tests.Support;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Process;

namespace ModelJobs.EndToEnd.Tests.External;

/// <summary>
/// A worker outside of the app, as far as the app can tell: takes chunks from <c>chunks-external</c>, one at a time, and does with each
/// what the test says. What the test leaves unsettled it completes.
/// </summary>
internal sealed class StandInWorker : IAsyncDisposable
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _stop = new();
    private readonly ServiceBusReceiver _receiver;
    private readonly ServiceBusSender _sender;
    private readonly Task _running;

    public StandInWorker(LocalApp app, Func<Delivery, Task> work)
    {
        var client = app.Services.GetRequiredService<ServiceBusClient>();
        _receiver = client.CreateReceiver(Queues.ExternalChunks);
        _sender = client.CreateSender(Queues.Results);
        _running = RunAsync(work);
    }

    /// <summary>A worker that does as docs/message-contract.md says: one output for each item.</summary>
    public static StandInWorker Good(LocalApp app) => new(app, delivery => delivery.AnswerAsync(delivery.GoodAnswer()));

    /// <summary>Stops the worker after the chunk at hand. Its deliveries can still be answered.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _receiver.DisposeAsync();
        await _sender.DisposeAsync();
        _stop.Dispose();
    }

    private async Task RunAsync(Func<Delivery, Task> work)
    {
        await Task.Yield();
        try
        {
            while (true)
            {
                if (await _receiver.ReceiveMessageAsync(Wait, _stop.Token) is { } message)
                {
                    var delivery = new Delivery(message, ChunkItems.Read(message), _receiver, _sender);
                    await work(delivery);
                    await delivery.EndAsync();
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
    }
}

/// <summary>A chunk in a worker's hands.</summary>
internal sealed class Delivery(ServiceBusReceivedMessage message, ChunkMessage chunk, ServiceBusReceiver receiver, ServiceBusSender sender)
{
    private bool _settled;

    public ServiceBusReceivedMessage Message => message;

    public ChunkMessage Chunk => chunk;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>An answer with the output <c>"done"</c> for each item of a chunk that travels inline.</summary>
    public string GoodAnswer() => $$"""{"results":[{{string.Join(',', chunk.Items!.Select(item => $$"""{"index":{{item.Index}},"output":"done"}"""))}}]}""";

    /// <summary>Answers as the message asks, except for what the test changes.</summary>
    public Task AnswerAsync(string body, Action<ServiceBusMessage>? change = null)
    {
        var answer = new ServiceBusMessage(body)
        {
            MessageId = message.MessageId,
            CorrelationId = message.CorrelationId,
            SessionId = message.ReplyToSessionId,
            ContentType = "application/json",
        };
        change?.Invoke(answer);
        return sender.SendMessageAsync(answer, Token);
    }

    public Task AbandonAsync()
    {
        _settled = true;
        return receiver.AbandonMessageAsync(message, cancellationToken: Token);
    }

    public Task DeadLetterAsync(string reason, string description)
    {
        _settled = true;
        return receiver.DeadLetterMessageAsync(message, reason, description, Token);
    }

    public Task EndAsync() => _settled ? Task.CompletedTask : receiver.CompleteMessageAsync(message, Token);
}

using System.Collections.Concurrent;
using System.Threading.Channels;
using Azure.Messaging.ServiceBus;
using Microsoft.Azure.Functions.Worker;

namespace ModelJobs.LocalRuntime.Tests.Worker;

/// <content>The functions of the tests, and what they tell them through.</content>
public sealed partial class ServiceBusTriggerTests
{
    /// <summary>What functions tell their test, in order.</summary>
    public sealed class Seen
    {
        private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

        public bool HasMore => _lines.Reader.TryPeek(out _);

        public void Add(string line) => _lines.Writer.TryWrite(line);

        public void Add(ServiceBusReceivedMessage message) => Add($"{message.Body} delivery {message.DeliveryCount}");

        public Task<string> NextAsync() => _lines.Reader.ReadAsync(Cancel).AsTask().WaitAsync(TestApp.Limit, Cancel);
    }

    /// <summary>Counts how many are inside at once; the first ones wait until the place is full.</summary>
    public sealed class Crowd(int places, int visitors)
    {
        private readonly TaskCompletionSource _full = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _allServed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _inside;
        private int _served;

        public int Most { get; private set; }

        public async Task VisitAsync()
        {
            var inside = Interlocked.Increment(ref _inside);
            lock (_full)
            {
                Most = Math.Max(Most, inside);
            }

            if (inside >= places)
            {
                _full.TrySetResult();
            }

            await _full.Task.WaitAsync(TestApp.Limit, Cancel);
            await Task.Yield();
            Interlocked.Decrement(ref _inside);
            if (Interlocked.Increment(ref _served) == visitors)
            {
                _allServed.SetResult();
            }
        }

        public Task WhenAllServedAsync() => _allServed.Task.WaitAsync(TestApp.Limit, Cancel);
    }

    public sealed class AutoCompleting(Seen seen)
    {
        [Function("Take")]
        public void Take([ServiceBusTrigger("plain", Connection = "ServiceBus")] ServiceBusReceivedMessage message) => seen.Add(message);
    }

    public sealed class Throwing(Seen seen)
    {
        [Function("Take")]
        public void Take([ServiceBusTrigger("plain", Connection = "ServiceBus")] ServiceBusReceivedMessage message)
        {
            seen.Add(message);
            throw new InvalidOperationException();
        }

        [Function("TakeDead")]
        public void TakeDead([ServiceBusTrigger("plain/$DeadLetterQueue", Connection = "ServiceBus")] ServiceBusReceivedMessage message)
            => seen.Add($"dead {message.Body} because {message.DeadLetterReason}");
    }

    public sealed class Settling(Seen seen)
    {
        [Function("Take")]
        public async Task Take(
            [ServiceBusTrigger("plain", Connection = "ServiceBus", AutoCompleteMessages = false)] ServiceBusReceivedMessage message,
            ServiceBusMessageActions actions,
            CancellationToken cancellationToken)
        {
            seen.Add(message);
            await ((message.Body.ToString(), message.DeliveryCount) switch
            {
                ("complete", _) or (_, > 1) => actions.CompleteMessageAsync(message, cancellationToken),
                ("dead-letter", _) => actions.DeadLetterMessageAsync(message, deadLetterReason: "asked", cancellationToken: cancellationToken),
                ("abandon", _) => actions.AbandonMessageAsync(message, cancellationToken: cancellationToken),
                ("complete-throw", _) => CompleteAndThrowAsync(),
                ("leave", _) => Task.CompletedTask,
                _ => throw new InvalidOperationException(),
            });

            async Task CompleteAndThrowAsync()
            {
                await actions.CompleteMessageAsync(message, cancellationToken);
                throw new InvalidOperationException();
            }
        }

        [Function("TakeDead")]
        public void TakeDead([ServiceBusTrigger("plain/$DeadLetterQueue", Connection = "ServiceBus")] ServiceBusReceivedMessage message)
            => seen.Add($"dead {message.Body} because {message.DeadLetterReason}");
    }

    public sealed class Crowding(Crowd crowd)
    {
        [Function("Take")]
        public Task Take([ServiceBusTrigger("plain", Connection = "ServiceBus")] string body) => crowd.VisitAsync();
    }

    public sealed class Ordered(Seen seen)
    {
        private static readonly ConcurrentDictionary<string, int> Inside = new();

        [Function("Take")]
        public async Task Take(
            [ServiceBusTrigger("ordered", Connection = "ServiceBus", IsSessionsEnabled = true)] ServiceBusReceivedMessage message)
        {
            Assert.Equal(1, Inside.AddOrUpdate(message.SessionId!, 1, static (_, inside) => inside + 1));
            await Task.Yield();
            seen.Add($"{message.SessionId} {message.Body}");
            Inside.AddOrUpdate(message.SessionId!, 0, static (_, inside) => inside - 1);
        }
    }

    public sealed class OrderedFailingOnce(Seen seen)
    {
        [Function("Take")]
        public void Take([ServiceBusTrigger("ordered", Connection = "ServiceBus", IsSessionsEnabled = true)] ServiceBusReceivedMessage message)
        {
            seen.Add(message);
            if (message.DeliveryCount == 1)
            {
                throw new InvalidOperationException();
            }
        }
    }

    public sealed class Counting(Seen seen)
    {
        [Function("Take")]
        public async Task Take(
            [ServiceBusTrigger("ordered", Connection = "ServiceBus", IsSessionsEnabled = true)] string body,
            ServiceBusSessionMessageActions session)
        {
            var state = (await session.GetSessionStateAsync(Cancel)).ToString();
            seen.Add($"state '{state}'");
            await session.SetSessionStateAsync(BinaryData.FromString(state + "1"), Cancel);
        }
    }

    public sealed class Releasing(Seen seen)
    {
        [Function("Take")]
        public async Task Take(
            [ServiceBusTrigger("ordered", Connection = "ServiceBus", IsSessionsEnabled = true)] ServiceBusReceivedMessage message,
            ServiceBusSessionMessageActions session)
        {
            seen.Add(message.SessionId!);
            await session.ReleaseSession(Cancel);
        }
    }

    public sealed class Batched(Seen seen)
    {
        [Function("Take")]
        public void Take([ServiceBusTrigger("plain", Connection = "ServiceBus", IsBatched = true)] ServiceBusReceivedMessage[] messages)
            => seen.Add(string.Join(',', messages.Select(static message => message.Body.ToString())));
    }

    public sealed class Traced(Seen seen)
    {
        [Function("Take")]
        public void Take([ServiceBusTrigger("plain", Connection = "ServiceBus")] string body, FunctionContext context)
            => seen.Add(context.TraceContext.TraceParent);
    }

    public sealed class Scoped(ScopedService service)
    {
        [Function("Take")]
        public void Take([ServiceBusTrigger("plain", Connection = "ServiceBus")] string body) => service.Use();
    }

    public sealed class ScopedService(Seen seen) : IDisposable
    {
        private int _uses;

        public void Use() => seen.Add($"used {++_uses}");

        public void Dispose() => seen.Add("disposed");
    }
}

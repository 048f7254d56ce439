using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure.Messaging.ServiceBus;
using ModelJobs.Contracts;

namespace ModelJobs.Functions.Process;

/// <summary>
/// The nodes of this instance: places that run one chunk at a time. The host does not say in which of its places it starts a function, so
/// they are found out here: a chunk takes the place that became free last, or a new one if none is free. What nodes wait in all does not
/// depend on which of them takes which chunk.
/// </summary>
internal sealed class Nodes
{
    private const int NameBytes = 4;

    private readonly ConcurrentDictionary<string, Places> _queues = new(StringComparer.Ordinal);
    private readonly TimeProvider _time;
    private readonly DateTimeOffset _start;

    public Nodes(TimeProvider time)
    {
        (_time, _start) = (time, time.GetUtcNow());
        Instance = NameOf(_start);
    }

    /// <summary>Name of this instance: short, and not that of a machine, since answers are stored.</summary>
    public string Instance { get; }

    /// <summary>Takes a place for a message that a function was just given, and begins to measure.</summary>
    /// <returns>The measurement; disposed of, it gives the place back.</returns>
    public RunMeter Enter(string queue, ServiceBusReceivedMessage message)
    {
        var places = _queues.GetOrAdd(queue, static _ => new Places());
        return new RunMeter(this, places, places.Take(_start), message.EnqueuedTime, _time);
    }

    // Several processes may serve on one instance, and one that has restarted has places of its own.
    private static string NameOf(DateTimeOffset start)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}/{Environment.ProcessId}/{start.Ticks}");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, NameBytes));
    }

    /// <summary>A place.</summary>
    /// <param name="slot">Its number.</param>
    /// <param name="freeSince">When the instance began.</param>
    internal sealed class Place(int slot, DateTimeOffset freeSince)
    {
        public int Slot => slot;

        /// <summary>Since when it has been free.</summary>
        public DateTimeOffset FreeSince { get; set; } = freeSince;

        /// <summary>What was measured here of a job and is in no answer yet.</summary>
        public (string Job, int Epoch, RunTiming Timing)? Unreported { get; set; }
    }

    /// <summary>The places that one queue's function has had at once.</summary>
    internal sealed class Places
    {
        private readonly Lock _lock = new();
        private readonly Stack<Place> _free = [];
        private int _count;

        public Place Take(DateTimeOffset start)
        {
            lock (_lock)
            {
                return _free.TryPop(out var place) ? place : new Place(_count++, start);
            }
        }

        public void Release(Place place)
        {
            lock (_lock)
            {
                _free.Push(place);
            }
        }
    }
}

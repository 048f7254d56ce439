namespace ModelJobs.LocalRuntime.Amqp;

/// <summary>A delivery that the client has not decided about.</summary>
/// <param name="Link">The link that it was sent on.</param>
/// <param name="LockToken">The message's lock.</param>
internal readonly record struct UnsettledDelivery(OutgoingLink Link, Guid LockToken);

/// <summary>
/// The deliveries of a session that the client has not decided about, by number. There is an end to them: a client that never
/// decides loses its locks, so the oldest are forgotten.
/// </summary>
internal sealed class UnsettledDeliveries
{
    internal const int MaxDeliveries = 20_000;

    private readonly Dictionary<uint, UnsettledDelivery> _deliveries = [];
    private Queue<uint> _order = new();

    /// <summary>Numbers that are kept, those of deliveries that were decided about among them.</summary>
    internal int Kept => _order.Count;

    public void Add(uint id, UnsettledDelivery delivery)
    {
        while (_order.TryPeek(out var oldest) && (_deliveries.Count >= MaxDeliveries || !_deliveries.ContainsKey(oldest)))
        {
            _deliveries.Remove(_order.Dequeue());
        }
        if (_order.Count >= 2 * MaxDeliveries)
        {
            // One old delivery that stays undecided must not keep the numbers of all that came after it.
            _order = new Queue<uint>(_order.Where(_deliveries.ContainsKey));
        }
        _deliveries[id] = delivery;
        _order.Enqueue(id);
    }

    /// <summary>Those with the given first and last number; numbers go round.</summary>
    public IReadOnlyList<KeyValuePair<uint, UnsettledDelivery>> InRange(uint first, uint last)
    {
        if (last - first < (uint)_deliveries.Count)
        {
            var found = new List<KeyValuePair<uint, UnsettledDelivery>>();
            for (var id = first; id != last + 1; id++)
            {
                if (_deliveries.TryGetValue(id, out var delivery))
                {
                    found.Add(new(id, delivery));
                }
            }
            return found;
        }
        return [.. _deliveries.Where(delivery => delivery.Key - first <= last - first).OrderBy(delivery => delivery.Key - first)];
    }

    public void Remove(uint id) => _deliveries.Remove(id);

    /// <summary>Forgets those of a link that is gone.</summary>
    public void RemoveOf(OutgoingLink link)
    {
        foreach (var (id, delivery) in _deliveries)
        {
            if (delivery.Link == link)
            {
                _deliveries.Remove(id);
            }
        }
    }
}

namespace ModelJobs.LocalRuntime.Broker;

/// <content>What is done to several queues as one.</content>
internal partial class BrokerQueue
{
    /// <summary>Where the queue stands among those of its namespace; several are locked in this order.</summary>
    internal int Order { get; set; }

    /// <summary>For a command that <see cref="TryTogether"/> runs, and no one else.</summary>
    internal QueueMachine Machine => _machine;

    /// <summary>Whether there are messages that belong elsewhere; right for the thread that brought them, others may see it late.</summary>
    internal bool HasToHandOn => _machine.HasToHandOn;

    /// <summary>Hands messages that belong elsewhere to <paramref name="forwarder"/>, from now on.</summary>
    internal void ForwardBy(Forwarder forwarder) => _forwarder = forwarder;

    /// <summary>
    /// Runs a command over several queues while no one else does anything to them. What it changes is one entry of the journal: after a
    /// crash all of it is there or none. Forwarding is the caller's to do, afterwards.
    /// </summary>
    /// <param name="queues">In the order of <see cref="Order"/>, each once.</param>
    /// <param name="journal">The namespace's; null: it lives in memory only.</param>
    /// <param name="command">Changes the queues' machines at the given moment.</param>
    /// <param name="written">Ends when everything is on disk that happened to these queues so far.</param>
    /// <returns>False if one of the queues has stopped; nothing is done then.</returns>
    internal static bool TryTogether(
        IReadOnlyList<BrokerQueue> queues, IBrokerJournal? journal, Action<DateTimeOffset> command, out Task written)
    {
        var entered = 0;
        try
        {
            for (; entered < queues.Count; entered++)
            {
                queues[entered]._gate.Enter();
            }
            if (queues.Any(queue => queue._stopped))
            {
                written = Task.CompletedTask;
                return false;
            }
            RunTogether(queues, journal, command);
            written = Task.WhenAll(queues.Select(queue => queue._written).Distinct());
            return true;
        }
        finally
        {
            while (entered > 0)
            {
                queues[--entered]._gate.Exit();
            }
        }
    }

    private static void RunTogether(IReadOnlyList<BrokerQueue> queues, IBrokerJournal? journal, Action<DateTimeOffset> command)
    {
        var now = queues[0]._time.GetUtcNow();
        foreach (var queue in queues)
        {
            queue.CatchUp(now);
        }
        try
        {
            command(now);
        }
        finally
        {
            foreach (var queue in queues)
            {
                queue.CatchUp(now);
                queue.SetTimer(now);
            }
            WriteTogether(queues, journal);
        }
    }

    private static void WriteTogether(IReadOnlyList<BrokerQueue> queues, IBrokerJournal? journal)
    {
        var changed = queues.Where(queue => queue._journal is not null && queue._changes.Count > 0).ToList();
        if (changed is [var only])
        {
            only.Write();
        }
        else if (journal is not null && changed.Count > 1)
        {
            var written = journal.Append(changed.ConvertAll(queue => new JournalEntry(queue._journal!, queue._changes)));
            foreach (var queue in changed)
            {
                queue._written = written;
                queue._changes = [];
            }
        }
    }
}

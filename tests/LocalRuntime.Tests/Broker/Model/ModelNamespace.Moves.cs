namespace ModelJobs.LocalRuntime.Tests.Broker.Model;

/// <content>What happens by itself: time does its work, messages are handed on, and those who wait are served.</content>
internal sealed partial class ModelNamespace
{
    /// <summary>Does what is due now, hands messages on and gives those who wait what they wait for, until nothing is left to do.</summary>
    private void Settle()
    {
        do
        {
            foreach (var queue in _queues)
            {
                while (queue.FireDue(Now))
                {
                }
            }
            Serve();
        }
        while (!HoldsBack && _queues.Exists(HandOn));
    }

    private void Serve()
    {
        foreach (var wait in _waits.Where(wait => wait.IsOpen))
        {
            var queue = Queue(wait.Queue);
            if (queue.Available(ModelPart.Main).Take(1).ToList() is { Count: > 0 } found)
            {
                wait.Serve(Hand(queue, ModelPart.Main, lease: null, found, delete: false));
            }
        }
    }

    private bool HandOn(ModelQueue queue)
    {
        var settings = queue.Settings;
        if ((settings.ForwardTo is not null || settings.IsTopic) && queue.Available(ModelPart.Main).FirstOrDefault() is { } message)
        {
            if (settings.IsTopic)
            {
                foreach (var subscription in _queues.Where(other => other.Settings.Topic == settings.Name
                    && (other.Settings.SubjectFilter is null || other.Settings.SubjectFilter == message.Subject)))
                {
                    subscription.Accept(message.Again(), Now);
                }
                queue.Remove(message);
            }
            else
            {
                Transfer(queue, message, Queue(settings.ForwardTo!), message.DeadLetterSource);
            }
            return true;
        }
        if (settings.ForwardDeadLettersTo is { } target && queue.Available(ModelPart.DeadLetter).FirstOrDefault() is { } dead)
        {
            Transfer(queue, dead, Queue(target), settings.Name);
            return true;
        }
        return false;
    }

    private void Transfer(ModelQueue from, ModelMessage message, ModelQueue to, string? deadLetterSource)
    {
        var isDuplicate = to.Settings.DuplicateWindow is { } window && to.Seen.Exists(seen => seen.Id == message.Id && seen.At + window > Now);
        if (message.Hops == 4)
        {
            from.DeadLetter(
                message, ModelPart.TransferDeadLetter, "MaxTransferHopCountExceeded", "The message was forwarded 4 times, which is the limit.", []);
        }
        else if (!isDuplicate && to.Bytes + _measure(message) > to.Settings.MaxBytes)
        {
            from.DeadLetter(message, ModelPart.TransferDeadLetter, "QuotaExceeded", $"'{to.Settings.Name}' is full.", []);
        }
        else
        {
            var moved = message.Again();
            moved.Hops++;
            moved.DeadLetterSource = deadLetterSource;
            to.Accept(moved, Now);
            from.Remove(message);
        }
    }
}

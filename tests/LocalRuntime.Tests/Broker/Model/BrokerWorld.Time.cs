using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Tests.Broker.Model;

/// <content>Time, and processes that end and begin.</content>
internal sealed partial class BrokerWorld
{
    /// <summary>Lets time pass, in steps: the clock shows a timer that it fires the end of a step, and the broker looks at the clock.</summary>
    public void AdvanceTo(DateTimeOffset moment)
    {
        while (Now < moment)
        {
            var step = _model.NextEvent is { } next && next < moment ? next : moment;
            _time.Advance(step - Now);
            _model.AdvanceTo(step);
        }
    }

    /// <summary>Goes on to the next moment at which something happens, or just before it, and lets the next operation come right then.</summary>
    public void AdvanceToNextMoment(TimeSpan plus)
    {
        if (_model.NextMoment is { } next && next + plus > Now)
        {
            AdvanceTo(next + plus);
            _atOnce = true;
        }
    }

    /// <summary>Starts again from what is kept of everything, after a look.</summary>
    public void Restart()
    {
        Look();
        Restart(_model, _journal.Length);
    }

    /// <summary>Starts again from what was kept some operations ago.</summary>
    public void Crash(int operations)
    {
        var (model, length) = _history.Count == 0 ? (_model, _journal.Length) : _history.ElementAt(Math.Max(0, _history.Count - 1 - operations));
        Restart(model, length);
    }

    /// <summary>
    /// Starts again from the first that <paramref name="operation"/> appends, which is the operation itself: what it brought to queues that
    /// hand messages on is handed on after the start.
    /// </summary>
    public void CrashWithin(IOperation operation)
    {
        _model.HoldsBack = true;
        operation.Do(this);
        _model.HoldsBack = false;
        Restart(_model, Math.Min(_journal.Length, _lengthBefore + 1));
    }

    private void Start()
    {
        _journal = new RecordingJournal(_store);
        _broker = new MessageBroker(Settings.Select(Definition), _time, new Random(++_starts), _journal);
    }

    private void Restart(ModelNamespace model, int length)
    {
        _broker.Dispose();
        _journal.WriteAsync(length).WaitAsync(Patience, TestContext.Current.CancellationToken).GetAwaiter().GetResult();
        Start();
        _model = model;
        _model.Restart(Now);
        _history.Clear();
        _waits.Clear();
        Array.Clear(Transactions);
        Look();
    }
}

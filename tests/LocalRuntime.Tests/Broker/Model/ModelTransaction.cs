namespace ModelJobs.LocalRuntime.Tests.Broker.Model;

/// <summary>A transaction of the model: what it will check and do, on which queue.</summary>
internal sealed class ModelTransaction(ModelNamespace model)
{
    private readonly List<(ModelQueue Queue, Func<long> Check, Action Apply)> _steps = [];
    private string? _entity;
    private DateTimeOffset _deadline = DateTimeOffset.MaxValue;
    private int _sent;
    private bool _isOver;

    public bool IsOpen => !_isOver && model.Now < _deadline;

    /// <summary>Numbers of scheduled messages that it cancels.</summary>
    public List<(ModelQueue Queue, long Number)> Cancelled { get; } = [];

    public void Join(string entity)
    {
        ThrowUnlessOpen();
        var topLevel = entity.Split("/Subscriptions/")[0];
        if (_entity is null)
        {
            _entity = topLevel;
            _deadline = model.Now + TimeSpan.FromMinutes(2);
        }
        else if (_entity != topLevel)
        {
            throw new ModelRefusal("InvalidOperation");
        }
    }

    public void CountSends(int messages)
    {
        if (_sent + messages > 100)
        {
            throw new ModelRefusal("QuotaExceeded");
        }
    }

    public void Add(ModelQueue queue, Func<long> check, Action apply, int sends = 0)
    {
        _steps.Add((queue, check, apply));
        _sent += sends;
    }

    public void Commit()
    {
        ThrowUnlessOpen();
        _isOver = true;
        foreach (var onQueue in _steps.GroupBy(step => step.Queue))
        {
            var growth = onQueue.Sum(step => step.Check());
            model.CheckRoom(onQueue.Key, growth);
        }
        foreach (var step in _steps)
        {
            step.Apply();
        }
    }

    public void Rollback() => _isOver = true;

    private void ThrowUnlessOpen()
    {
        if (!IsOpen)
        {
            throw new ModelRefusal("GeneralError");
        }
    }
}

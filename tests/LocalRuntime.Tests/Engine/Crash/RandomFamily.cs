namespace ModelJobs.LocalRuntime.Tests.Engine.Crash;

/// <summary>A program and those that it calls, made from a seed, with the events that clients send them.</summary>
internal sealed class RandomFamily
{
    private const int MaxDepth = 2;
    private const int MaxPrograms = 5;

    private readonly Random _random;
    private readonly List<RandomProgram?> _programs = [];

    public RandomFamily(Random random)
    {
        _random = random;
        Root = Program(depth: 0, "root", mayWait: true);
    }

    public RandomProgram Root { get; }

    /// <summary>Events by the instance that waits for them.</summary>
    public List<(string Instance, string Name)> Events { get; } = [];

    public RandomProgram Find(int index) => _programs[index]!;

    /// <param name="depth">How many programs are above it.</param>
    /// <param name="id">Its instance id; null if it is to have a random one.</param>
    /// <param name="mayWait">Whether it may wait for clients' events.</param>
    private RandomProgram Program(int depth, string? id, bool mayWait)
    {
        var index = _programs.Count;
        _programs.Add(null);
        var executions = new List<IReadOnlyList<Step>>();
        for (var i = _random.Next(4) == 0 ? 2 : 0; i >= 0; i--)
        {
            executions.Add(Steps(_random.Next(1, 5), depth, new Waiter(id, mayWait)));
        }

        var program = new RandomProgram(index, id, executions, _random.Next(5) == 0 ? $"failure {index}" : null);
        _programs[index] = program;
        return program;
    }

    private List<Step> Steps(int count, int depth, Waiter waiting) => [.. Enumerable.Range(0, count).Select(_ => Step(depth, waiting))];

    private Step Step(int depth, Waiter waiting) => _random.Next(12) switch
    {
        0 => new FailingStep(_random.Next(100), (Retrying)_random.Next(3)),
        1 => new FlakyStep(_random.Next(1_000_000)),
        2 => new FanOutStep([.. Enumerable.Range(0, _random.Next(2, 6))], _random.Next(2) == 0),
        3 => new TimerStep(_random.Next(1, 600)),
        4 or 5 when waiting is { MayWait: true, Id: not null } => Event(waiting.Id),
        6 => new LostEventStep(_random.Next(1, 600)),
        7 => new SelfEventStep($"self{_random.Next(1_000_000)}"),
        8 when depth < MaxDepth && _programs.Count < MaxPrograms => Child(depth, waiting),
        9 when depth < MaxDepth => new ParallelStep(Steps(_random.Next(1, 3), MaxDepth, waiting), Steps(_random.Next(1, 3), MaxDepth, waiting)),
        10 => new StatusStep(_random.Next(100)),
        11 => new OpenStep(_random.Next(100)),
        _ => new CallStep(_random.Next(100)),
    };

    private EventStep Event(string waiting)
    {
        var step = new EventStep($"event{Events.Count}", _random.Next(2) == 0);
        Events.Add((waiting, step.Name));
        return step;
    }

    private ChildStep Child(int depth, Waiter parent)
    {
        var isRetried = _random.Next(4) == 0;
        var id = _random.Next(3) == 0 ? null : $"child{_programs.Count}";
        // A second attempt, of it or of whatever called it, would wait for events that the first has taken.
        return new ChildStep(Program(depth + 1, id, parent.MayWait && !isRetried), _random.Next(3) > 0, isRetried);
    }

    /// <summary>The instance that a step belongs to.</summary>
    private readonly record struct Waiter(string? Id, bool MayWait);
}

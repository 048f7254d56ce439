using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;

namespace ModelJobs.LocalRuntime.Faults;

/// <summary>
/// Decides which operations are struck. A decision depends on the seed, the kind of fault, the operation's subject and how often that subject
/// came before, and on nothing else: not on the order in which threads come along. So a run replays, although it never runs the same way twice.
/// Safe for concurrent use.
/// </summary>
internal sealed partial class FaultInjector(FaultPlan plan, ICrash crash, TimeProvider time, ILogger<FaultInjector> logger)
{
    /// <summary>Subjects whose passings are counted; beyond, counting begins anew.</summary>
    private const int MaxSubjects = 1_000_000;

    /// <summary>How many faults are remembered.</summary>
    private const int MaxRecent = 1000;

    private static readonly Task Never = new TaskCompletionSource().Task;

    private readonly ConcurrentDictionary<(FaultKind Kind, string Subject), int> _passings = new();
    private readonly ConcurrentQueue<Fault> _recent = new();
    private int _faults;
    private int _crashPasses;
    private volatile bool _isDead;

    /// <summary>What is to go wrong.</summary>
    public FaultPlan Plan => plan;

    /// <summary>The clock of delays.</summary>
    public TimeProvider Time => time;

    /// <summary>How many faults struck.</summary>
    public int Count => Volatile.Read(ref _faults);

    /// <summary>The last of them, oldest first.</summary>
    public IReadOnlyCollection<Fault> Recent => _recent;

    /// <summary>Whether the app has crashed: nothing that it does may have an effect any more.</summary>
    public bool IsDead => _isDead;

    /// <summary>Whether a fault strikes an operation; if so it is counted and logged.</summary>
    /// <param name="kind">The fault.</param>
    /// <param name="subject">What the operation is about; the same in every run.</param>
    public bool Strikes(FaultKind kind, string subject)
    {
        var probability = plan.Profile.ProbabilityOf(kind);
        if (probability <= 0 || Draw(kind, subject, out _) >= probability)
        {
            return false;
        }

        var fault = new Fault(Interlocked.Increment(ref _faults), kind, subject);
        _recent.Enqueue(fault);
        if (_recent.Count > MaxRecent)
        {
            _recent.TryDequeue(out _);
        }

        LogFault(fault.Number, kind, subject);
        return true;
    }

    /// <summary>Waits if a fault of the kind strikes, up to <see cref="FaultProfile.MaxDelay"/>.</summary>
    public async ValueTask DelayAsync(FaultKind kind, string subject, CancellationToken cancellationToken = default)
    {
        if (Strikes(kind, subject))
        {
            await Task.Delay(Span(kind, subject, FaultProfile.MaxDelay), time, cancellationToken);
        }
    }

    /// <summary>A span from nothing to <paramref name="longest"/>, drawn for an operation that was struck.</summary>
    public TimeSpan Span(FaultKind kind, string subject, TimeSpan longest)
    {
        Draw(kind, subject, out var second);
        return second * longest;
    }

    /// <summary>Passes a point at which the app may crash. After a crash that left the process alive it never ends.</summary>
    public ValueTask PassAsync(CrashPoint point)
    {
        TryCrash(point);
        return WhileAliveAsync();
    }

    /// <summary>Never ends after a crash that left the process alive.</summary>
    public ValueTask WhileAliveAsync() => _isDead ? new(Never) : ValueTask.CompletedTask;

    /// <summary>As <see cref="PassAsync"/> where nothing can wait.</summary>
    public void TryCrash(CrashPoint point)
    {
        if (point == plan.CrashAt && !_isDead && Interlocked.Increment(ref _crashPasses) == plan.CrashPass)
        {
            LogCrash(CrashPoints.NameOf(point), plan.CrashPass);
            _isDead = true;
            crash.Crash(point);
        }
    }

    /// <summary>Two numbers from 0 to 1: one decides whether, the other how long.</summary>
    private double Draw(FaultKind kind, string subject, out double second)
    {
        if (_passings.Count > MaxSubjects)
        {
            _passings.Clear();
        }

        // What is new in each run is no part of what an operation is about.
        subject = NewNames().Replace(subject, "*");
        var passing = _passings.AddOrUpdate((kind, subject), 1, static (_, passed) => passed + 1);
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{plan.Seed}\n{kind}\n{subject}\n{passing}")));
        second = ToFraction(hash.AsSpan(sizeof(ulong)));
        return ToFraction(hash);
    }

    private static double ToFraction(ReadOnlySpan<byte> hash) => BinaryPrimitives.ReadUInt64LittleEndian(hash) / (double)ulong.MaxValue;

    /// <summary>Random and time-ordered UUIDs, with dashes and without, and digests of what may hold one.</summary>
    [GeneratedRegex("[0-9a-f]{8}-?[0-9a-f]{4}-?[47][0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}|~[0-9a-f]{16}(?![0-9a-f])")]
    private static partial Regex NewNames();

    [LoggerMessage(Level = LogLevel.Information, Message = "Fault {Number}: {Kind} on {Subject}")]
    private partial void LogFault(int number, FaultKind kind, string subject);

    [LoggerMessage(Level = LogLevel.Information, Message = "Crashing at {Point}, passing {Passing}")]
    private partial void LogCrash(string point, int passing);
}

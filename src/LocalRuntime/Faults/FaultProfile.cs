namespace ModelJobs.LocalRuntime.Faults;

/// <summary>How often each fault strikes, as a probability per operation that it could strike; what is not named does not.</summary>
internal sealed class FaultProfile
{
    /// <summary>Longest delay that a fault causes.</summary>
    public static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(2);

    /// <summary>How long a lock that is to run out early lasts at most.</summary>
    public static readonly TimeSpan MaxEarlyExpiry = TimeSpan.FromSeconds(2);

    private static readonly Dictionary<FaultKind, double> Settles = new()
    {
        [FaultKind.SettleLost] = 0.04,
        [FaultKind.SettleFailed] = 0.04,
        [FaultKind.SettleUnconfirmed] = 0.04,
        [FaultKind.DeliveredTwice] = 0.04,
        [FaultKind.SendFailed] = 0.03,
        [FaultKind.SendUnconfirmed] = 0.03,
        [FaultKind.QueueDelayed] = 0.03,
    };

    private static readonly Dictionary<FaultKind, double> Locks = new()
    {
        [FaultKind.MessageLockExpired] = 0.08,
        [FaultKind.SessionLockExpired] = 0.05,
        [FaultKind.QueueDelayed] = 0.03,
    };

    private static readonly Dictionary<FaultKind, double> Storage = new()
    {
        [FaultKind.BlobReset] = 0.03,
        [FaultKind.BlobResetAfter] = 0.03,
        [FaultKind.BlobUnavailable] = 0.03,
        [FaultKind.BlobUnavailableAfter] = 0.03,
        [FaultKind.BlobConditionAfter] = 0.03,
        [FaultKind.BlobDelayed] = 0.05,
    };

    private static readonly Dictionary<FaultKind, double> Durable = new()
    {
        [FaultKind.ActivityResultLost] = 0.10,
        [FaultKind.ActivityRunTwice] = 0.10,
        [FaultKind.ActivityDelayed] = 0.10,
        [FaultKind.MessageRepeated] = 0.20,
    };

    /// <summary>How much rarer everything is in the mild profile.</summary>
    private const int Mildness = 5;

    private readonly IReadOnlyDictionary<FaultKind, double> _probabilities;

    private FaultProfile(string name, string summary, params IReadOnlyDictionary<FaultKind, double>[] parts)
    {
        Name = name;
        Summary = summary;
        _probabilities = parts.SelectMany(static part => part).GroupBy(static pair => pair.Key).ToDictionary(static g => g.Key, static g => g.Max(pair => pair.Value));
    }

    /// <summary>All profiles, the mildest first.</summary>
    public static IReadOnlyList<FaultProfile> All { get; } =
    [
        new("calm", "no fault; for a crash alone"),
        new("mild", "all of them, each a fifth as often", Mild(Settles), Mild(Locks), Mild(Storage), Mild(Durable)),
        new("settles", "settlements, sends and session states that get lost or are not confirmed; messages delivered twice", Settles),
        new("locks", "locks of messages and sessions that run out early", Locks),
        new("storage", "blob requests that fail before or after they took effect", Storage),
        new("durable", "activities that run twice or late, results lost, messages to orchestrations repeated", Durable),
        new("everything", "all of them", Settles, Locks, Storage, Durable),
    ];

    /// <summary>What is meant when a seed alone is given.</summary>
    public static FaultProfile Default => All[^1];

    public string Name { get; }

    /// <summary>What goes wrong, in a few words.</summary>
    public string Summary { get; }

    /// <summary>Whether faults of blob requests are among them.</summary>
    public bool HasBlobFaults => Storage.Keys.Any(_probabilities.ContainsKey);

    private static Dictionary<FaultKind, double> Mild(IReadOnlyDictionary<FaultKind, double> faults) =>
        faults.ToDictionary(static fault => fault.Key, static fault => fault.Value / Mildness);

    public static FaultProfile? Find(string name) => All.FirstOrDefault(profile => profile.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>How likely a fault is where it could strike, 0 to 1.</summary>
    public double ProbabilityOf(FaultKind kind) => _probabilities.GetValueOrDefault(kind);
}

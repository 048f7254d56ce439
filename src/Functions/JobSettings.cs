using System.ComponentModel.DataAnnotations;
using ModelJobs.Functions.Access;

namespace ModelJobs.Functions;

/// <summary>What an operator can tune, from the configuration section <c>Jobs</c> (app settings <c>Jobs__Name</c>).</summary>
public sealed class JobSettings
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Jobs";

    /// <summary>Blob container of all jobs.</summary>
    [RegularExpression("^(?=.{3,63}$)[a-z0-9](-?[a-z0-9])*$", ErrorMessage = "a container's name has 3 to 63 lower-case letters, digits and single hyphens")]
    [Required]
    public string Container { get; set; } = "modeljobs";

    /// <summary>Pages of one job in flight at once.</summary>
    [Range(1, 64)]
    public int MaxPagesInFlight { get; set; } = 8;

    /// <summary>How long a page may stand still, without one more item answered, before its job fails. Longer than any wait for a model.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "14.00:00:00")]
    public TimeSpan MaxIdle { get; set; } = TimeSpan.FromDays(1);

    /// <summary>How long one CollectPage call collects before it reports and is called again. Shorter than the sessions' lock.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:00:50")]
    public TimeSpan CollectSlice { get; set; } = TimeSpan.FromSeconds(40);

    /// <summary>How long results may wait in memory before they are committed to storage as a part.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:00:30")]
    public TimeSpan PartInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Attempts of one item within a delivery, the first included.</summary>
    [Range(1, 20)]
    public int MaxAttempts { get; set; } = 5;

    /// <summary>Wait before an item's second attempt; it doubles with each attempt, jittered.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Longest wait between two attempts of an item.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:10:00")]
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a chunk stays away after attempts in place did not help; it doubles with each return, jittered.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "01:00:00")]
    public TimeSpan ReturnDelay { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest time that a chunk stays away.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "12:00:00")]
    public TimeSpan MaxReturnDelay { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How often a chunk comes back for another round of attempts before its items fail for good.</summary>
    [Range(0, 20)]
    public int MaxReturns { get; set; } = 2;

    /// <summary>How often a chunk comes back whose calls the model's endpoint throttled, before its items fail for good.</summary>
    [Range(0, 1000)]
    public int MaxThrottledReturns { get; set; } = 100;

    /// <summary>
    /// Most chunks of a job that counts as small: they go by <c>chunks-express</c>, past those of large jobs. 0: only jobs of high priority do.
    /// </summary>
    [Range(0, 200)]
    public int ExpressChunks { get; set; } = 20;

    /// <summary>Seed of the jitter in waits; random if absent. For tests.</summary>
    public int? Seed { get; set; }

    /// <summary>How long a chunk that came before its turn in its lane waits until it is looked at again.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:01:00")]
    public TimeSpan LaneHold { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a page may stand still before it is looked into: chunks that are in no queue any more are sent again. Longer than results
    /// wait to be committed; a chunk that is being run is found in its queue, however long it takes.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:05", "1.00:00:00")]
    public TimeSpan StallAfter { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a job is kept after its end, unless it says so itself.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "3650.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How long a page of a job that is stopped waits for its workers' answers, since the last one, before it answers for them.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:00:30")]
    public TimeSpan StopGrace { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How callers are let in; the app has to be built for it.</summary>
    [EnumDataType(typeof(ApiAccess), ErrorMessage = "it must be Keys or Entra")]
    public ApiAccess ApiAccess { get; set; } = ApiAccess.Keys;

    /// <summary>Bytes of inputs that an instance remembers after it has stored them, so that it need not read them back to dispatch them; 0: none.</summary>
    [Range(0, 1_000_000_000)]
    public long RecentInputBytes { get; set; } = 32 * 1024 * 1024;

    /// <summary>Jobs of one caller that have not ended; with more, new ones are refused. By function key, all callers are one.</summary>
    [Range(1, 100_000)]
    public int MaxOpenJobs { get; set; } = 1000;

    /// <summary>Submissions of one caller that an instance of the app takes in a minute, dry runs included.</summary>
    [Range(1, 1_000_000)]
    public int MaxSubmissionsPerMinute { get; set; } = 6000;
}

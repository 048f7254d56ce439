using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using ModelJobs.Contracts;

namespace ModelJobs.Functions.Collect;

/// <summary>
/// What runs of chunks measured, added up: sums and counts, of one size whatever the number of runs. An answer is in it if one of its items is
/// counted, so once. It travels in the metadata of parts, in what pages report and in the job's own state.
/// </summary>
internal sealed record RunSums
{
    /// <summary>Instances that are remembered, those seen last: more than most plans scale out to, in 1.6 KB of a part's metadata.</summary>
    public const int MaxInstances = 64;

    /// <summary>An instance of which nothing has been seen for so many cycles of a node is taken to be gone.</summary>
    private const int CyclesUntilGone = 4;

    /// <summary>But not before this time.</summary>
    private static readonly TimeSpan LeastUntilGone = TimeSpan.FromMinutes(1);

    /// <summary>Nothing.</summary>
    public static readonly RunSums None = new();

    /// <summary>Runs.</summary>
    public long Runs { get; init; }

    /// <summary>Items that were answered by them and counted.</summary>
    public long Items { get; init; }

    /// <summary>Answers.</summary>
    public long Answers { get; init; }

    /// <summary>How often items were given to the model.</summary>
    public long Attempts { get; init; }

    /// <summary>Calls that the model's endpoint refused because there were too many.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Throttled { get; init; }

    /// <summary>Tokens sent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long InputTokens { get; init; }

    /// <summary>Tokens answered.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long OutputTokens { get; init; }

    /// <summary>Time in the model (Tc).</summary>
    [JsonConverter(typeof(MicrosecondsConverter))]
    public TimeSpan Task { get; init; }

    /// <summary>Time from receipt to answer besides that (Tq, its first part).</summary>
    [JsonConverter(typeof(MicrosecondsConverter))]
    public TimeSpan Balance { get; init; }

    /// <summary>Runs whose ends are known.</summary>
    public long Tails { get; init; }

    /// <summary>From the last answers of those until their nodes were free (Tq, its second part).</summary>
    [JsonConverter(typeof(MicrosecondsConverter))]
    public TimeSpan Tail { get; init; }

    /// <summary>Time that nodes waited for messages (Tp).</summary>
    [JsonConverter(typeof(MicrosecondsConverter))]
    public TimeSpan Idle { get; init; }

    /// <summary>Time that messages waited in their queue.</summary>
    [JsonConverter(typeof(MicrosecondsConverter))]
    public TimeSpan Wait { get; init; }

    /// <summary>When the first message was received, in milliseconds since 1970; 0 if there are no runs.</summary>
    public long ReceivedAt { get; init; }

    /// <summary>When the last answer was made, in milliseconds since 1970.</summary>
    public long AnsweredAt { get; init; }

    /// <summary>The instances that were seen last, by name.</summary>
    public IReadOnlyList<InstancePlaces> Instances { get; init; } = [];

    /// <summary>From the first receipt to the last answer.</summary>
    [JsonIgnore]
    public TimeSpan Span => TimeSpan.FromMilliseconds(AnsweredAt - ReceivedAt);

    /// <summary>Time of a run besides the model, on average; zero if there are no runs.</summary>
    [JsonIgnore]
    public TimeSpan MeanBalance => Mean(Balance, Runs) + Mean(Tail, Tails);

    /// <summary>A node's cycle, on average; zero if there are no runs.</summary>
    [JsonIgnore]
    public TimeSpan MeanCycle => Mean(Task, Runs) + Mean(Idle, Runs) + MeanBalance;

    /// <summary>Nodes that were seen lately: the places of the instances that still answer.</summary>
    [JsonIgnore]
    public int Nodes
    {
        get
        {
            var gone = MeanCycle * CyclesUntilGone;
            var after = DateTimeOffset.FromUnixTimeMilliseconds(AnsweredAt) - (gone > LeastUntilGone ? gone : LeastUntilGone);
            return Instances.Where(instance => instance.SeenAt >= after.ToUnixTimeSeconds()).Sum(instance => instance.Places);
        }
    }

    /// <summary>What one answer measured.</summary>
    /// <param name="timing">The answer's measurement.</param>
    /// <param name="items">Its items that are counted.</param>
    public static RunSums Of(RunTiming timing, int items) => new()
    {
        Runs = timing.Runs,
        Items = items,
        Answers = 1,
        Attempts = timing.Attempts,
        Throttled = timing.Throttled,
        InputTokens = timing.InputTokens,
        OutputTokens = timing.OutputTokens,
        Task = timing.Task,
        Balance = timing.Balance,
        Tails = timing.Tails,
        Tail = timing.Tail,
        Idle = timing.Idle,
        Wait = timing.Wait,
        ReceivedAt = timing.ReceivedAt,
        AnsweredAt = timing.AnsweredAt,
        Instances = [new InstancePlaces(timing.Instance, timing.Slot + 1, timing.AnsweredAt / 1000)],
    };

    /// <summary>What can be had of an answer of an external worker, who does not measure.</summary>
    public static RunSums OfExternal(IEnumerable<ItemResult> results) => new()
    {
        Answers = 1,
        Attempts = results.Sum(result => (long)result.Attempts),
        InputTokens = results.Sum(result => result.Usage?.InputTokens ?? 0),
        OutputTokens = results.Sum(result => result.Usage?.OutputTokens ?? 0),
    };

    /// <summary>The mean of a sum; zero of none.</summary>
    public static TimeSpan Mean(TimeSpan sum, long count) => count > 0 ? sum / count : TimeSpan.Zero;

    public static RunSums operator +(RunSums a, RunSums b) =>
        a.Answers == 0 ? b
        : b.Answers == 0 ? a
        : new RunSums
        {
            Runs = a.Runs + b.Runs,
            Items = a.Items + b.Items,
            Answers = a.Answers + b.Answers,
            Attempts = a.Attempts + b.Attempts,
            Throttled = a.Throttled + b.Throttled,
            InputTokens = a.InputTokens + b.InputTokens,
            OutputTokens = a.OutputTokens + b.OutputTokens,
            Task = a.Task + b.Task,
            Balance = a.Balance + b.Balance,
            Tails = a.Tails + b.Tails,
            Tail = a.Tail + b.Tail,
            Idle = a.Idle + b.Idle,
            Wait = a.Wait + b.Wait,
            ReceivedAt = a.ReceivedAt == 0 || b.ReceivedAt == 0 ? Math.Max(a.ReceivedAt, b.ReceivedAt) : Math.Min(a.ReceivedAt, b.ReceivedAt),
            AnsweredAt = Math.Max(a.AnsweredAt, b.AnsweredAt),
            Instances = Together(a.Instances, b.Instances),
        };

    private static IReadOnlyList<InstancePlaces> Together(IReadOnlyList<InstancePlaces> a, IReadOnlyList<InstancePlaces> b)
    {
        // Nearly always: one instance, or the same as before.
        if (a is [var left] && b is [var right] && left.Name == right.Name)
        {
            return [left.With(right)];
        }

        return
        [
            .. a.Concat(b)
                .GroupBy(instance => instance.Name, StringComparer.Ordinal)
                .Select(same => same.Aggregate((one, other) => one.With(other)))
                .OrderByDescending(instance => instance.SeenAt)
                .ThenBy(instance => instance.Name, StringComparer.Ordinal)
                .Take(MaxInstances),
        ];
    }
}

/// <summary>An instance that runs chunks.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Places">How many chunks it has run at once.</param>
/// <param name="SeenAt">When it answered last, in seconds since 1970.</param>
[JsonConverter(typeof(InstancePlacesConverter))]
internal sealed record InstancePlaces(string Name, int Places, long SeenAt)
{
    public InstancePlaces With(InstancePlaces other) => this with { Places = Math.Max(Places, other.Places), SeenAt = Math.Max(SeenAt, other.SeenAt) };
}

/// <summary>An instance as one short text, <c>name/places/seconds</c>: a part's metadata has little room.</summary>
internal sealed class InstancePlacesConverter : JsonConverter<InstancePlaces>
{
    /// <inheritdoc/>
    public override InstancePlaces Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetString()?.Split('/') is [var name, var places, var seen]
        && int.TryParse(places, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && long.TryParse(seen, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            ? new InstancePlaces(name, number, seconds)
            : throw new JsonException("An instance is 'name/places/seconds'.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, InstancePlaces value, JsonSerializerOptions options) =>
        writer.WriteStringValue(string.Create(CultureInfo.InvariantCulture, $"{value.Name}/{value.Places}/{value.SeenAt}"));
}

/// <summary>Source-generated JSON of sums.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RunSums))]
internal sealed partial class RunSumsJson : JsonSerializerContext;

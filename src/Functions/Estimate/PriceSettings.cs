using System.ComponentModel.DataAnnotations;
using ModelJobs.Contracts;

namespace ModelJobs.Functions.Estimate;

/// <summary>
/// What an estimate multiplies its counts by, from the configuration section <c>Prices</c>: each the price of a million. A count without a
/// price has no line in the cost. The defaults are examples (docs/costs.md), not an offer of anybody's.
/// </summary>
public sealed class PriceSettings
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Prices";

    private const double MaxPrice = 1e9;
    private const decimal Million = 1_000_000m;

    /// <summary>Currency of all prices.</summary>
    [Required]
    [StringLength(16)]
    public string Currency { get; set; } = "USD";

    /// <summary>From when the prices are; shown beside what is made of them.</summary>
    [StringLength(64)]
    public string? AsOf { get; set; } = "example, 2025-01";

    /// <summary>Operations of Service Bus.</summary>
    [Range(0, MaxPrice)]
    public decimal? ServiceBusOperations { get; set; } = 0.80m;

    /// <summary>Writes and lists of blobs.</summary>
    [Range(0, MaxPrice)]
    public decimal? StorageWrites { get; set; } = 5.00m;

    /// <summary>Reads of blobs.</summary>
    [Range(0, MaxPrice)]
    public decimal? StorageReads { get; set; } = 0.40m;

    /// <summary>Runs of functions; not the time that they take, which depends on the model.</summary>
    [Range(0, MaxPrice)]
    public decimal? Executions { get; set; } = 0.40m;

    /// <summary>Activities and orchestrations, where the durable back end has a price for each.</summary>
    [Range(0, MaxPrice)]
    public decimal? DurableActions { get; set; }

    /// <summary>Tokens sent to a model.</summary>
    [Range(0, MaxPrice)]
    public decimal? InputTokens { get; set; }

    /// <summary>Tokens that a model answers.</summary>
    [Range(0, MaxPrice)]
    public decimal? OutputTokens { get; set; }

    /// <summary>What counts cost.</summary>
    /// <param name="counts">Each with its name and its price; one without a count or a price has no line.</param>
    /// <returns>Null if none has a line.</returns>
    internal CostEstimate? CostOf(params ReadOnlySpan<(string Name, long? Count, decimal? Price)> counts)
    {
        var lines = new List<CostLine>(counts.Length);
        foreach (var (name, count, price) in counts)
        {
            if (count is { } known && price is { } perMillion)
            {
                lines.Add(new CostLine(name, known, perMillion, known * perMillion / Million));
            }
        }

        return lines.Count == 0 ? null : new CostEstimate(Currency, AsOf, lines, lines.Sum(line => line.Amount));
    }
}

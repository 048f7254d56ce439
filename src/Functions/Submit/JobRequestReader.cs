using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using ModelJobs.Contracts;
using ModelJobs.Functions.Http;

namespace ModelJobs.Functions.Submit;

/// <summary>A request to run a job, items still unread where they can be streamed.</summary>
/// <param name="Model">Name of a configured model.</param>
/// <param name="External">Whether external workers run the model.</param>
/// <param name="Options">Options, checked, defaults filled in.</param>
/// <param name="Items">The items with their 1-based line (NDJSON) or place (JSON).</param>
internal sealed record ReadRequest(string Model, bool External, JobOptions Options, IAsyncEnumerable<(long Line, SubmittedItem Item)> Items);

/// <summary>Reads <c>POST /api/jobs</c> in its two forms.</summary>
internal sealed class JobRequestReader(RunSettings settings)
{
    private const string DryRun = "dryRun";

    private static readonly string[] QueryNames =
        ["model", "orderByKey", "chunkItems", "maxConcurrency", "priority", "onFailure", "tolerate", "deadline", "retention", "webhook", DryRun, "code"];

    /// <summary>Whether the caller wants to know what the job would take, instead of running it.</summary>
    /// <exception cref="ProblemException">It is neither true nor false.</exception>
    public static bool IsDryRun(HttpRequest request) =>
        Query(request, DryRun, text => bool.TryParse(text, out var value) ? value : (bool?)null, "true or false") ?? false;

    /// <summary>Reads model and options, and hands out the items.</summary>
    /// <exception cref="ProblemException">The request is refused.</exception>
    public async Task<ReadRequest> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var contentType = MediaTypeHeaderValue.TryParse(request.ContentType, out var parsed) ? parsed.MediaType.Value : null;
        return contentType?.ToLowerInvariant() switch
        {
            "application/x-ndjson" or "application/jsonl" or "application/x-jsonlines" => ReadLines(request, cancellationToken),
            "application/json" => await ReadJsonAsync(request, cancellationToken),
            _ => throw Problems.ContentTypeNotSupported(request.ContentType),
        };
    }

    private ReadRequest ReadLines(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.Query.Keys.FirstOrDefault(name => !QueryNames.Contains(name, StringComparer.OrdinalIgnoreCase)) is { } unknown)
        {
            throw Problems.BadOption($"'{unknown}' is not an option; there are {string.Join(", ", QueryNames.SkipLast(1))}.");
        }

        var options = new JobOptions
        {
            OrderByKey = Query(request, "orderByKey", text => bool.TryParse(text, out var value) ? value : (bool?)null, "true or false") ?? false,
            ChunkItems = Query(request, "chunkItems", ParseInt, "a whole number"),
            MaxConcurrency = Query(request, "maxConcurrency", ParseInt, "a whole number"),
            Priority = Query(request, "priority", ParsePriority, "low, normal or high") ?? JobPriority.Normal,
            OnFailure = Query(request, "onFailure", ParseFailureAction, "continue or stopLane") ?? FailureAction.Continue,
            Tolerate = Query(request, "tolerate", text => Tolerance.TryParse(text, out var value) ? value : null, "a number of items such as 5, or a share such as 1%"),
            Deadline = Query(request, "deadline", ParseDuration, "a length of time such as 90s, 30m, 2h, 7d or 01:30:00"),
            Retention = Query(request, "retention", ParseDuration, "a length of time such as 90s, 30m, 2h, 7d or 01:30:00"),
            Webhook = WebhookOf(request),
        };
        return Check(request.Query["model"], options, ItemLines.ReadAsync(request.BodyReader, cancellationToken));
    }

    private async Task<ReadRequest> ReadJsonAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.Query.Keys.FirstOrDefault(name => QueryNames.SkipLast(2).Contains(name, StringComparer.OrdinalIgnoreCase)) is { } option)
        {
            throw Problems.BadOption($"'{option}' belongs into the JSON body (\"model\", \"options\"); only NDJSON has it in the query.");
        }

        if (request.ContentLength > JobLimits.MaxJsonBodyBytes)
        {
            throw JsonTooLarge();
        }

        try
        {
            await using var body = new LimitedStream(request.Body, JobLimits.MaxJsonBodyBytes, JsonTooLarge);
            var job = await JsonSerializer.DeserializeAsync(body, ContractsJson.Wire.JobRequest, cancellationToken)
                ?? throw new JsonException("null is not a job.");

            // Absent options are null here: generated deserializers assign every init-only property and so undo its initializer.
            return Check(job.Model, job.Options ?? new JobOptions(), Numbered(job.Items));
        }
        catch (JsonException malformed)
        {
            var (line, column) = (malformed.LineNumber + 1, malformed.BytePositionInLine + 1);
            throw Problems.BadInput($"Line {line}, column {column} of the JSON body: {ItemLines.Reason(malformed)} Nothing was accepted.", line, column);
        }
    }

    private static async IAsyncEnumerable<(long Line, SubmittedItem Item)> Numbered(IReadOnlyList<Item> items)
    {
        await Task.CompletedTask;
        for (var i = 0; i < items.Count; i++)
        {
            // The deserializer checks properties for null, but not the elements of lists.
            var item = items[i] ?? throw Problems.BadInput(
                $"Item {i + 1} is null; every item must be an object such as {{\"input\":…}}. Nothing was accepted.", i + 1);
            ItemLines.CheckNames(item.Id, item.Key, i + 1);
            yield return (i + 1, new SubmittedItem(item));
        }
    }

    private ReadRequest Check(string? model, JobOptions options, IAsyncEnumerable<(long Line, SubmittedItem Item)> items)
    {
        var (name, external, chosen) = settings.Check(model, options);
        return new ReadRequest(name, external, chosen, items);
    }

    private static T? Query<T>(HttpRequest request, string name, Func<string, T?> parse, string expected)
        where T : struct
    {
        string? text = request.Query[name];
        return string.IsNullOrEmpty(text) ? null : parse(text) ?? throw Problems.BadOption($"{name} must be {expected}, not '{text}'.");
    }

    private static string? WebhookOf(HttpRequest request) => request.Query["webhook"] is var webhook && webhook.Count > 1
        ? throw Problems.BadOption("webhook was named twice; an address of its own that has an & in its query must be percent-encoded whole.")
        : (string?)webhook;

    private static TimeSpan? ParseDuration(string text) => Duration.TryParse(text, out var value) ? value : null;

    private static JobPriority? ParsePriority(string text) => text switch
    {
        "low" => JobPriority.Low,
        "normal" => JobPriority.Normal,
        "high" => JobPriority.High,
        _ => null,
    };

    private static FailureAction? ParseFailureAction(string text) => text switch
    {
        "continue" => FailureAction.Continue,
        "stopLane" => FailureAction.StopLane,
        _ => null,
    };

    private static int? ParseInt(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;

    private static ProblemException JsonTooLarge() =>
        Problems.TooLarge($"A JSON body has at most {JobLimits.MaxJsonBodyBytes} bytes; send more items as application/x-ndjson, which is streamed.");
}

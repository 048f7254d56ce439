using System.Text.Json;
using Azure;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using ModelJobs.Contracts;
using ModelJobs.Functions.Access;
using ModelJobs.Functions.Assemble;
using ModelJobs.Functions.Status;
using ModelJobs.Functions.Storage;

namespace ModelJobs.Functions.Redrive;

/// <summary>
/// <c>GET /api/jobs/{id}/parked</c>: the lines of the errors whose items can be redriven or discarded, in input order; with
/// <c>?errorCode=</c> those of one code. Not <c>code</c>: on Azure that is the function key.
/// </summary>
internal sealed class GetParked(JobBlobs blobs)
{
    private const int NotFound = 404;

    [Function(nameof(GetParked))]
    public async Task<IResult> Run(
        [HttpTrigger(BuiltAccess.Level, "get", Route = "jobs/{id}/parked")] HttpRequest request,
        string id,
        [DurableClient] DurableTaskClient durable,
        CancellationToken cancellationToken)
    {
        await JobReader.InstanceAsync(durable, id, cancellationToken);
        string? code = request.Query["errorCode"];
        return Results.Stream(body => CopyAsync(id, string.IsNullOrEmpty(code) ? null : code, body, cancellationToken), "application/x-ndjson");
    }

    private async Task CopyAsync(string id, string? code, Stream body, CancellationToken cancellationToken)
    {
        try
        {
            await using var lines = await PartReader.OpenAsync(blobs.Blob(JobBlobs.Errors(id)), cancellationToken);
            while (await lines.MoveNextAsync(cancellationToken))
            {
                var line = lines.Current.Utf8;
                if (JsonSerializer.Deserialize(line.Span, ContractsJson.Wire.ItemResult) is { Status: not ItemStatus.Discarded } item
                    && (code is null || item.Error?.Code == code))
                {
                    await body.WriteAsync(line, cancellationToken);
                    await body.WriteAsync("\n"u8.ToArray(), cancellationToken);
                }
            }
        }
        catch (RequestFailedException absent) when (absent.Status == NotFound)
        {
            // No page is assembled yet.
        }
    }
}

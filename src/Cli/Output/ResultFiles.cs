using ModelJobs.Cli.Client;

namespace ModelJobs.Cli.Output;

/// <summary>
/// The files that a job leaves: <c>output.jsonl</c> and <c>errors.jsonl</c>, both in input order. Each appears whole or not at all:
/// it is streamed to a file beside it, which then takes its name.
/// </summary>
/// <param name="Output">Path of the lines of the items that succeeded.</param>
/// <param name="Errors">Path of the lines of the items that failed; empty if none did.</param>
internal sealed record ResultFiles(string Output, string Errors)
{
    private const string PartialSuffix = ".partial";

    /// <summary>The files in a folder, which is made if it is missing.</summary>
    /// <exception cref="CommandException">The folder cannot be made.</exception>
    public static ResultFiles In(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{folder} cannot be used for the results: {error.Message}", error);
        }
        return new ResultFiles(Path.Combine(folder, "output.jsonl"), Path.Combine(folder, "errors.jsonl"));
    }

    /// <summary>Streams both files from the service, in place of those of an earlier job.</summary>
    /// <exception cref="CommandException">A file cannot be written, or the stream broke; the earlier files are then as they were.</exception>
    public async Task WriteAsync(JobsClient client, string jobId, CancellationToken cancellationToken)
    {
        try
        {
            await DownloadAsync(client, jobId, ItemLines.Results, Output + PartialSuffix, cancellationToken);
            await DownloadAsync(client, jobId, ItemLines.Errors, Errors + PartialSuffix, cancellationToken);
            File.Move(Output + PartialSuffix, Output, overwrite: true);
            File.Move(Errors + PartialSuffix, Errors, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"The results cannot be written: {error.Message}. Read them with `jobs results {jobId}`.", error);
        }
        finally
        {
            File.Delete(Output + PartialSuffix);
            File.Delete(Errors + PartialSuffix);
        }
    }

    private static async Task DownloadAsync(
        JobsClient client, string jobId, ItemLines lines, string path, CancellationToken cancellationToken)
    {
        using ItemLineStream source = await client.OpenLinesAsync(jobId, lines, follow: false, cancellationToken);
        await using FileStream target = new(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.Asynchronous);
        await source.CopyToAsync(target, cancellationToken);
    }
}

using ModelJobs.Cli.Client;

namespace ModelJobs.Cli.Output;

/// <summary>
/// The files that a job leaves: <c>output.jsonl</c> and <c>errors.jsonl</c>, both in input order. Each appears whole or not at all:
/// it is streamed to a file beside it, which then takes its name. A folder that was made for files which never came goes again.
/// </summary>
internal sealed class ResultFiles : IDisposable
{
    private const string PartialSuffix = ".partial";

    /// <summary>Folders made for the files, the innermost first.</summary>
    private readonly IReadOnlyList<string> _made;

    private ResultFiles(string folder, IReadOnlyList<string> made)
    {
        Output = Path.Combine(folder, "output.jsonl");
        Errors = Path.Combine(folder, "errors.jsonl");
        _made = made;
    }

    /// <summary>Path of the lines of the items that succeeded.</summary>
    public string Output { get; }

    /// <summary>Path of the lines of the items that failed; empty if none did.</summary>
    public string Errors { get; }

    /// <summary>The files in a folder, which is made if it is missing.</summary>
    /// <exception cref="CommandException">The folder cannot be made.</exception>
    public static ResultFiles In(string folder)
    {
        var made = new List<string>();
        try
        {
            for (var missing = Path.GetFullPath(folder); missing is not null && !Directory.Exists(missing); missing = Path.GetDirectoryName(missing))
            {
                made.Add(missing);
            }

            Directory.CreateDirectory(folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{folder} cannot be used for the results: {error.Message}", error);
        }
        return new ResultFiles(folder, made);
    }

    /// <summary>Removes the files of an earlier job: from here on nobody may take them for this one's.</summary>
    /// <exception cref="CommandException">A file cannot be removed.</exception>
    public void DiscardEarlier()
    {
        try
        {
            File.Delete(Output);
            File.Delete(Errors);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"The results of an earlier run cannot be replaced: {error.Message}", error);
        }
    }

    /// <summary>Streams both files from the service: all lines that the job has, however it ended.</summary>
    /// <exception cref="CommandException">A file cannot be written, or the stream broke; there are no files then.</exception>
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

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var folder in _made.TakeWhile(folder => Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any()))
        {
            Directory.Delete(folder);
        }
    }

    private static async Task DownloadAsync(
        JobsClient client, string jobId, ItemLines lines, string path, CancellationToken cancellationToken)
    {
        using var source = await client.OpenLinesAsync(jobId, lines, follow: false, cancellationToken);
        await using FileStream target = new(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.Asynchronous);
        await source.CopyToAsync(target, cancellationToken);
    }
}

namespace ModelJobs.Cli.Input;

/// <summary>The items to submit: an NDJSON file, or standard input.</summary>
/// <param name="Name">What to call it in messages.</param>
/// <param name="Stream">Its bytes, read once, front to back.</param>
internal sealed record JobInput(string Name, Stream Stream) : IDisposable
{
    /// <summary>The name that means standard input.</summary>
    public const string StandardInput = "-";

    private const int BufferBytes = 128 * 1024;

    private static readonly string[] Extensions = [".jsonl", ".ndjson"];

    /// <summary>Opens the input.</summary>
    /// <param name="path">A file, or <see cref="StandardInput"/>.</param>
    /// <param name="standardInput">Standard input.</param>
    /// <exception cref="CommandException">There is nothing to submit; the message says why and what to do.</exception>
    public static JobInput Open(string path, Stream standardInput)
    {
        if (path == StandardInput)
        {
            return new JobInput("standard input", standardInput);
        }

        if (Directory.Exists(path))
        {
            throw new CommandException($"{path} is a folder. Name a file of items, one JSON object a line (.jsonl or .ndjson).");
        }

        if (!File.Exists(path))
        {
            throw new CommandException($"{path} does not exist. Name a file of items, one JSON object a line (.jsonl or .ndjson), or - for standard input.");
        }
        // A pipe that the shell names (/dev/fd/63) has no extension; a .json or .csv file would only be refused line by line.
        var extension = Path.GetExtension(path);
        if (extension.Length > 0 && !Extensions.Contains(extension, StringComparer.OrdinalIgnoreCase))
        {
            throw new CommandException($"{path} is not a .jsonl or .ndjson file. If it holds one JSON object a line, pass it on standard input: - < {path}");
        }

        return OpenFile(path);
    }

    /// <inheritdoc/>
    public void Dispose() => Stream.Dispose();

    private static JobInput OpenFile(string path)
    {
        FileStream stream;
        try
        {
            stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes, FileOptions.Asynchronous | FileOptions.SequentialScan);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{path} cannot be read: {error.Message}", error);
        }
        if (stream.CanSeek && stream.Length == 0)
        {
            stream.Dispose();
            throw new CommandException($"{path} is empty. A job needs at least one item.");
        }
        return new JobInput(path, stream);
    }
}

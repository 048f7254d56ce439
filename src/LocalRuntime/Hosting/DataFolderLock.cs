namespace ModelJobs.LocalRuntime.Hosting;

/// <summary>
/// Keeps a data folder for one app: two of them would overwrite each other's state without noticing. The system lets go of it when the
/// process ends, however it ends.
/// </summary>
internal sealed class DataFolderLock : IDisposable
{
    /// <summary>What a file that another process holds fails with: on Windows, Linux and macOS.</summary>
    private static readonly int[] HeldByAnother = [unchecked((int)0x80070020), 11, 35];

    private readonly FileStream _file;

    private DataFolderLock(FileStream file) => _file = file;

    /// <summary>Takes the folder, which is created if need be.</summary>
    /// <param name="folder">The data folder.</param>
    /// <param name="fileName">Stands for the part of the folder that is taken.</param>
    /// <exception cref="LocalRuntimeException">Another app has it, or it cannot be written to.</exception>
    public static DataFolderLock Take(string folder, string fileName)
    {
        try
        {
            Directory.CreateDirectory(folder);
            return new DataFolderLock(
                new FileStream(Path.Combine(folder, fileName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException exception) when (HeldByAnother.Contains(exception.HResult))
        {
            throw new LocalRuntimeException(
                $"The data folder {folder} is in use by another app. Stop that app, give the job to it (`jobs submit`), or choose another " +
                "folder with --data (LocalRuntime:DataFolder).",
                exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new LocalRuntimeException(
                $"The data folder {folder} cannot be written to: {exception.Message} Choose another folder with --data (LocalRuntime:DataFolder).",
                exception);
        }
    }

    public void Dispose() => _file.Dispose();
}

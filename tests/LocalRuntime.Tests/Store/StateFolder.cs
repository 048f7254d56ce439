using ModelJobs.LocalRuntime.Store;
using ModelJobs.LocalRuntime.Tests.Hosting;

namespace ModelJobs.LocalRuntime.Tests.Store;

/// <summary>A store in a folder of its own, which can be opened again as after a stop, or as after a kill.</summary>
internal sealed class StateFolder : IDisposable
{
    private readonly List<AppFolder> _folders = [new()];

    public StateFolder() => Store = StateStore.Open(Folder);

    public StateStore Store { get; private set; }

    public string Folder => _folders[^1].Path;

    public string File => Path.Combine(Folder, StateFile.Name);

    /// <summary>Stops and starts: everything that was appended is written first.</summary>
    public StateStore Reopen()
    {
        Store.Dispose();
        return Store = StateStore.Open(Folder);
    }

    /// <summary>Goes on from the files as they are at this moment, which is what a kill leaves; the process that was killed writes no more.</summary>
    public StateStore Kill()
    {
        var copy = new AppFolder();
        foreach (var file in new[] { File, File + "-wal" }.Where(System.IO.File.Exists))
        {
            System.IO.File.Copy(file, Path.Combine(copy.Path, Path.GetFileName(file)));
        }

        Store.Dispose();
        _folders.Add(copy);
        return Store = StateStore.Open(Folder);
    }

    public void Dispose()
    {
        Store.Dispose();
        _folders.ForEach(folder => folder.Dispose());
    }
}

namespace ModelJobs.LocalRuntime.Tests.Hosting;

/// <summary>A folder that stands for an app's root, gone after the test.</summary>
internal sealed class AppFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("modeljobs-test-");

    public string Path => _folder.FullName;

    public AppFolder With(string file, string content)
    {
        var path = System.IO.Path.Combine(Path, file);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return this;
    }

    public void Dispose() => _folder.Delete(recursive: true);
}

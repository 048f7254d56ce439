using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace ModelJobs.Analyzers;

/// <summary>What of .NET and the Azure SDKs is not the same in every replay.</summary>
internal static class ForbiddenApis
{
    /// <summary>Members by the full name of their type; <c>*</c> stands for all of them.</summary>
    private static readonly Dictionary<string, (DiagnosticDescriptor Rule, HashSet<string> Members)> Types = Table(
        (Rules.Clock, "System.DateTime", "Now UtcNow Today"),
        (Rules.Clock, "System.DateTimeOffset", "Now UtcNow"),
        (Rules.Clock, "System.TimeProvider", "*"),
        (Rules.Clock, "System.Diagnostics.Stopwatch", "*"),
        (Rules.Random, "System.Guid", "NewGuid CreateVersion7"),
        (Rules.Random, "System.Random", "*"),
        (Rules.Random, "System.Security.Cryptography.RandomNumberGenerator", "*"),
        // Hash codes of texts have another seed in every process.
        (Rules.Random, "System.HashCode", "*"),
        (Rules.Random, "System.String", "GetHashCode"),
        (Rules.Random, "System.Object", "GetHashCode"),
        (Rules.Random, "System.Runtime.CompilerServices.RuntimeHelpers", "GetHashCode"),
        (Rules.Random, "System.IO.Path", "GetRandomFileName GetTempFileName"),
        (Rules.Tasks, "System.Threading.Tasks.Task", "Delay Run Yield Wait WaitAll WaitAny WaitAsync ContinueWith ConfigureAwait Start RunSynchronously Factory Result"),
        (Rules.Tasks, "System.Threading.Tasks.ValueTask", "ConfigureAwait Result"),
        (Rules.Tasks, "System.Threading.Tasks.TaskFactory", "*"),
        (Rules.Tasks, "System.Threading.Tasks.TaskScheduler", "*"),
        (Rules.Tasks, "System.Threading.Tasks.Parallel", "*"),
        (Rules.Tasks, "System.Runtime.CompilerServices.TaskAwaiter", "GetResult"),
        (Rules.Tasks, "System.Threading.Thread", "*"),
        (Rules.Tasks, "System.Threading.ThreadPool", "*"),
        (Rules.Tasks, "System.Threading.Timer", "*"),
        (Rules.Tasks, "System.Threading.PeriodicTimer", "*"),
        (Rules.Tasks, "System.Timers.Timer", "*"),
        (Rules.Tasks, "System.Threading.SemaphoreSlim", "*"),
        (Rules.Tasks, "System.Threading.Semaphore", "*"),
        (Rules.Tasks, "System.Threading.Mutex", "*"),
        (Rules.Tasks, "System.Threading.Monitor", "*"),
        (Rules.Tasks, "System.Threading.Lock", "*"),
        (Rules.Tasks, "System.Threading.ManualResetEventSlim", "*"),
        (Rules.Tasks, "System.Threading.EventWaitHandle", "*"),
        (Rules.Tasks, "System.Threading.CancellationTokenSource", "CancelAfter CancelAsync"),
        (Rules.Tasks, "System.Linq.ParallelEnumerable", "*"),
        (Rules.Io, "System.IO.File", "*"),
        (Rules.Io, "System.IO.Directory", "*"),
        (Rules.Io, "System.IO.FileInfo", "*"),
        (Rules.Io, "System.IO.DirectoryInfo", "*"),
        (Rules.Io, "System.IO.FileStream", "*"),
        (Rules.Io, "System.IO.FileSystemWatcher", "*"),
        (Rules.Io, "System.IO.DriveInfo", "*"),
        (Rules.Io, "System.Console", "*"),
        (Rules.Io, "System.Diagnostics.Process", "*"),
        (Rules.Surroundings, "System.Environment", "*"),
        (Rules.Surroundings, "System.AppContext", "*"),
        (Rules.Surroundings, "System.AppDomain", "*"),
        (Rules.Surroundings, "System.OperatingSystem", "*"),
        (Rules.Surroundings, "System.TimeZoneInfo", "Local"),
        (Rules.Surroundings, "System.Runtime.InteropServices.RuntimeInformation", "*"));

    /// <summary>Namespaces that are about one thing, those below them included.</summary>
    private static readonly (string Namespace, DiagnosticDescriptor Rule)[] Namespaces =
    [
        ("System.Net", Rules.Io),
        ("System.IO.Pipes", Rules.Io),
        ("System.Data", Rules.Io),
        ("Microsoft.Data", Rules.Io),
        ("Microsoft.EntityFrameworkCore", Rules.Io),
        ("Azure", Rules.Io),
        ("Microsoft.DurableTask.Client", Rules.Io),
        ("System.Threading.Channels", Rules.Tasks),
        ("Microsoft.Extensions.Configuration", Rules.Surroundings),
        ("Microsoft.Extensions.Options", Rules.Surroundings),
    ];

    /// <summary>Exceptions from the rows above.</summary>
    private static readonly HashSet<string> Harmless =
        ["System.Environment.NewLine", "System.Net.WebUtility", "Microsoft.Extensions.Options.Options"];

    /// <returns>Null if the member may be used.</returns>
    public static DiagnosticDescriptor? RuleOf(ISymbol member, IOperation operation)
    {
        var type = member.ContainingType?.OriginalDefinition;
        if (type is null || !type.DeclaringSyntaxReferences.IsEmpty)
        {
            return null;
        }

        if (operation is IObjectCreationOperation { Arguments.Length: > 0 } && NameOf(type) == "System.Threading.CancellationTokenSource")
        {
            return Rules.Tasks;
        }

        for (var level = type; level is not null; level = level.BaseType?.OriginalDefinition)
        {
            var name = NameOf(level);
            if (Harmless.Contains(name) || Harmless.Contains($"{name}.{member.Name}"))
            {
                return null;
            }

            // What a task offers is also found on those with results.
            if (Types.TryGetValue(name, out var row) && (row.Members.Contains("*") || row.Members.Contains(member.Name)))
            {
                return row.Rule;
            }
        }

        var space = type.ContainingNamespace.ToDisplayString();
        return Namespaces.FirstOrDefault(row => space == row.Namespace || space.StartsWith(row.Namespace + ".", StringComparison.Ordinal)).Rule;
    }

    private static string NameOf(INamedTypeSymbol type) => $"{type.ContainingNamespace.ToDisplayString()}.{type.Name}";

    private static Dictionary<string, (DiagnosticDescriptor, HashSet<string>)> Table(
        params (DiagnosticDescriptor Rule, string Type, string Members)[] rows)
        => rows.ToDictionary(row => row.Type, row => (row.Rule, new HashSet<string>(row.Members.Split(' '))));
}

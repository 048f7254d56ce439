using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace ModelJobs.Analyzers.Tests;

/// <summary>Compiles sources as the build would and runs the analyzer over them.</summary>
internal static class Analysis
{
    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    /// <summary>Whatever the test's process can load: .NET, the packages, the local runtime.</summary>
    private static readonly ImmutableArray<MetadataReference> References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path) != "ModelJobs.Functions.dll")
            .Select(path => MetadataReference.CreateFromFile(path)),
    ];

    private static readonly CSharpParseOptions Language = new(LanguageVersion.Latest);

    /// <param name="sources">Texts by file name.</param>
    /// <returns>What the analyzer found, in order.</returns>
    public static async Task<ImmutableArray<Diagnostic>> RunAsync(params IEnumerable<(string Name, string Text)> sources)
    {
        var compilation = Compile(sources);
        return await compilation
            .WithAnalyzers([new OrchestratorDeterminismAnalyzer()])
            .GetAnalyzerDiagnosticsAsync(TestContext.Current.CancellationToken);
    }

    public static CSharpCompilation Compile(params IEnumerable<(string Name, string Text)> sources) => CSharpCompilation.Create(
        "Sample",
        sources.Append(("GlobalUsings.cs", ImplicitUsings)).Select(source => CSharpSyntaxTree.ParseText(source.Item2, Language, source.Item1)),
        References,
        new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
}

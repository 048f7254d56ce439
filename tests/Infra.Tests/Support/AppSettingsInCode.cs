using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace ModelJobs.Infra.Tests.Support;

/// <summary>
/// The settings that src/Functions reads, found in its source: each use of the configuration, each options class that a section is bound to,
/// each environment variable, each connection and <c>%name%</c> of a trigger. A use whose setting cannot be told is reported, so that none is
/// overlooked.
/// </summary>
internal sealed class AppSettingsInCode
{
    private const string ConfigurationNamespace = "Microsoft.Extensions.Configuration";

    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    private static readonly string[] SectionReads = ["GetSection", "GetRequiredSection"];
    private static readonly string[] ValueReads = ["GetValue", "GetConnectionString"];

    /// <summary>Settings by their whole names, <c>:</c> between parts.</summary>
    public SortedSet<string> Keys { get; } = new(StringComparer.Ordinal);

    /// <summary>Sections of the root that are read.</summary>
    public SortedSet<string> Sections { get; } = new(StringComparer.Ordinal);

    /// <summary>Uses whose setting cannot be told, with their places.</summary>
    public List<string> Unknown { get; } = [];

    /// <summary>Of the app as it is.</summary>
    public static AppSettingsInCode OfTheApp { get; } = Find();

    public static AppSettingsInCode In(params IEnumerable<(string File, string Text)> sources)
    {
        // Whatever the test's process can load but the app itself: .NET, the packages, the local runtime.
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path) != "ModelJobs.Functions.dll").Select(path => MetadataReference.CreateFromFile(path));
        var language = new CSharpParseOptions(LanguageVersion.Latest);
        var compilation = CSharpCompilation.Create(
            "App",
            sources.Append(("GlobalUsings.cs", ImplicitUsings)).Select(source => CSharpSyntaxTree.ParseText(source.Item2, language, source.Item1)),
            references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        var found = new AppSettingsInCode();
        foreach (var tree in compilation.SyntaxTrees)
        {
            var model = compilation.GetSemanticModel(tree);
            foreach (var node in tree.GetRoot().DescendantNodes())
            {
                found.Visit(node, model);
            }
        }

        return found;
    }

    private static AppSettingsInCode Find()
    {
        var root = Repository.PathOf("src", "Functions");
        return In(Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(root, file).StartsWith("obj", StringComparison.Ordinal))
            .Select(file => (Path.GetRelativePath(root, file), File.ReadAllText(file))));
    }

    private void Visit(SyntaxNode node, SemanticModel model)
    {
        switch (node)
        {
            case ElementAccessExpressionSyntax access when IsRoot(model.GetTypeInfo(access.Expression).Type):
                Add(Keys, access.ArgumentList.Arguments[0].Expression, model);
                break;
            case InvocationExpressionSyntax call when model.GetSymbolInfo(call).Symbol is IMethodSymbol method:
                VisitCall(call, method, model);
                break;
            case AttributeSyntax attribute:
                VisitAttribute(attribute, model);
                break;
            default:
                break;
        }
    }

    private void VisitCall(InvocationExpressionSyntax call, IMethodSymbol method, SemanticModel model)
    {
        var arguments = call.ArgumentList.Arguments.Select(argument => argument.Expression).ToList();
        var ofConfiguration = method.ContainingNamespace.ToDisplayString() == ConfigurationNamespace
            && call.Expression is MemberAccessExpressionSyntax { Expression: var receiver } && IsRoot(model.GetTypeInfo(receiver).Type);
        if (ofConfiguration && SectionReads.Contains(method.Name))
        {
            Add(Sections, arguments[0], model);
        }
        else if (ofConfiguration && ValueReads.Contains(method.Name))
        {
            Add(Keys, arguments[0], model);
        }
        else if (method is { Name: "GetEnvironmentVariable", ContainingType.Name: nameof(Environment) })
        {
            Add(Keys, arguments[0], model);
        }
        else if (method is { Name: "Bind", ContainingType.Name: "StrictSettings" } && SectionOf(arguments[0], model) is { } section)
        {
            var options = model.GetTypeInfo(arguments[1]).Type!;
            Keys.UnionWith(options.GetMembers().OfType<IPropertySymbol>().Where(property => property is { SetMethod: not null, IsStatic: false })
                .Select(property => $"{section}:{property.Name}"));
        }
        else if (method.DeclaringSyntaxReferences.Length > 0 && arguments.Exists(argument => IsRoot(model.GetTypeInfo(argument).Type)))
        {
            // A method of the app that makes the setting's name out of texts that it is given.
            var texts = arguments.Select(argument => model.GetConstantValue(argument).Value as string).OfType<string>().ToList();
            if (texts.Count > 0)
            {
                Keys.Add(string.Join(':', texts));
            }
        }
    }

    private void VisitAttribute(AttributeSyntax attribute, SemanticModel model)
    {
        foreach (var argument in attribute.ArgumentList?.Arguments ?? [])
        {
            if (model.GetConstantValue(argument.Expression).Value is not string text)
            {
                continue;
            }

            if (argument.NameEquals?.Name.Identifier.Text == "Connection")
            {
                Sections.Add(text);
            }
            else if (text.Length > 2 && text.StartsWith('%') && text.EndsWith('%'))
            {
                Keys.Add(text.Trim('%'));
            }
        }
    }

    private void Add(SortedSet<string> found, ExpressionSyntax name, SemanticModel model)
    {
        if (model.GetConstantValue(name).Value is string text)
        {
            found.Add(text);
        }
        else if (!IsMadeOfParameters(name, model))
        {
            var place = name.GetLocation().GetLineSpan();
            Unknown.Add($"{place.Path}:{place.StartLinePosition.Line + 1}: {name}");
        }
    }

    // Its callers say what it is, and they are visited too.
    private static bool IsMadeOfParameters(ExpressionSyntax name, SemanticModel model) =>
        name.DescendantNodesAndSelf().OfType<IdentifierNameSyntax>()
            .All(part => model.GetSymbolInfo(part).Symbol is IParameterSymbol { ContainingSymbol: IMethodSymbol { MethodKind: MethodKind.Ordinary } });

    private static string? SectionOf(ExpressionSyntax expression, SemanticModel model) =>
        expression is InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Expression: var receiver } } call
        && IsRoot(model.GetTypeInfo(receiver).Type)
            ? model.GetConstantValue(call.ArgumentList.Arguments[0].Expression).Value as string
            : null;

    // The whole configuration; a section, such as a model's, is reached through it.
    private static bool IsRoot(ITypeSymbol? type) => type?.Name is "IConfiguration" or "IConfigurationManager" or "IConfigurationRoot" or "ConfigurationManager"
        && type.ContainingNamespace.ToDisplayString() == ConfigurationNamespace;
}

using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace ModelJobs.Analyzers;

/// <summary>
/// Finds what is not the same in every replay, in orchestrators and in all code of the same assembly that they reach: the clock,
/// randomness, tasks that are not durable, I/O, the environment, static state, iteration without an order.
/// </summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class OrchestratorDeterminismAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } =
    [
        Rules.Clock, Rules.Random, Rules.Tasks, Rules.Io, Rules.Surroundings, Rules.StaticState, Rules.Unordered,
    ];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.Analyze | GeneratedCodeAnalysisFlags.ReportDiagnostics);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(Start);
    }

    private static void Start(CompilationStartAnalysisContext context)
    {
        var roots = OrchestratorRoots.In(context.Compilation);
        if (roots is null)
        {
            return;
        }

        var code = new CodeGraph();
        context.RegisterSymbolAction(symbol => code.AddMember(symbol.Symbol, roots.IsRoot(symbol.Symbol)), SymbolKind.Method, SymbolKind.Property, SymbolKind.Field);
        context.RegisterSymbolAction(symbol => code.AddType((INamedTypeSymbol)symbol.Symbol), SymbolKind.NamedType);
        context.RegisterOperationAction(
            operation => OperationVisitor.Visit(operation.Operation, operation.ContainingSymbol, code),
            OperationKind.Invocation,
            OperationKind.ObjectCreation,
            OperationKind.PropertyReference,
            OperationKind.FieldReference,
            OperationKind.MethodReference,
            OperationKind.Loop,
            OperationKind.Lock,
            OperationKind.Using,
            OperationKind.UsingDeclaration,
            OperationKind.Spread,
            OperationKind.Binary,
            OperationKind.Unary,
            OperationKind.Conversion,
            OperationKind.CompoundAssignment,
            OperationKind.Increment,
            OperationKind.Decrement);
        context.RegisterCompilationEndAction(end =>
        {
            foreach (var diagnostic in code.Findings())
            {
                end.ReportDiagnostic(diagnostic);
            }
        });
    }
}

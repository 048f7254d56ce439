using Microsoft.CodeAnalysis;

namespace ModelJobs.Analyzers;

/// <summary>Recognizes orchestrators: functions with an orchestration trigger, and classes that derive from TaskOrchestrator.</summary>
internal sealed class OrchestratorRoots
{
    private readonly INamedTypeSymbol? _trigger;
    private readonly INamedTypeSymbol? _class;

    private OrchestratorRoots(INamedTypeSymbol? trigger, INamedTypeSymbol? orchestratorClass) => (_trigger, _class) = (trigger, orchestratorClass);

    /// <returns>Null if the compilation knows no orchestrators at all.</returns>
    public static OrchestratorRoots? In(Compilation compilation)
    {
        var trigger = compilation.GetTypeByMetadataName("Microsoft.Azure.Functions.Worker.OrchestrationTriggerAttribute");
        var orchestratorClass = compilation.GetTypeByMetadataName("Microsoft.DurableTask.TaskOrchestrator`2");
        return trigger is null && orchestratorClass is null ? null : new OrchestratorRoots(trigger, orchestratorClass);
    }

    public bool IsRoot(ISymbol member) => member is IMethodSymbol method && (HasTrigger(method) || OverridesRun(method));

    private bool HasTrigger(IMethodSymbol method)
        => _trigger is not null
            && method.Parameters.Any(parameter => parameter.GetAttributes()
                .Any(attribute => SymbolEqualityComparer.Default.Equals(attribute.AttributeClass, _trigger)));

    private bool OverridesRun(IMethodSymbol method)
    {
        for (var overridden = method.OverriddenMethod; _class is not null && overridden is not null; overridden = overridden.OverriddenMethod)
        {
            if (SymbolEqualityComparer.Default.Equals(overridden.ContainingType.OriginalDefinition, _class))
            {
                return true;
            }
        }

        return false;
    }
}

using System.Collections.Concurrent;
using Microsoft.CodeAnalysis;

namespace ModelJobs.Analyzers;

/// <summary>
/// Which member of the assembly uses which, and what each does that an orchestrator must not. Filled by many threads, read once at the end.
/// A member stands for all code in it, local functions and lambdas too.
/// </summary>
internal sealed class CodeGraph
{
    private readonly ConcurrentDictionary<ISymbol, ConcurrentBag<ISymbol>> _uses = new(SymbolEqualityComparer.Default);
    private readonly ConcurrentDictionary<ISymbol, ConcurrentBag<(DiagnosticDescriptor Rule, string What, Location Where)>> _faults =
        new(SymbolEqualityComparer.Default);

    private readonly ConcurrentBag<ISymbol> _roots = [];

    /// <summary>A member begins to exist.</summary>
    public void AddMember(ISymbol member, bool isRoot)
    {
        if (isRoot)
        {
            _roots.Add(member);
        }

        // What is called through a base member or an interface may be any of its overrides.
        if (member is IMethodSymbol { OverriddenMethod: { } overridden })
        {
            AddUse(overridden, member);
        }
    }

    /// <summary>A type begins to exist: its code is reached through the interfaces that it implements too.</summary>
    public void AddType(INamedTypeSymbol type)
    {
        foreach (var declared in type.AllInterfaces.SelectMany(implemented => implemented.GetMembers()).OfType<IMethodSymbol>())
        {
            if (type.FindImplementationForInterfaceMember(declared) is { } implementation)
            {
                AddUse(declared, implementation);
            }
        }
    }

    public void AddUse(ISymbol user, ISymbol used)
        => _uses.GetOrAdd(user.OriginalDefinition, _ => []).Add(used.OriginalDefinition);

    public void AddFault(ISymbol member, DiagnosticDescriptor rule, string what, Location where)
        => _faults.GetOrAdd(member.OriginalDefinition, _ => []).Add((rule, what, where));

    /// <summary>The faults that orchestrators reach, each once, by the shortest way.</summary>
    public IEnumerable<Diagnostic> Findings()
    {
        var cameFrom = new Dictionary<ISymbol, ISymbol?>(SymbolEqualityComparer.Default);
        var next = new Queue<ISymbol>();
        foreach (var root in _roots.OrderBy(Name, StringComparer.Ordinal))
        {
            Reach(root, null);
        }

        while (next.Count > 0)
        {
            var member = next.Dequeue();
            foreach (var used in UsedBy(member))
            {
                Reach(used, member);
            }
        }

        return cameFrom.Keys
            .Where(_faults.ContainsKey)
            .SelectMany(member => _faults[member].Select(fault => Diagnostic.Create(fault.Rule, fault.Where, fault.What, Way(member))))
            .OrderBy(diagnostic => diagnostic.Location.SourceTree?.FilePath, StringComparer.Ordinal)
            .ThenBy(diagnostic => diagnostic.Location.SourceSpan.Start)
            .ThenBy(diagnostic => diagnostic.Id, StringComparer.Ordinal);

        void Reach(ISymbol member, ISymbol? from)
        {
            if (!cameFrom.ContainsKey(member))
            {
                cameFrom.Add(member, from);
                next.Enqueue(member);
            }
        }

        string Way(ISymbol member)
        {
            List<string> names = [];
            for (ISymbol? step = member; step is not null; step = cameFrom[step])
            {
                names.Add(Name(step));
            }

            names.Reverse();
            return string.Join(" > ", names.Distinct());
        }
    }

    private IEnumerable<ISymbol> UsedBy(ISymbol member)
    {
        var used = _uses.TryGetValue(member, out var direct) ? direct : Enumerable.Empty<ISymbol>();
        return used.Concat(Initializers(member)).OrderBy(Name, StringComparer.Ordinal);
    }

    /// <summary>Using a type runs its static initializers, making one its others.</summary>
    private static IEnumerable<ISymbol> Initializers(ISymbol member)
    {
        if (member.ContainingType is not { DeclaringSyntaxReferences.IsEmpty: false } type)
        {
            return [];
        }

        var isMade = member is IMethodSymbol { MethodKind: MethodKind.Constructor };
        return type.OriginalDefinition.GetMembers().Where(other =>
            other is IMethodSymbol { MethodKind: MethodKind.StaticConstructor }
            || (other is IFieldSymbol or IPropertySymbol && (other.IsStatic || isMade)));
    }

    private static string Name(ISymbol symbol) => symbol switch
    {
        IMethodSymbol { MethodKind: MethodKind.Constructor or MethodKind.StaticConstructor } => symbol.ContainingType.Name,
        IMethodSymbol { AssociatedSymbol: { } owner } => Name(owner),
        { ContainingType: { } type } => $"{type.Name}.{symbol.Name}",
        _ => symbol.Name,
    };
}

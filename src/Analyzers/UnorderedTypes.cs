using Microsoft.CodeAnalysis;

namespace ModelJobs.Analyzers;

/// <summary>Collections that promise no order, and what may be done with them all the same.</summary>
internal static class UnorderedTypes
{
    private static readonly HashSet<string> Names =
    [
        "Dictionary", "HashSet", "ConcurrentDictionary", "ConcurrentBag", "FrozenDictionary", "FrozenSet", "ImmutableDictionary",
        "ImmutableHashSet", "Hashtable", "IDictionary", "IReadOnlyDictionary", "ISet", "IReadOnlySet", "IImmutableDictionary",
        "IImmutableSet", "ReadOnlyDictionary", "ReadOnlySet", "UnorderedItemsCollection",
    ];

    /// <summary>Methods and collections whose result is the same in whatever order, or that put things in order.</summary>
    private static readonly HashSet<string> OrderIgnoring =
    [
        "Count", "LongCount", "Any", "All", "Contains", "Sum", "Min", "Max", "Average", "ToDictionary", "ToHashSet", "ToFrozenDictionary",
        "ToFrozenSet", "ToImmutableDictionary", "ToImmutableHashSet", "ToImmutableSortedDictionary", "ToImmutableSortedSet", "OrderBy",
        "OrderByDescending", "Order", "OrderDescending", "Dictionary", "HashSet", "SortedDictionary", "SortedSet", "UnionWith", "ExceptWith",
        "IntersectWith", "SetEquals", "IsSubsetOf", "IsSupersetOf", "Overlaps", "TryGetNonEnumeratedCount",
    ];

    public static bool Contains(ITypeSymbol? type) => type switch
    {
        // A dictionary's keys and values have no order either.
        { Name: "KeyCollection" or "ValueCollection", ContainingType: { } owner } => Contains(owner),
        not null => IsCollection(type) && Names.Contains(type.Name),
        _ => false,
    };

    public static bool IgnoresOrder(IMethodSymbol method)
        => OrderIgnoring.Contains(method.MethodKind == MethodKind.Constructor ? method.ContainingType.Name : method.Name);

    /// <summary>Whether a parameter of this type is there to be iterated.</summary>
    public static bool IsSequence(ITypeSymbol? type) => type is { Name: "IEnumerable" } && IsCollection(type);

    private static bool IsCollection(ITypeSymbol type)
        => type.ContainingNamespace?.ToDisplayString().StartsWith("System.Collections", StringComparison.Ordinal) == true;
}

/// <summary>Collections that can change, so that a static one is state even if its field is read-only.</summary>
internal static class MutableCollections
{
    private static readonly HashSet<string> Names =
    [
        "List", "Dictionary", "HashSet", "Queue", "Stack", "LinkedList", "SortedDictionary", "SortedList", "SortedSet", "PriorityQueue",
        "ConcurrentDictionary", "ConcurrentBag", "ConcurrentQueue", "ConcurrentStack", "IDictionary", "IList", "ICollection", "ISet",
        "ArrayList", "Hashtable",
    ];

    public static bool Contains(ITypeSymbol type)
        => Names.Contains(type.Name)
            && type.ContainingNamespace?.ToDisplayString().StartsWith("System.Collections", StringComparison.Ordinal) == true;
}

using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace ModelJobs.Analyzers;

/// <summary>Notes of one operation what it uses and what is wrong with it.</summary>
internal static class OperationVisitor
{
    public static void Visit(IOperation operation, ISymbol member, CodeGraph code)
    {
        switch (operation)
        {
            case IInvocationOperation call:
                Use(call.TargetMethod, call, member, code);
                foreach (var argument in call.Arguments)
                {
                    CheckOrder(argument.Value, argument, member, code, !UnorderedTypes.IgnoresOrder(call.TargetMethod));
                }

                CheckOrder(call.Instance, call, member, code, call.TargetMethod.Name is "GetEnumerator" or "CopyTo");
                break;
            case IObjectCreationOperation { Constructor: { } constructor } creation:
                Use(constructor, creation, member, code);
                foreach (var argument in creation.Arguments)
                {
                    CheckOrder(argument.Value, argument, member, code, !UnorderedTypes.IgnoresOrder(constructor));
                }

                break;
            case IPropertyReferenceOperation reference:
                Use(reference.Property, reference, member, code);
                break;
            case IFieldReferenceOperation reference:
                UseField(reference, member, code);
                break;
            case IMethodReferenceOperation reference:
                Use(reference.Method, reference, member, code);
                break;
            case IForEachLoopOperation loop:
                UseByName(loop.Collection.WithoutConversions().Type, "GetEnumerator", member, code);
                CheckOrder(loop.Collection, loop.Collection, member, code, isIterated: true);
                if (loop.IsAsynchronous)
                {
                    code.AddFault(member, Rules.Tasks, "'await foreach'", loop.Collection.Syntax.GetLocation());
                }

                break;
            case ISpreadOperation spread:
                CheckOrder(spread.Operand, spread, member, code, isIterated: true);
                break;
            case ILockOperation locking:
                code.AddFault(member, Rules.Tasks, "'lock'", locking.LockedValue.Syntax.GetLocation());
                break;
            case IUsingOperation block:
                UseDisposal(block.Resources, member, code);
                break;
            case IUsingDeclarationOperation declaration:
                UseDisposal(declaration.DeclarationGroup, member, code);
                break;
            default:
                if (OperatorOf(operation) is { } method)
                {
                    Use(method, operation, member, code);
                }

                break;
        }
    }

    private static IMethodSymbol? OperatorOf(IOperation operation) => operation switch
    {
        IBinaryOperation binary => binary.OperatorMethod,
        IUnaryOperation unary => unary.OperatorMethod,
        IConversionOperation conversion => conversion.OperatorMethod,
        ICompoundAssignmentOperation assignment => assignment.OperatorMethod,
        IIncrementOrDecrementOperation step => step.OperatorMethod,
        _ => null,
    };

    private static void Use(IMethodSymbol method, IOperation operation, ISymbol member, CodeGraph code)
    {
        var called = method.ReducedFrom ?? method;
        code.AddUse(member, called);
        if (ForbiddenApis.RuleOf(called, operation) is { } rule)
        {
            code.AddFault(member, rule, Quoted(called), operation.Syntax.GetLocation());
        }
    }

    private static void Use(IPropertySymbol property, IOperation operation, ISymbol member, CodeGraph code)
    {
        code.AddUse(member, property);
        foreach (var accessor in new[] { property.GetMethod, property.SetMethod }.OfType<IMethodSymbol>())
        {
            code.AddUse(member, accessor);
        }

        if (ForbiddenApis.RuleOf(property, operation) is { } rule)
        {
            code.AddFault(member, rule, Quoted(property), operation.Syntax.GetLocation());
        }
        else if (property is { IsStatic: true, SetMethod: { IsInitOnly: false } })
        {
            code.AddFault(member, Rules.StaticState, Quoted(property), operation.Syntax.GetLocation());
        }
    }

    private static void UseField(IFieldReferenceOperation reference, ISymbol member, CodeGraph code)
    {
        var field = reference.Field;
        code.AddUse(member, field);
        var isOwnInitializer = SymbolEqualityComparer.Default.Equals(field.ContainingType, member.ContainingType)
            && member is IMethodSymbol { MethodKind: MethodKind.StaticConstructor };
        if (field is { IsStatic: true, IsConst: false } && !isOwnInitializer
            && (!field.IsReadOnly || MutableCollections.Contains(field.Type)))
        {
            code.AddFault(member, Rules.StaticState, Quoted(field), reference.Syntax.GetLocation());
        }
    }

    private static void UseDisposal(IOperation resources, ISymbol member, CodeGraph code)
    {
        IEnumerable<ITypeSymbol?> types = [resources.WithoutConversions().Type];
        if (resources is IVariableDeclarationGroupOperation group)
        {
            types = group.Declarations.SelectMany(declaration => declaration.Declarators).Select(declarator => declarator.Symbol.Type);
        }

        foreach (var type in types)
        {
            UseByName(type, "Dispose", member, code);
            UseByName(type, "DisposeAsync", member, code);
        }
    }

    private static void UseByName(ITypeSymbol? type, string name, ISymbol member, CodeGraph code)
    {
        foreach (var method in type?.GetMembers(name).OfType<IMethodSymbol>() ?? [])
        {
            code.AddUse(member, method);
        }
    }

    /// <summary>A collection without an order is no fault in itself; to iterate it is.</summary>
    private static void CheckOrder(IOperation? collection, IOperation use, ISymbol member, CodeGraph code, bool isIterated)
    {
        if (!isIterated || collection is null)
        {
            return;
        }

        var source = collection.WithoutConversions();
        var isPassedAsItIs = use is IArgumentOperation argument && !UnorderedTypes.IsSequence(argument.Parameter?.Type);
        if (!isPassedAsItIs && UnorderedTypes.Contains(source.Type))
        {
            code.AddFault(
                member, Rules.Unordered, $"The order of '{source.Type!.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat)}'", source.Syntax.GetLocation());
        }
    }

    private static IOperation WithoutConversions(this IOperation operation)
    {
        while (operation is IConversionOperation { OperatorMethod: null } conversion)
        {
            operation = conversion.Operand;
        }

        return operation;
    }

    private static string Quoted(ISymbol symbol) => symbol is IMethodSymbol { MethodKind: MethodKind.Constructor }
        ? $"'new {symbol.ContainingType.Name}'"
        : $"'{symbol.ContainingType.Name}.{symbol.Name}'";
}

using ModelJobs.ApiSurface.Tests.Samples;

namespace ModelJobs.ApiSurface.Tests.Rendering;

/// <summary>Known types give the lines that the lists' format asks for.</summary>
public sealed class SurfaceTests
{
    private const string N = "ModelJobs.ApiSurface.Tests.Samples";

    [Fact]
    public void Of_Interface_MembersHaveNoModifiers() => Renders(
        typeof(IShape),
        $"T interface {N}.IShape",
        $"M {N}.IShape.Contains(double x, double y) -> bool",
        $"P {N}.IShape.Area : double {{get;}}");

    [Fact]
    public void Of_AbstractClass_LeavesOutWhatOtherAssembliesCannotSee() => Renders(
        typeof(Shape),
        $"T abstract class {N}.Shape : {N}.IShape",
        $"M {N}.Shape..ctor() -> void [protected]",
        $"M {N}.Shape.Contains(double x, double y) -> bool",
        $"M {N}.Shape.Draw(in int depth, ref int count, out string text) -> void [protected abstract]",
        $"M {N}.Shape.ToString() -> string [override]",
        $"P {N}.Shape.Area : double {{get;}} [abstract]",
        $"P {N}.Shape.Label : string {{get;}} [protected internal virtual]",
        $"P {N}.Shape.Sides : int {{get;protected set;}}",
        $"F {N}.Shape.Patience : System.TimeSpan [static readonly]",
        $"F {N}.Shape.Unit = \"cm\" : string [const]",
        $"E {N}.Shape.Moved : System.Func<{N}.Shape, System.Threading.Tasks.Task>");

    [Fact]
    public void Of_SealedClass_NamesOnlyTheInterfacesItsBaseLacks() => Renders(
        typeof(Square),
        $"T sealed class {N}.Square : {N}.Shape, System.IEquatable<{N}.Square>",
        $"M {N}.Square..ctor(double side = 1.5) -> void",
        $"M {N}.Square.Draw(in int depth, ref int count, out string text) -> void [protected override]",
        $"M {N}.Square.Equals({N}.Square other) -> bool",
        $"M {N}.Square.Equals(object obj) -> bool [override]",
        $"M {N}.Square.GetHashCode() -> int [override]",
        $"M {N}.Square.ToString() -> string [sealed override]",
        $"P {N}.Square.Area : double {{get;}} [override]");

    [Fact]
    public void Of_GenericClass_NamesItsParametersAndTheWholeInterfaceList() => Renders(
        typeof(Bag<>),
        $"T class {N}.Bag<T> : System.Collections.Generic.IEnumerable<T>, System.Collections.IEnumerable",
        $"M {N}.Bag<T>..ctor() -> void",
        $"M {N}.Bag<T>.GetEnumerator() -> System.Collections.Generic.IEnumerator<T>",
        $"P {N}.Bag<T>.this[int index] : T {{get;}}");

    [Fact]
    public void Of_NestedGenericClass_SharesOutTheParameters() => Renders(
        typeof(Bag<>.Entry<>),
        $"T sealed class {N}.Bag<T>.Entry<TValue>",
        $"M {N}.Bag<T>.Entry<TValue>..ctor() -> void",
        $"P {N}.Bag<T>.Entry<TValue>.Pairs : System.Collections.Generic.KeyValuePair<T, TValue?>[] {{get;init;}}");

    [Fact]
    public void Of_StaticClass_WritesDefaultsConstraintsAndObsolete() => Renders(
        typeof(Shapes),
        $"T static class {N}.Shapes",
        $"M {N}.Shapes.Pick<TShape>(this System.Collections.Generic.IEnumerable<TShape> shapes, {N}.Color color = Color.Green, "
            + $"params string[] names) -> TShape [static] where TShape : {N}.Shape, new()",
        $"M {N}.Shapes.Take<T>(T value = null) -> void [static] where T : class [Obsolete]",
        $"M {N}.Shapes.WaitAsync(int? times = null, string separator = \"-\", bool loud = true, "
            + "System.Threading.CancellationToken cancellationToken = default) -> System.Threading.Tasks.Task [static]");

    [Fact]
    public void Of_Enum_ListsItsValues() => Renders(
        typeof(Color),
        $"T enum {N}.Color : byte",
        $"F {N}.Color.Green = 4 : {N}.Color",
        $"F {N}.Color.Red = 1 : {N}.Color");

    [Fact]
    public void Of_Delegate_ListsItsInvoke() => Renders(
        typeof(Painter),
        $"T delegate {N}.Painter",
        $"M {N}.Painter.Invoke({N}.Shape shape, {N}.Color color) -> System.Threading.Tasks.Task");

    [Fact]
    public void Of_ReadonlyStruct_ListsItsOperators() => Renders(
        typeof(Point),
        $"T readonly struct {N}.Point",
        $"M {N}.Point.op_Implicit(string text) -> {N}.Point [static]");

    [Fact]
    public void Of_Record_ListsWhatTheCompilerAddsButTheCopyMethod() => Renders(
        typeof(Named),
        $"T record {N}.Named : System.IEquatable<{N}.Named>",
        $"M {N}.Named..ctor({N}.Named original) -> void [protected]",
        $"M {N}.Named..ctor(string Name) -> void",
        $"M {N}.Named.Deconstruct(out string Name) -> void",
        $"M {N}.Named.Equals({N}.Named other) -> bool [virtual]",
        $"M {N}.Named.Equals(object obj) -> bool [override]",
        $"M {N}.Named.GetHashCode() -> int [override]",
        $"M {N}.Named.PrintMembers(System.Text.StringBuilder builder) -> bool [protected virtual]",
        $"M {N}.Named.ToString() -> string [override]",
        $"M {N}.Named.op_Equality({N}.Named left, {N}.Named right) -> bool [static]",
        $"M {N}.Named.op_Inequality({N}.Named left, {N}.Named right) -> bool [static]",
        $"P {N}.Named.EqualityContract : System.Type {{get;}} [protected virtual]",
        $"P {N}.Named.Name : string {{get;init;}}");

    private static void Renders(Type type, params string[] expected) =>
        Assert.Equal(expected.Order(StringComparer.Ordinal), Surface.Of(type).Order(StringComparer.Ordinal));
}

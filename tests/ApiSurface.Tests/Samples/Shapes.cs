using System.Collections;

// Types of every kind, for the tests of the renderer; each repeats one construct of the API lists.
namespace ModelJobs.ApiSurface.Tests.Samples;

public interface IShape
{
    double Area { get; }

    bool Contains(double x, double y);
}

public abstract class Shape : IShape
{
    public const string Unit = "cm";

    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private protected Shape(int sides) => Sides = sides;

    protected Shape()
    {
    }

    public event Func<Shape, Task> Moved
    {
        add { }
        remove { }
    }

    public abstract double Area { get; }

    public int Sides { get; protected set; }

    protected internal virtual string Label => "";

    internal string Secret { get; set; } = "";

    public bool Contains(double x, double y) => false;

    public override string ToString() => Label;

    protected abstract void Draw(in int depth, ref int count, out string? text);

    private protected void Hide()
    {
    }
}

public sealed class Square(double side = 1.5) : Shape, IEquatable<Square>
{
    public override double Area { get; } = side;

    public bool Equals(Square? other) => other is not null;

    public override bool Equals(object? obj) => Equals(obj as Square);

    public override int GetHashCode() => 0;

    public sealed override string ToString() => "";

    protected override void Draw(in int depth, ref int count, out string? text) => text = null;
}

public class Bag<T> : IEnumerable<T>
{
    public T this[int index] => default!;

    public IEnumerator<T> GetEnumerator() => Enumerable.Empty<T>().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public sealed class Entry<TValue>
        where TValue : struct
    {
        public KeyValuePair<T, TValue?>[] Pairs { get; init; } = [];
    }
}

public static class Shapes
{
    public static TShape Pick<TShape>(this IEnumerable<TShape> shapes, Color color = Color.Green, params string[] names)
        where TShape : Shape, new() => new();

    public static Task WaitAsync(
        int? times = null, string separator = "-", bool loud = true, CancellationToken cancellationToken = default) => Task.CompletedTask;

    [Obsolete("Use Pick.")]
    public static void Take<T>(T? value = default)
        where T : class
    {
    }
}

public enum Color : byte
{
    Red = 1,
    Green = 4,
}

public delegate Task Painter(Shape shape, Color color);

public readonly struct Point
{
    public static implicit operator Point(string text) => default;
}

public record Named(string Name);

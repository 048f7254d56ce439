namespace Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

/// <summary>Says where the value of a parameter comes from, or where a result goes.</summary>
[AttributeUsage(AttributeTargets.Method)]
public abstract class BindingAttribute : Attribute
{
    public BindingAttribute()
    {
    }
}

/// <summary>A parameter that is filled in beside the trigger's.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public abstract class InputBindingAttribute : BindingAttribute
{
    public InputBindingAttribute()
    {
    }
}

/// <summary>The parameter whose data starts the function; each function has exactly one.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
public abstract class TriggerBindingAttribute : BindingAttribute
{
    public TriggerBindingAttribute()
    {
    }
}

public enum Cardinality
{
    Many,
    One,
}

/// <summary>A trigger that can hand over one datum, or many at once.</summary>
public interface ISupportCardinality
{
    Cardinality Cardinality { get; set; }
}

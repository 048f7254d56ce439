namespace Microsoft.Azure.Functions.Worker;

/// <summary>Objects that parts of the runtime attach to an invocation, one of each type.</summary>
public interface IInvocationFeatures : IEnumerable<KeyValuePair<Type, object>>
{
    void Set<T>(T instance);

    T? Get<T>();
}

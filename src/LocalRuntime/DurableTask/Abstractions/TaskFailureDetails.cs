using System.Reflection;

namespace Microsoft.DurableTask;

/// <summary>
/// What an activity or orchestration threw, as data, so that it can be kept in a history. ErrorType is the full name of the
/// exception's type, InnerFailure its inner exception.
/// </summary>
public record TaskFailureDetails(
    string ErrorType,
    string ErrorMessage,
    string? StackTrace,
    TaskFailureDetails? InnerFailure,
    IDictionary<string, object?>? Properties)
{
    public override string ToString() => $"{ErrorType}: {ErrorMessage}";

    /// <summary>Whether the failure is an exception of that type or of one derived from it. Inner failures are asked one by one.</summary>
    public bool IsCausedBy<T>()
        where T : Exception
        => IsCausedBy(typeof(T));

    /// <exception cref="ArgumentException">The type is not an exception.</exception>
    /// <exception cref="AmbiguousMatchException">Several loaded assemblies have a type of the failure's name.</exception>
    public bool IsCausedBy(Type targetBaseExceptionType)
    {
        ArgumentNullException.ThrowIfNull(targetBaseExceptionType);
        if (!typeof(Exception).IsAssignableFrom(targetBaseExceptionType))
        {
            throw new ArgumentException($"The type {targetBaseExceptionType} is not an exception type.", nameof(targetBaseExceptionType));
        }

        return FindErrorType(targetBaseExceptionType) is { } type && targetBaseExceptionType.IsAssignableFrom(type);
    }

    public static TaskFailureDetails FromException(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        var inner = exception is TaskFailedException task
            ? task.FailureDetails
            : exception.InnerException is { } cause ? FromException(cause) : null;
        return new TaskFailureDetails(exception.GetType().ToString(), exception.Message, exception.StackTrace, inner, null);
    }

    /// <summary>The failure's type is known by name only: look where it most probably is first, then everywhere.</summary>
    private Type? FindErrorType(Type target)
    {
        if (string.IsNullOrEmpty(ErrorType))
        {
            return null;
        }

        var near = Type.GetType(ErrorType, throwOnError: false) ?? target.Assembly.GetType(ErrorType, throwOnError: false);
        if (near is not null)
        {
            return near;
        }

        var found = AppDomain.CurrentDomain.GetAssemblies()
            .Select(assembly => assembly.GetType(ErrorType, throwOnError: false))
            .Where(type => type is not null)
            .ToList();
        return found.Count <= 1
            ? found.FirstOrDefault()
            : throw new AmbiguousMatchException($"Multiple exception types with the name '{ErrorType}' were found.");
    }
}

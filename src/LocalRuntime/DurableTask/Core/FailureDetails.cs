using System.Text.Json.Serialization;
using Microsoft.DurableTask;

namespace DurableTask.Core;

/// <summary>What an activity or orchestration threw, as it is kept in a history.</summary>
[method: JsonConstructor]
public class FailureDetails(
    string errorType,
    string errorMessage,
    string? stackTrace,
    FailureDetails? innerFailure,
    bool isNonRetriable,
    IDictionary<string, object?>? properties = null) : IEquatable<FailureDetails>
{
    public string ErrorType { get; } = errorType;

    public string ErrorMessage { get; } = errorMessage;

    public string? StackTrace { get; } = stackTrace;

    public FailureDetails? InnerFailure { get; } = innerFailure;

    /// <summary>Whether trying again is of no use, whatever a retry policy says.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsNonRetriable { get; } = isNonRetriable;

    public IDictionary<string, object?>? Properties { get; } = properties;

    public override string ToString() => $"{ErrorType}: {ErrorMessage}";

    public bool Equals(FailureDetails? other) => other is not null
        && (ErrorType, ErrorMessage, StackTrace) == (other.ErrorType, other.ErrorMessage, other.StackTrace)
        && Equals(InnerFailure, other.InnerFailure);

#pragma warning disable CA1725 // The vendor names the parameter so.
    public override bool Equals(object? other) => Equals(other as FailureDetails);
#pragma warning restore CA1725

    public override int GetHashCode() => HashCode.Combine(ErrorType, ErrorMessage, StackTrace, InnerFailure);

    /// <param name="exception">What was thrown.</param>
    /// <param name="isNonRetriable">Whether trying again is of no use.</param>
    internal static FailureDetails Of(Exception exception, bool isNonRetriable = false)
        => Of(TaskFailureDetails.FromException(exception), isNonRetriable)!;

    internal TaskFailureDetails ToTaskFailureDetails()
        => new(ErrorType, ErrorMessage, StackTrace, InnerFailure?.ToTaskFailureDetails(), Properties);

    private static FailureDetails? Of(TaskFailureDetails? failure, bool isNonRetriable = false) => failure is null
        ? null
        : new(failure.ErrorType, failure.ErrorMessage, failure.StackTrace, Of(failure.InnerFailure), isNonRetriable, failure.Properties);
}

namespace Microsoft.DurableTask.Abstractions;

/// <summary>Order of versions: unversioned first, then by number where both are numbers, else by name.</summary>
public static class TaskOrchestrationVersioningUtils
{
    public static int CompareVersions(string sourceVersion, string otherVersion)
    {
        var (sourceIsEmpty, otherIsEmpty) = (string.IsNullOrWhiteSpace(sourceVersion), string.IsNullOrWhiteSpace(otherVersion));
        if (sourceIsEmpty || otherIsEmpty)
        {
            return otherIsEmpty.CompareTo(sourceIsEmpty);
        }

        return Version.TryParse(sourceVersion, out var source) && Version.TryParse(otherVersion, out var other)
            ? source.CompareTo(other)
            : string.Compare(sourceVersion, otherVersion, StringComparison.OrdinalIgnoreCase);
    }
}

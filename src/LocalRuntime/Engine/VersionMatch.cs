using DurableTask.Core;
using Microsoft.DurableTask.Abstractions;
using Microsoft.Extensions.Logging;

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>Which versions of orchestrations an app runs, seen from the version that the app is at.</summary>
internal enum VersionMatchStrategy
{
    /// <summary>All.</summary>
    None,

    /// <summary>Its own.</summary>
    Strict,

    /// <summary>Its own and older ones.</summary>
    CurrentOrOlder,
}

/// <summary>What becomes of an orchestration of another version.</summary>
internal enum VersionFailureStrategy
{
    /// <summary>It waits for an app that runs it.</summary>
    Reject,

    /// <summary>It fails.</summary>
    Fail,
}

/// <summary>Holds orchestrations against the version of the app.</summary>
internal sealed class VersionMatch(EngineOptions options, ILogger logger)
{
    /// <summary>Name of the failure, as in Azure.</summary>
    public const string ErrorType = "VersionMismatch";

    private readonly HashSet<string> _reported = new(StringComparer.Ordinal);

    /// <summary>Whether this app may run the instance's turns, if only to fail it.</summary>
    public bool Accepts(Instance instance)
    {
        if (options.VersionFailureStrategy == VersionFailureStrategy.Fail || Matches(instance))
        {
            return true;
        }

        if (_reported.Add(instance.Id))
        {
            logger.LogWarning("{Mismatch} It waits.", Describe(instance));
        }

        return false;
    }

    public bool Matches(Instance instance) => options.DefaultVersion.Length == 0 || options.VersionMatchStrategy switch
    {
        VersionMatchStrategy.Strict => instance.Version == options.DefaultVersion,
        VersionMatchStrategy.CurrentOrOlder
            => TaskOrchestrationVersioningUtils.CompareVersions(instance.Version, options.DefaultVersion) <= 0,
        _ => true,
    };

    /// <summary>Why an instance of another version fails.</summary>
    public FailureDetails Failure(Instance instance) => new(ErrorType, Describe(instance), null, null, isNonRetriable: true);

    private string Describe(Instance instance)
        => $"Orchestration '{instance.Id}' has version '{instance.Version}', which this app of version '{options.DefaultVersion}' does not run "
            + $"(versionMatchStrategy {options.VersionMatchStrategy}).";
}

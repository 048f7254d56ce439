namespace ModelJobs.LocalRuntime.Faults;

/// <summary>
/// The moments at which the process can be made to die. Before: nothing of the operation has happened. After: it took effect, and its caller has not
/// been told. Their names in settings: <see cref="CrashPoints.NameOf"/>.
/// </summary>
internal enum CrashPoint
{
    /// <summary><c>send.before</c>: messages are about to be sent.</summary>
    SendBefore,

    /// <summary><c>send.after</c>: they are in the queue.</summary>
    SendAfter,

    /// <summary><c>receive.after</c>: messages were received and are locked; nobody works on them yet.</summary>
    ReceiveAfter,

    /// <summary><c>settle.before</c>: a message is about to be completed, abandoned, deferred or dead-lettered.</summary>
    SettleBefore,

    /// <summary><c>settle.after</c>: it is settled.</summary>
    SettleAfter,

    /// <summary><c>session.before</c>: a session's state is about to be set.</summary>
    SessionBefore,

    /// <summary><c>session.after</c>: it is set.</summary>
    SessionAfter,

    /// <summary><c>start.after</c>: an orchestration was created.</summary>
    StartAfter,

    /// <summary><c>turn.after</c>: an orchestrator's turn was committed.</summary>
    TurnAfter,

    /// <summary><c>activity.before</c>: an activity is about to run.</summary>
    ActivityBefore,

    /// <summary><c>activity.after</c>: it ran, and its result is not recorded.</summary>
    ActivityAfter,

    /// <summary><c>blob.before</c>: a blob is about to be written or deleted.</summary>
    BlobBefore,

    /// <summary><c>blob.after</c>: it is.</summary>
    BlobAfter,
}

/// <summary>The names of crash points.</summary>
internal static class CrashPoints
{
    private static readonly Dictionary<string, CrashPoint> ByName =
        Enum.GetValues<CrashPoint>().ToDictionary(NameOf, static point => point, StringComparer.OrdinalIgnoreCase);

    public static IEnumerable<string> Names => ByName.Keys;

    /// <summary>As <c>settle.after</c>.</summary>
    public static string NameOf(CrashPoint point)
    {
        var name = point.ToString();
        var when = name.EndsWith("Before", StringComparison.Ordinal) ? "before" : "after";
#pragma warning disable CA1308 // Names are lower case.
        return $"{name[..^when.Length].ToLowerInvariant()}.{when}";
#pragma warning restore CA1308
    }

    public static bool TryParse(string name, out CrashPoint point) => ByName.TryGetValue(name, out point);
}

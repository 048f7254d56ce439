namespace ModelJobs.LocalRuntime.Faults;

/// <summary>What can go wrong on purpose. Each is something that Azure does, seldom, and that an app must bear.</summary>
internal enum FaultKind
{
    /// <summary>A settlement never reaches the broker; its caller sees success. The message comes again when its lock runs out.</summary>
    SettleLost,

    /// <summary>A settlement, or a session's new state, never reaches the broker; its caller sees an exception.</summary>
    SettleFailed,

    /// <summary>A settlement, or a session's new state, takes effect; its caller sees an exception.</summary>
    SettleUnconfirmed,

    /// <summary>A completed message is there again at once.</summary>
    DeliveredTwice,

    /// <summary>Messages that are sent never reach the broker; the sender sees an exception.</summary>
    SendFailed,

    /// <summary>Messages that are sent arrive; the sender sees an exception.</summary>
    SendUnconfirmed,

    /// <summary>A message's lock runs out while its receiver works on it.</summary>
    MessageLockExpired,

    /// <summary>A session's lock runs out while its holder works on its messages.</summary>
    SessionLockExpired,

    /// <summary>An operation on a queue takes long.</summary>
    QueueDelayed,

    /// <summary>The connection is reset before a blob request takes effect.</summary>
    BlobReset,

    /// <summary>The connection is reset after a blob request took effect, before it is answered.</summary>
    BlobResetAfter,

    /// <summary>A blob request is answered with 503 and has no effect.</summary>
    BlobUnavailable,

    /// <summary>A blob write is answered with 503, but took effect.</summary>
    BlobUnavailableAfter,

    /// <summary>A conditional blob write took effect, was repeated on the way, and is answered with the 412 of the repetition.</summary>
    BlobConditionAfter,

    /// <summary>A blob request takes long.</summary>
    BlobDelayed,

    /// <summary>An activity ran, but its result is lost: it runs again.</summary>
    ActivityResultLost,

    /// <summary>An activity is handed out a second time while it runs; the result that comes first counts.</summary>
    ActivityRunTwice,

    /// <summary>An activity begins late.</summary>
    ActivityDelayed,

    /// <summary>A message to an orchestration (a result, a timer, an event) is delivered a second time.</summary>
    MessageRepeated,
}

namespace ModelJobs.Conformance.Tests;

/// <summary>The steps that every client's script takes, by name.</summary>
public static class Steps
{
    public static TheoryData<string> All =>
    [
        "send and receive with all properties",
        "send a batch filled to its limit",
        "complete",
        "abandon with changed properties",
        "defer and receive deferred",
        "dead-letter and read the dead-letter queue",
        "dead-letter after too many deliveries",
        "dead-letter what outlives its time",
        "receive and delete",
        "peek",
        "schedule and cancel",
        "drop duplicates",
        "receive a session in order",
        "defer within a session",
        "keep a session's state",
        "accept the next session",
        "wait for a session in vain",
        "refuse a session that is taken",
        "renew a message's lock",
        "renew a session's lock",
        "lose a message's lock",
        "receive with 100 receivers at once",
        "refuse a message that is too large",
        "refuse a wrong key",
        "refuse an unknown queue",
        "reconnect after the server was killed",
    ];
}

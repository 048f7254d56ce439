using Amqp.Types;
using ModelJobs.LocalRuntime.Broker;

namespace ModelJobs.LocalRuntime.Amqp.Nodes;

/// <content>Sessions. A request names one that a link of the same connection holds.</content>
internal sealed partial class ManagementNode
{
    private async Task<Reply> RenewSessionLockAsync(Arguments arguments)
    {
        var until = await queue.RenewSessionLockAsync(Held(arguments.Text("session-id"))).ConfigureAwait(false);
        return Success(new Map { ["expiration"] = until.UtcDateTime });
    }

    private async Task<Reply> GetSessionStateAsync(Arguments arguments)
    {
        var state = await queue.GetSessionStateAsync(Held(arguments.Text("session-id"))).ConfigureAwait(false);
        return Success(new Map { ["session-state"] = state?.ToArray() });
    }

    private async Task<Reply> SetSessionStateAsync(Arguments arguments, BrokerTransaction? transaction)
    {
        ReadOnlyMemory<byte>? state = arguments.OptionalBytes("session-state") is { } bytes ? bytes : default(ReadOnlyMemory<byte>?);
        var lease = Held(arguments.Text("session-id"));
        if (transaction is null)
        {
            await queue.SetSessionStateAsync(lease, state).ConfigureAwait(false);
        }
        else
        {
            transaction.SetSessionState(queue, lease, state);
        }
        return Success(null);
    }

    private async Task<Reply> GetSessionsAsync(Arguments arguments)
    {
        var skip = (int)Math.Clamp(arguments.Number("skip", 0), 0, int.MaxValue);
        var top = (int)Math.Clamp(arguments.Number("top", MaxBatch), 0, MaxBatch);
        var ids = await queue.GetSessionIdsAsync(skip, top).ConfigureAwait(false);
        return Success(new Map { ["skip"] = skip + ids.Length, ["sessions-ids"] = ids });
    }
}

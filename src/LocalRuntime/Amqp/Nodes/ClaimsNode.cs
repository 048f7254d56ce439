using System.Net;
using Amqp.Types;

namespace ModelJobs.LocalRuntime.Amqp.Nodes;

/// <summary><c>$cbs</c>: takes tokens, which allow a connection to use entities.</summary>
internal sealed class ClaimsNode : IRequestNode
{
    private const string PutToken = "put-token";
    private const string SharedAccessToken = "servicebus.windows.net:sastoken";

    public Task<Reply> AnswerAsync(AmqpConnection connection, Request request)
    {
        if (request.Operation != PutToken)
        {
            throw new AmqpRefusal(AmqpConditions.NotImplemented, $"$cbs knows {PutToken} alone.");
        }
        if (request["type"] is not string type || !type.EndsWith(SharedAccessToken, StringComparison.OrdinalIgnoreCase)
            || request.Body is not string token)
        {
            throw new AmqpRefusal(
                AmqpConditions.UnauthorizedAccess,
                "This endpoint takes SharedAccessSignature tokens alone: use the connection string that it printed at its start.");
        }
        connection.Grant(connection.Services.Key.Check(token));
        return Task.FromResult(Answer(HttpStatusCode.Accepted, "Accepted"));
    }

    public Reply Failure(Exception exception)
        => Answer((HttpStatusCode)AmqpConditions.StatusOf(AmqpConditions.Of(exception)), AmqpConditions.MessageOf(exception));

    private static Reply Answer(HttpStatusCode status, string description) => new(
        new Map { ["status-code"] = (int)status, ["status-description"] = description },
        Body: null);
}

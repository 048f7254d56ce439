using System.Net;
using System.Text;
using System.Web;

namespace ModelJobs.LocalRuntime.Faults;

/// <summary>Strikes requests of the Blob REST API on their way to storage: those that fail before they take effect, and writes that fail after.</summary>
internal sealed class BlobFaults(FaultInjector faults) : DelegatingHandler
{
    /// <summary>What tells one operation on a path from another.</summary>
    private static readonly string[] Operation = ["restype", "comp", "blockid", "prefix"];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var isWrite = request.Method != HttpMethod.Get && request.Method != HttpMethod.Head;
        var subject = SubjectOf(request);
        await (isWrite ? faults.PassAsync(CrashPoint.BlobBefore) : faults.WhileAliveAsync());
        await faults.DelayAsync(FaultKind.BlobDelayed, subject, cancellationToken);
        if (faults.Strikes(FaultKind.BlobReset, subject))
        {
            throw Reset(FaultKind.BlobReset);
        }

        if (faults.Strikes(FaultKind.BlobUnavailable, subject))
        {
            return Refuse(request, HttpStatusCode.ServiceUnavailable, "ServerBusy", FaultKind.BlobUnavailable);
        }

        var response = await base.SendAsync(request, cancellationToken);
        return isWrite ? await StrikeAfterAsync(request, response, subject) : response;
    }

    private async Task<HttpResponseMessage> StrikeAfterAsync(HttpRequestMessage request, HttpResponseMessage response, string subject)
    {
        await faults.PassAsync(CrashPoint.BlobAfter);
        if (faults.Strikes(FaultKind.BlobResetAfter, subject))
        {
            response.Dispose();
            throw Reset(FaultKind.BlobResetAfter);
        }

        if (faults.Strikes(FaultKind.BlobUnavailableAfter, subject))
        {
            response.Dispose();
            return Refuse(request, HttpStatusCode.ServiceUnavailable, "ServerBusy", FaultKind.BlobUnavailableAfter);
        }

        if (response.IsSuccessStatusCode && RepeatedAnswer(request) is var (status, code) && faults.Strikes(FaultKind.BlobConditionAfter, subject))
        {
            response.Dispose();
            return Refuse(request, status, code, FaultKind.BlobConditionAfter);
        }

        return response;
    }

    /// <summary>What a conditional write is answered that took effect before.</summary>
    private static (HttpStatusCode Status, string Code)? RepeatedAnswer(HttpRequestMessage request) => request.Headers switch
    {
        { IfNoneMatch.Count: > 0 } => (HttpStatusCode.Conflict, "BlobAlreadyExists"),
        { IfMatch.Count: > 0 } => (HttpStatusCode.PreconditionFailed, "ConditionNotMet"),
        _ => null,
    };

    private static string SubjectOf(HttpRequestMessage request)
    {
        var query = HttpUtility.ParseQueryString(request.RequestUri!.Query);
        var operation = Operation.Where(name => query[name] is not null).Select(name => $"{name}={query[name]}");
        return $"{request.Method} {request.RequestUri.AbsolutePath}?{string.Join('&', operation)}";
    }

    private static HttpRequestException Reset(FaultKind kind)
        => new(HttpRequestError.ResponseEnded, $"Injected fault: {kind}. The connection was reset.");

    private static HttpResponseMessage Refuse(HttpRequestMessage request, HttpStatusCode status, string code, FaultKind kind)
    {
        var response = new HttpResponseMessage(status)
        {
            RequestMessage = request,
            Content = new StringContent(
                $"""<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>Injected fault: {kind}.</Message></Error>""",
                Encoding.UTF8,
                "application/xml"),
        };
        response.Headers.Add("x-ms-error-code", code);
        return response;
    }
}

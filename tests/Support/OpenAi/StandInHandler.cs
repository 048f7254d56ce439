using System.Net;
using System.Text;

namespace ModelJobs.Tests.Support.OpenAi;

/// <summary>The stand-in within the process, for runs of thousands of calls.</summary>
public sealed class StandInHandler(OpenAiStandIn standIn) : HttpMessageHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var reply = await standIn.AnswerAsync(
            request.RequestUri!.AbsolutePath, await request.Content!.ReadAsStringAsync(cancellationToken), request.Headers.Authorization?.Parameter, cancellationToken);
        var response = new HttpResponseMessage((HttpStatusCode)reply.Status) { Content = new StringContent(reply.Body, Encoding.UTF8, "application/json") };
        foreach (var (name, value) in reply.Headers)
        {
            response.Headers.TryAddWithoutValidation(name, value);
        }

        return response;
    }
}

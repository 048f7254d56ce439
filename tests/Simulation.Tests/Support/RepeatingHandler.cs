namespace ModelJobs.Simulation.Tests.Support;

/// <summary>Asks again where a read met a fault of the server's, as a good client does.</summary>
internal sealed class RepeatingHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private const int MaxTries = 10;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            var answer = await base.SendAsync(request, cancellationToken);
            if (request.Method != HttpMethod.Get || (int)answer.StatusCode < 500 || tries == MaxTries)
            {
                return answer;
            }

            answer.Dispose();
        }
    }
}

using System.ClientModel;
using System.ClientModel.Primitives;
using Azure.AI.OpenAI;
using Azure.Identity;
using OpenAI;

namespace ModelJobs.Functions.Process.Runners.Endpoints;

/// <summary>Makes the official clients of endpoints.</summary>
internal static class EndpointClients
{
    /// <summary>What the client sends where a service asks for no key; it insists on sending one.</summary>
    private const string NoKey = "none";

    /// <summary>How long a connection is kept: long enough to save handshakes, short enough that a moved endpoint is found.</summary>
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    /// <summary>Makes a client.</summary>
    /// <param name="options">The endpoint.</param>
    /// <param name="http">What carries its calls. Its time-out must be infinite: calls end by their cancellation.</param>
    public static OpenAIClient Create(EndpointOptions options, HttpClient http)
    {
        var endpoint = new Uri(options.Endpoint!);
        if (options.Deployment is null)
        {
            var settings = Configured(new OpenAIClientOptions { Endpoint = endpoint }, http);
            return new OpenAIClient(new ApiKeyCredential(options.ApiKey is { Length: > 0 } key ? key : NoKey), settings);
        }

        var azure = Configured(new AzureOpenAIClientOptions(), http);
        return options.ApiKey is { Length: > 0 } azureKey
            ? new AzureOpenAIClient(endpoint, new ApiKeyCredential(azureKey), azure)
            : new AzureOpenAIClient(endpoint, new DefaultAzureCredential(), azure);
    }

    /// <summary>What carries calls, unless a test has its own. No redirects: a redirect would take the key along.</summary>
    public static HttpMessageHandler CreateHandler(int maxConcurrency) => new SocketsHttpHandler
    {
        PooledConnectionLifetime = ConnectionLifetime,
        MaxConnectionsPerServer = maxConcurrency,
        AllowAutoRedirect = false,
    };

    // Its own retries and time-out are off: both are the runner's, which counts attempts and knows the clock.
    private static T Configured<T>(T options, HttpClient http)
        where T : ClientPipelineOptions
    {
        options.Transport = new HttpClientPipelineTransport(http);
        options.RetryPolicy = new ClientRetryPolicy(maxRetries: 0);
        options.NetworkTimeout = Timeout.InfiniteTimeSpan;
        options.AddPolicy(AnswerHead.Policy, PipelinePosition.PerTry);
        return options;
    }
}

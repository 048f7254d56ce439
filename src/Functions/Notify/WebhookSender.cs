using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace ModelJobs.Functions.Notify;

/// <summary>What came of a call.</summary>
/// <param name="Status">HTTP status of the answer; null if there was none.</param>
/// <param name="Error">Why there was none, as a stable word; null if there was one.</param>
/// <param name="Detail">More of that, for the log alone.</param>
/// <param name="RetryAfter">How long the receiver wants to be left alone; null if it did not say.</param>
internal sealed record WebhookAnswer(HttpStatusCode? Status, string? Error = null, string? Detail = null, TimeSpan? RetryAfter = null);

/// <summary>
/// Calls receivers. Nothing of the app goes along but the signed body, and nothing of the answer is read but its head: no redirects, proxy,
/// cookies, credentials or trace.
/// </summary>
internal sealed class WebhookSender : IDisposable
{
    /// <summary>No answer within <see cref="MaxCall"/>.</summary>
    public const string TimedOut = "timeout";

    /// <summary>
    /// No connection: the name is unknown, stands for an address that is refused, or nothing answers there. One word for all of them, or
    /// callers could look around in the app's network; the log tells them apart.
    /// </summary>
    public const string Unreachable = "unreachable";

    /// <summary>The receiver's certificate is not trusted, or TLS failed otherwise.</summary>
    public const string TlsFailed = "tls_failed";

    /// <summary>The connection broke, or what came is not HTTP.</summary>
    public const string BadAnswer = "bad_answer";

    /// <summary>Longest call, from the connection to the head of the answer.</summary>
    public static readonly TimeSpan MaxCall = TimeSpan.FromSeconds(20);

    /// <summary>Longest that the name's lookup, the connection and TLS may take of it.</summary>
    private static readonly TimeSpan MaxConnect = TimeSpan.FromSeconds(10);

    /// <summary>How long a connection is kept: a name that stands for another address is found soon.</summary>
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(1);

    /// <summary>Most kilobytes of an answer's head.</summary>
    private const int MaxHeadKilobytes = 16;

    private const int MaxConnections = 8;
    private const string Product = "ModelJobs";

    private readonly WebhookSettings _settings;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;

    /// <param name="settings">Has the keys.</param>
    /// <param name="connection">Connects.</param>
    /// <param name="time">The clock of time-outs and signatures.</param>
    public WebhookSender(WebhookSettings settings, WebhookConnection connection, TimeProvider time)
    {
        (_settings, _time) = (settings, time);
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = (context, cancellationToken) => connection.OpenAsync(context.DnsEndPoint, cancellationToken),
            ConnectTimeout = MaxConnect,
            PooledConnectionLifetime = ConnectionLifetime,
            MaxConnectionsPerServer = MaxConnections,
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
            AutomaticDecompression = DecompressionMethods.None,
            MaxResponseHeadersLength = MaxHeadKilobytes,
            // The body of an answer is not read: its connection is closed instead.
            MaxResponseDrainSize = 0,
        };
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Makes one call.</summary>
    /// <param name="url">The receiver.</param>
    /// <param name="id">Names what the call is about; the same for each call about it.</param>
    /// <param name="body">JSON.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<WebhookAnswer> PostAsync(Uri url, string id, string body, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(MaxCall, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            using var request = Request(url, id, Encoding.UTF8.GetBytes(body));
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return new WebhookAnswer(response.StatusCode, RetryAfter: Wait(response.Headers.RetryAfter));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new WebhookAnswer(Status: null, TimedOut);
        }
        catch (HttpRequestException failure)
        {
            return new WebhookAnswer(Status: null, ErrorOf(failure), (failure.InnerException as AddressRefusedException)?.Message ?? failure.HttpRequestError.ToString());
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private HttpRequestMessage Request(Uri url, string id, byte[] body)
    {
        var timestamp = _time.GetUtcNow().ToUnixTimeSeconds();
        var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue(new ProductHeaderValue(Product)));
        request.Headers.Add("webhook-id", id);
        request.Headers.Add("webhook-timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("webhook-signature", WebhookSignature.Of(_settings.Keys, id, timestamp, body));
        return request;
    }

    private TimeSpan? Wait(RetryConditionHeaderValue? header) => header?.Delta ?? header?.Date - _time.GetUtcNow();

    private static string ErrorOf(HttpRequestException failure) => failure.HttpRequestError switch
    {
        _ when failure.InnerException is AddressRefusedException => Unreachable,
        HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError => Unreachable,
        HttpRequestError.SecureConnectionError => TlsFailed,
        _ => BadAnswer,
    };
}

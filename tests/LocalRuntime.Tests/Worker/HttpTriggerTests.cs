using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;

namespace ModelJobs.LocalRuntime.Tests.Worker;

public sealed partial class HttpTriggerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Route_WithParameters_BindsThemToTheirTypes()
    {
        await using var app = await TestApp.StartAsync<Endpoints>();

        var id = new Guid("8f7cbf5e-6a0b-4f7e-9a53-4f4b2a2c9d11");
        var text = await app.Http.GetStringAsync($"api/values/abc/7/5000000000/{id}/true", Cancel);

        Assert.Equal($"abc 7 5000000000 {id} True", text);
    }

    [Fact]
    public async Task Route_WithOptionalParameterLeftOut_BindsItsDefault()
    {
        await using var app = await TestApp.StartAsync<Endpoints>();

        Assert.Equal("10", await app.Http.GetStringAsync("api/optional", Cancel));
        Assert.Equal("3", await app.Http.GetStringAsync("api/optional/3", Cancel));
    }

    [Fact]
    public async Task Route_WithSegmentOfWrongType_Is400WithReason()
    {
        await using var app = await TestApp.StartAsync<Endpoints>();

        using var response = await app.Http.GetAsync("api/optional/three", Cancel);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Contains("'three' is not a whole number", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Route_NotGiven_IsTheFunctionsName()
    {
        await using var app = await TestApp.StartAsync<Endpoints>();

        Assert.Equal("default route", await app.Http.GetStringAsync("api/Unrouted", Cancel));
    }

    [Theory]
    [InlineData("api/results/iresult", HttpStatusCode.Accepted, """{"value":1}""")]
    [InlineData("api/results/action", HttpStatusCode.Created, """{"value":2}""")]
    [InlineData("api/results/object", HttpStatusCode.OK, """{"value":3}""")]
    [InlineData("api/results/text", HttpStatusCode.OK, "text")]
    [InlineData("api/results/nothing", HttpStatusCode.OK, "")]
    public async Task Result_OfEachKind_IsWritten(string path, HttpStatusCode status, string body)
    {
        await using var app = await TestApp.StartAsync<Endpoints>();

        using var response = await app.Http.GetAsync(path, Cancel);

        Assert.Equal(status, response.StatusCode);
        Assert.Equal(body, await response.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task Method_NotListed_IsRefused()
    {
        await using var app = await TestApp.StartAsync<Endpoints>();

        using var response = await app.Http.PostAsJsonAsync("api/Unrouted", 1, Cancel);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
    }

    [Fact]
    public async Task Path_OfNoFunction_Is404()
    {
        await using var app = await TestApp.StartAsync<Endpoints>();

        using var response = await app.Http.GetAsync("api/nowhere", Cancel);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task RoutePrefix_OfHostJson_IsHonoured()
    {
        await using var app = await TestApp.StartAsync<Endpoints>("--AzureFunctionsJobHost:extensions:http:routePrefix=v1/x");

        Assert.Equal("default route", await app.Http.GetStringAsync("v1/x/Unrouted", Cancel));
    }

    [Fact]
    public async Task Exception_OfTheFunction_Is500WithoutItsMessage()
    {
        await using var app = await TestApp.StartAsync<Endpoints>();

        using var response = await app.Http.GetAsync("api/failing", Cancel);

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = await response.Content.ReadAsStringAsync(Cancel);
        Assert.Contains("The function failed.", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RequestBody_SentInParts_ArrivesAsItIsSent()
    {
        var lines = new Lines();
        await using var app = await TestApp.StartAsync<Endpoints>(builder => builder.Services.AddSingleton(lines));
        var content = new ChannelContent();

        var sending = app.Http.PostAsync("api/upload", content, Cancel);
        // The function has the first line before the second one is sent.
        content.Lines.Writer.TryWrite("first");
        Assert.Equal("first", await lines.NextAsync());
        content.Lines.Writer.TryWrite("second");
        Assert.Equal("second", await lines.NextAsync());
        content.Lines.Writer.Complete();

        using var response = await sending.WaitAsync(TestApp.Limit, Cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task ResponseBody_WrittenInParts_ArrivesAsItIsWritten()
    {
        var lines = new Lines();
        await using var app = await TestApp.StartAsync<Endpoints>(builder => builder.Services.AddSingleton(lines));

        await using var stream = await app.Http.GetStreamAsync("api/follow", Cancel);
        using var reader = new StreamReader(stream);

        // The caller has the first line before the function knows the second one.
        lines.Add("first");
        Assert.Equal("first", await reader.ReadLineAsync(Cancel).AsTask().WaitAsync(TestApp.Limit, Cancel));
        lines.Add("second");
        Assert.Equal("second", await reader.ReadLineAsync(Cancel).AsTask().WaitAsync(TestApp.Limit, Cancel));
        lines.Complete();
        Assert.Null(await reader.ReadLineAsync(Cancel).AsTask().WaitAsync(TestApp.Limit, Cancel));
    }

    [Fact]
    public async Task Body_OverTheLimit_Is413()
    {
        await using var app = await TestApp.StartAsync<Endpoints>("--LocalRuntime:MaxRequestBodyBytes=100");

        using var response = await app.Http.PostAsync("api/length", new ByteArrayContent(new byte[101]), Cancel);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task Failure_AfterTheResponseStarted_CutsTheConnection()
    {
        await using var app = await TestApp.StartAsync<Endpoints>();

        await Assert.ThrowsAsync<HttpRequestException>(() => app.Http.GetStringAsync("api/half", Cancel));
    }

    [Fact]
    public async Task Caller_GoesAway_CancelsTheInvocation()
    {
        var gate = new Gate();
        await using var app = await TestApp.StartAsync<Endpoints>(builder => builder.Services.AddSingleton(gate));
        using var caller = new CancellationTokenSource();

        var request = app.Http.GetAsync("api/waiting", caller.Token);
        await gate.Entered.Task.WaitAsync(TestApp.Limit, Cancel);
        await caller.CancelAsync();

        await gate.Cancelled.Task.WaitAsync(TestApp.Limit, Cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
    }

    [Fact]
    public async Task Stop_OfTheHost_CancelsTheInvocationAndAnswers503()
    {
        var gate = new Gate();
        await using var app = await TestApp.StartAsync<Endpoints>(builder => builder.Services.AddSingleton(gate));

        var request = app.Http.GetAsync("api/waiting", Cancel);
        await gate.Entered.Task.WaitAsync(TestApp.Limit, Cancel);
        await app.Host.StopAsync(Cancel).WaitAsync(TestApp.Limit, Cancel);

        using var response = await request;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
    }

    [Fact]
    public async Task TraceParent_OfTheRequest_IsContinued()
    {
        await using var app = await TestApp.StartAsync<Endpoints>();
        using var request = new HttpRequestMessage(HttpMethod.Get, "api/trace");
        request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

        using var response = await app.Http.SendAsync(request, Cancel);

        var trace = await response.Content.ReadAsStringAsync(Cancel);
        Assert.StartsWith("00-0af7651916cd43dd8448eb211c80319c-", trace, StringComparison.Ordinal);
        Assert.DoesNotContain("b7ad6b7169203331", trace, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FunctionContext_OfARequest_KnowsFunctionAndHttpContext()
    {
        await using var app = await TestApp.StartAsync<Endpoints>();

        Assert.Equal("Context httpTrigger 7", await app.Http.GetStringAsync("api/context/7", Cancel));
    }

    /// <summary>A request body that is written line by line as the test goes on.</summary>
    private sealed class ChannelContent : HttpContent
    {
        public Channel<string> Lines { get; } = Channel.CreateUnbounded<string>();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await foreach (var line in Lines.Reader.ReadAllAsync())
            {
                await stream.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"));
                await stream.FlushAsync();
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}

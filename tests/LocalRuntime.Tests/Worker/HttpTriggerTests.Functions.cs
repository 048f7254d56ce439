using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace ModelJobs.LocalRuntime.Tests.Worker;

/// <content>The functions of the tests, and what they tell them through.</content>
public sealed partial class HttpTriggerTests
{
    public sealed class Gate
    {
        public TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Lines that go from a function to its test, or the other way.</summary>
    public sealed class Lines
    {
        private readonly Channel<string?> _lines = Channel.CreateUnbounded<string?>();

        public void Add(string line) => _lines.Writer.TryWrite(line);

        public void Complete() => _lines.Writer.TryWrite(null);

        /// <returns>Null after the last one.</returns>
        public Task<string?> NextAsync() => _lines.Reader.ReadAsync(Cancel).AsTask().WaitAsync(TestApp.Limit, Cancel);
    }

    public sealed class Endpoints
    {
        [Function("Values")]
        public string Values(
            [HttpTrigger(AuthorizationLevel.Function, "get", Route = "values/{text}/{number}/{big}/{id}/{flag}")] HttpRequest request,
            string text,
            int number,
            long big,
            Guid id,
            bool flag) => $"{text} {number} {big} {id} {flag}";

        [Function("Optional")]
        public string Optional([HttpTrigger(Route = "optional/{count?}")] HttpRequest request, int count = 10) => $"{count}";

        [Function("Unrouted")]
        public string Unrouted([HttpTrigger("get")] HttpRequest request) => "default route";

        [Function("ReturnResult")]
        public async Task<IResult> ReturnResult([HttpTrigger(Route = "results/iresult")] HttpRequest request)
        {
            await Task.Yield();
            return Results.Json(new { value = 1 }, statusCode: StatusCodes.Status202Accepted);
        }

        [Function("ReturnAction")]
        public IActionResult ReturnAction([HttpTrigger(Route = "results/action")] HttpRequest request)
            => new ObjectResult(new { value = 2 }) { StatusCode = StatusCodes.Status201Created };

        [Function("ReturnObject")]
        public ValueTask<Body> ReturnObject([HttpTrigger(Route = "results/object")] HttpRequest request) => new(new Body(3));

        [Function("ReturnText")]
        public static string ReturnText([HttpTrigger(Route = "results/text")] HttpRequest request) => "text";

        [Function("ReturnNothing")]
        public void ReturnNothing([HttpTrigger(Route = "results/nothing")] HttpRequest request)
        {
        }

        [Function("Failing")]
        public Task Failing([HttpTrigger(Route = "failing")] HttpRequest request) => throw new InvalidOperationException("secret");

        [Function("Upload")]
        public async Task Upload([HttpTrigger("post", Route = "upload")] HttpRequest request, FunctionContext context)
        {
            using var reader = new StreamReader(request.Body);
            while (await reader.ReadLineAsync(context.CancellationToken) is { } line)
            {
                context.InstanceServices.GetRequiredService<Lines>().Add(line);
            }
        }

        [Function("Follow")]
        public IResult Follow([HttpTrigger(Route = "follow")] HttpRequest request, FunctionContext context)
            => Results.Stream(async body =>
            {
                await body.FlushAsync(context.CancellationToken);
                while (await context.InstanceServices.GetRequiredService<Lines>().NextAsync() is { } line)
                {
                    await body.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"), context.CancellationToken);
                    await body.FlushAsync(context.CancellationToken);
                }
            });

        [Function("Length")]
        public async Task<long> Length([HttpTrigger("post", Route = "length")] HttpRequest request)
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            return body.Length;
        }

        [Function("Half")]
        public async Task Half([HttpTrigger(Route = "half")] HttpRequest request)
        {
            await request.HttpContext.Response.WriteAsync("half");
            await request.HttpContext.Response.Body.FlushAsync();
            throw new InvalidOperationException();
        }

        [Function("Waiting")]
        public async Task Waiting([HttpTrigger(Route = "waiting")] HttpRequest request, FunctionContext context)
        {
            var gate = context.InstanceServices.GetRequiredService<Gate>();
            gate.Entered.SetResult();
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken);
            }
            finally
            {
                gate.Cancelled.SetResult();
            }
        }

        [Function("Trace")]
        public string Trace([HttpTrigger(Route = "trace")] HttpRequest request, FunctionContext context) => context.TraceContext.TraceParent;

        [Function("Context")]
        public string Context([HttpTrigger(Route = "context/{id}")] HttpRequest request, FunctionContext context)
        {
            Assert.Same(request.HttpContext, context.GetHttpContext());
            Assert.Equal(nameof(Context), context.FunctionId);
            Assert.NotEmpty(context.InvocationId);
            return $"{context.FunctionDefinition.Name} {context.FunctionDefinition.InputBindings["request"].Type} {context.BindingContext.BindingData["id"]}";
        }
    }

    public sealed record Body(int Value);
}

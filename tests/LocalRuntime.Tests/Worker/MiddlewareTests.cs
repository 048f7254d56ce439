using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ModelJobs.LocalRuntime.Tests.Worker;

public sealed class MiddlewareTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task UseMiddleware_SeveralTimes_FirstIsOutermost()
    {
        var steps = new Steps();
        await using var app = await TestApp.StartAsync<Endpoints>(builder =>
        {
            builder.Services.AddSingleton(steps);
            builder.UseMiddleware<Outer>();
            builder.UseMiddleware(async (_, next) =>
            {
                steps.List.Add("inner in");
                await next();
                steps.List.Add("inner out");
            });
        });

        await app.Http.GetStringAsync("api/Hello", Cancel);

        Assert.Equal(["outer in", "inner in", "function", "inner out", "outer out"], steps.List);
    }

    [Fact]
    public async Task Middleware_ReplacesTheResult_CallerGetsTheNewOne()
    {
        await using var app = await TestApp.StartAsync<Endpoints>(builder =>
        {
            builder.Services.AddSingleton(new Steps());
            builder.UseMiddleware(async (context, next) =>
            {
                await next();
                var result = context.GetInvocationResult();
                result.Value += " world";
            });
        });

        Assert.Equal("hello world", await app.Http.GetStringAsync("api/Hello", Cancel));
    }

    [Fact]
    public async Task Middleware_CatchesAnException_CallerGetsItsResult()
    {
        await using var app = await TestApp.StartAsync<Endpoints>(builder =>
        {
            builder.Services.AddSingleton(new Steps());
            builder.UseMiddleware(async (context, next) =>
            {
                try
                {
                    await next();
                }
                catch (InvalidOperationException exception)
                {
                    context.GetInvocationResult().Value = Results.Text(exception.Message, statusCode: StatusCodes.Status409Conflict);
                }
            });
        });

        using var response = await app.Http.GetAsync("api/Conflict", Cancel);

        Assert.Equal(System.Net.HttpStatusCode.Conflict, response.StatusCode);
        Assert.Equal("conflict", await response.Content.ReadAsStringAsync(Cancel));
    }

    [Theory]
    [InlineData("api/Visible", nameof(TimeoutException))]
    [InlineData("api/Hidden", nameof(AggregateException))]
    public async Task Middleware_FunctionOfAClassThatIsNotPublicThrows_SeesItWrappedAsOnAzure(string path, string caught)
    {
        void Configure(Microsoft.Azure.Functions.Worker.Builder.FunctionsApplicationBuilder builder)
            => builder.UseMiddleware(async (context, next) =>
            {
                try
                {
                    await next();
                }
                catch (Exception exception)
                {
                    context.GetInvocationResult().Value = Results.Text($"{exception.GetType().Name}: {exception.GetBaseException().Message}");
                }
            });
        await using var app = path == "api/Visible"
            ? await TestApp.StartAsync<Visible>(Configure)
            : await TestApp.StartAsync<Hidden>(Configure);

        Assert.Equal($"{caught}: late", await app.Http.GetStringAsync(path, Cancel));
    }

    [Fact]
    public async Task UseWhen_PredicateFalse_MiddlewareIsLeftOut()
    {
        var steps = new Steps();
        await using var app = await TestApp.StartAsync<Endpoints>(builder =>
        {
            builder.Services.AddSingleton(steps);
            builder.UseWhen<Outer>(static context => context.FunctionDefinition.Name == "Conflict");
        });

        await app.Http.GetStringAsync("api/Hello", Cancel);

        Assert.Equal(["function"], steps.List);
    }

    [Fact]
    public async Task Items_SetByMiddleware_AreSeenByTheFunction()
    {
        await using var app = await TestApp.StartAsync<Endpoints>(builder =>
        {
            builder.Services.AddSingleton(new Steps());
            builder.UseMiddleware((context, next) =>
            {
                context.Items["user"] = "ada";
                return next();
            });
        });

        Assert.Equal("ada", await app.Http.GetStringAsync("api/User", Cancel));
    }

    public sealed class Steps
    {
        public List<string> List { get; } = [];
    }

    public sealed class Outer(Steps steps) : IFunctionsWorkerMiddleware
    {
        public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
        {
            steps.List.Add("outer in");
            await next(context);
            steps.List.Add("outer out");
        }
    }

    public sealed class Visible
    {
        [Function("Visible")]
        public async Task<string> Run([HttpTrigger] HttpRequest request)
        {
            await Task.Yield();
            throw new TimeoutException("late");
        }
    }

    internal sealed class Hidden
    {
        [Function("Hidden")]
        public async Task<string> Run([HttpTrigger] HttpRequest request)
        {
            await Task.Yield();
            throw new TimeoutException("late");
        }
    }

    public sealed class Endpoints(Steps steps)
    {
        [Function("Hello")]
        public string Hello([HttpTrigger] HttpRequest request)
        {
            steps.List.Add("function");
            return "hello";
        }

        [Function("Conflict")]
        public string Conflict([HttpTrigger] HttpRequest request) => throw new InvalidOperationException("conflict");

        [Function("User")]
        public string User([HttpTrigger] HttpRequest request, FunctionContext context) => (string)context.Items["user"];
    }
}

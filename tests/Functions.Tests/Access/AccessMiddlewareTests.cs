using System.Collections.Immutable;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using ModelJobs.Functions.Access;
using ModelJobs.Functions.Http;

namespace ModelJobs.Functions.Tests.Access;

/// <summary>Nobody gets to a function whose caller is not known, and nobody to a job of somebody else's. Budget: 1 second.</summary>
public sealed class AccessMiddlewareTests
{
    private const string Alice = "aaaaaaaa-0000-0000-0000-000000000001";
    private const string Tenant = "cccccccc-0000-0000-0000-000000000003";

    private static readonly Caller Owner = Caller.Of(new Principal(new Guid(Tenant), new Guid(Alice), []));
    private static readonly string Own = JobId.Create(TimeProvider.System, Owner.Tag);
    private static readonly string Foreign = JobId.Create(TimeProvider.System, new string('0', JobId.OwnerDigits));

    private readonly DefaultHttpContext _http = new();

    [Fact]
    public async Task Invoke_EntraWithoutPrincipal_IsRefused()
    {
        var refusal = await Assert.ThrowsAsync<ProblemException>(() => InvokeAsync(ApiAccess.Entra, new Call(_http)));

        Assert.Equal((401, "/problems/not-authenticated"), (refusal.Problem.Status, refusal.Problem.Type));
        Assert.Equal("Bearer", _http.Response.Headers.WWWAuthenticate);
    }

    [Fact]
    public async Task Invoke_EntraWithPrincipal_IsThatCaller()
    {
        SignIn();

        Assert.True(await InvokeAsync(ApiAccess.Entra, new Call(_http)));

        Assert.Equal(Owner, Caller.Of(_http.Request));
    }

    [Fact]
    public async Task Invoke_Keys_IsEverybodyWhateverTheHeadersSay()
    {
        SignIn();

        Assert.True(await InvokeAsync(ApiAccess.Keys, new Call(_http, routed: Foreign, bound: "anything")));

        Assert.Equal(Caller.Everybody, Caller.Of(_http.Request));
    }

    [Theory]
    [InlineData(true, true, true)]
    [InlineData(true, null, true)]
    [InlineData(null, true, true)]
    [InlineData(false, true, false)]
    [InlineData(true, false, false)]
    [InlineData(null, false, false)]
    [InlineData(false, null, false)]
    public async Task Invoke_IdOfRouteOrBinding_HasToBeOnesOwn(bool? routed, bool? bound, bool passes)
    {
        SignIn();
        var call = new Call(_http, Id(routed), Id(bound));

        if (passes)
        {
            Assert.True(await InvokeAsync(ApiAccess.Entra, call));
        }
        else
        {
            var refusal = await Assert.ThrowsAsync<ProblemException>(() => InvokeAsync(ApiAccess.Entra, call));
            Assert.Equal(Problems.UnknownJob(Foreign).Problem, refusal.Problem);
        }

        static string? Id(bool? own) => own is null ? null : own.Value ? Own : Foreign;
    }

    [Fact]
    public async Task Invoke_IdThatIsNoText_IsNobodys()
    {
        SignIn();

        await Assert.ThrowsAsync<ProblemException>(() => InvokeAsync(ApiAccess.Entra, new Call(_http, bound: 7)));
    }

    [Theory]
    [InlineData(ApiAccess.Keys)]
    [InlineData(ApiAccess.Entra)]
    public async Task Invoke_HttpFunctionWithoutItsRequest_Fails(ApiAccess access) =>
        await Assert.ThrowsAsync<InvalidOperationException>(() => InvokeAsync(access, new Call(http: null)));

    [Fact]
    public async Task Invoke_OtherTriggers_PassWithoutACaller() =>
        Assert.True(await InvokeAsync(ApiAccess.Entra, new Call(http: null, trigger: "serviceBusTrigger", bound: "anything")));

    [Fact]
    public void CallerOf_RequestThatCameAroundTheMiddleware_Fails() => Assert.Throws<InvalidOperationException>(() => Caller.Of(_http.Request));

    private static async Task<bool> InvokeAsync(ApiAccess access, Call call)
    {
        var ran = false;
        await new AccessMiddleware(new JobSettings { ApiAccess = access }).Invoke(call, _ =>
        {
            ran = true;
            return Task.CompletedTask;
        });
        return ran;
    }

    private void SignIn()
    {
        _http.Request.Headers[Principal.ProviderHeader] = Principal.Entra;
        _http.Request.Headers[Principal.Header] = Convert.ToBase64String(Encoding.UTF8.GetBytes(
            $$"""{"auth_typ":"aad","claims":[{"typ":"oid","val":"{{Alice}}"},{"typ":"tid","val":"{{Tenant}}"}]}"""));
    }

    /// <summary>An invocation as the worker hands it to middleware.</summary>
    private sealed class Call : FunctionContext
    {
        private readonly string _trigger;
        private readonly object? _bound;

        public Call(HttpContext? http, string? routed = null, object? bound = null, string trigger = "httpTrigger")
        {
            (_trigger, _bound) = (trigger, bound);
            if (routed is not null)
            {
                http!.Request.RouteValues["id"] = routed;
            }

            if (http is not null)
            {
                Items["HttpRequestContext"] = http;
            }
        }

        public override string InvocationId => "1";

        public override string FunctionId => "1";

        public override TraceContext TraceContext => throw new NotSupportedException();

        public override BindingContext BindingContext => new Bindings(_bound);

        public override RetryContext RetryContext => throw new NotSupportedException();

        public override IServiceProvider InstanceServices { get; set; } = null!;

        public override FunctionDefinition FunctionDefinition => new Definition(_trigger);

        public override IDictionary<object, object> Items { get; set; } = new Dictionary<object, object>();

        public override IInvocationFeatures Features => throw new NotSupportedException();
    }

    private sealed class Bindings(object? id) : BindingContext
    {
        public override IReadOnlyDictionary<string, object?> BindingData { get; } =
            id is null ? ImmutableDictionary<string, object?>.Empty : new Dictionary<string, object?> { ["id"] = id };
    }

    private sealed class Definition(string trigger) : FunctionDefinition
    {
        public override ImmutableArray<FunctionParameter> Parameters => [];

        public override string PathToAssembly => "";

        public override string EntryPoint => "";

        public override string Id => "1";

        public override string Name => "Any";

        public override IImmutableDictionary<string, BindingMetadata> InputBindings =>
            ImmutableDictionary<string, BindingMetadata>.Empty.Add("request", new Binding(trigger));

        public override IImmutableDictionary<string, BindingMetadata> OutputBindings => ImmutableDictionary<string, BindingMetadata>.Empty;
    }

    private sealed class Binding(string trigger) : BindingMetadata
    {
        public override string Name => "request";

        public override string Type => trigger;

        public override BindingDirection Direction => BindingDirection.In;
    }
}

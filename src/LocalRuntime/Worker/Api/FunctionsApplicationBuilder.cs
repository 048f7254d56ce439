using System.Reflection;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ModelJobs.LocalRuntime.Hosting;

namespace Microsoft.Azure.Functions.Worker.Builder;

/// <summary>
/// Collects an app's services and middleware. The app that it builds is one web application: Kestrel, the Service Bus broker, the
/// durable engine and the app's own services share one container and one process.
/// </summary>
public class FunctionsApplicationBuilder : IHostApplicationBuilder, IFunctionsWorkerApplicationBuilder
{
    private readonly LocalAppBuilder _app;

    internal FunctionsApplicationBuilder(string[]? args, Assembly appAssembly) => _app = new LocalAppBuilder(args ?? [], appAssembly);

    public IDictionary<object, object> Properties => ((IHostApplicationBuilder)_app.Web).Properties;

    public ConfigurationManager Configuration => _app.Web.Configuration;

    public IHostEnvironment Environment => _app.Web.Environment;

    public ILoggingBuilder Logging => _app.Web.Logging;

    public IMetricsBuilder Metrics => _app.Web.Metrics;

    public IServiceCollection Services => _app.Web.Services;

    IConfigurationManager IHostApplicationBuilder.Configuration => Configuration;

    /// <summary>Set by <c>ConfigureFunctionsWebApplication</c>, without which HTTP triggers cannot take ASP.NET Core types.</summary>
    internal bool UsesAspNetCore
    {
        get => _app.UsesAspNetCore;
        set => _app.UsesAspNetCore = value;
    }

    public IFunctionsWorkerApplicationBuilder Use(Func<FunctionExecutionDelegate, FunctionExecutionDelegate> middleware)
    {
        ArgumentNullException.ThrowIfNull(middleware);
        _app.Middleware.Add(middleware);
        return this;
    }

    public void ConfigureContainer<TContainerBuilder>(
        IServiceProviderFactory<TContainerBuilder> factory, Action<TContainerBuilder>? configure = null)
        where TContainerBuilder : notnull
        => ((IHostApplicationBuilder)_app.Web).ConfigureContainer(factory, configure);

    /// <exception cref="FunctionWorkerException">A function is declared in a way that cannot run.</exception>
    public IHost Build() => _app.Build();
}

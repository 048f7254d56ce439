using Azure.Identity;
using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace ModelJobs.Functions.Telemetry;

/// <summary>
/// Where metrics and spans go: by OTLP, to Application Insights, to both. Without either setting nothing listens, so that nothing is
/// measured or traced.
/// </summary>
internal static class TelemetryExport
{
    /// <summary>Spans of functions: the worker's own source.</summary>
    private const string WorkerSource = "Microsoft.Azure.Functions.Worker";

    private const string ServiceName = "modeljobs";

    /// <summary>Registers what the settings ask for.</summary>
    public static void Add(IServiceCollection services, IConfiguration configuration)
    {
        var otlp = configuration["OTEL_EXPORTER_OTLP_ENDPOINT"];
        var insights = configuration["APPLICATIONINSIGHTS_CONNECTION_STRING"];
        if (string.IsNullOrEmpty(otlp) && string.IsNullOrEmpty(insights))
        {
            return;
        }

        var telemetry = services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(ServiceName))
            .WithTracing(traces => traces.AddSource(JobSpans.SourceName, WorkerSource))
            .WithMetrics(metrics => metrics.AddMeter(JobMetrics.MeterName));
        if (!string.IsNullOrEmpty(otlp))
        {
            // Reads the other OTEL_EXPORTER_OTLP_ settings, and the endpoint, by itself.
            telemetry.WithTracing(traces => traces.AddOtlpExporter()).WithMetrics(metrics => metrics.AddOtlpExporter());
        }

        if (!string.IsNullOrEmpty(insights))
        {
            var byIdentity = configuration["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"]?.Contains("Authorization=AAD", StringComparison.OrdinalIgnoreCase) == true;
            telemetry
                .WithTracing(traces => traces.AddAzureMonitorTraceExporter(Configure))
                .WithMetrics(metrics => metrics.AddAzureMonitorMetricExporter(Configure));

            void Configure(AzureMonitorExporterOptions options)
            {
                options.ConnectionString = insights;
                options.Credential = byIdentity ? new DefaultAzureCredential() : null;
            }
        }
    }
}

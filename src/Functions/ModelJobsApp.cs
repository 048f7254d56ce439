using Azure.Identity;
using Azure.Messaging.ServiceBus;
using Azure.Storage.Blobs;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using ModelJobs.Contracts;
using ModelJobs.Functions.Access;
using ModelJobs.Functions.Assemble;
using ModelJobs.Functions.Collect;
using ModelJobs.Functions.Control;
using ModelJobs.Functions.Dispatch;
using ModelJobs.Functions.Estimate;
using ModelJobs.Functions.Http;
using ModelJobs.Functions.Messaging;
using ModelJobs.Functions.Notify;
using ModelJobs.Functions.Plan;
using ModelJobs.Functions.Process;
using ModelJobs.Functions.Process.Balance;
using ModelJobs.Functions.Process.Runners;
using ModelJobs.Functions.Process.Runners.Chat;
using ModelJobs.Functions.Process.Runners.Embeddings;
using ModelJobs.Functions.Process.Runners.Onnx;
using ModelJobs.Functions.Purge;
using ModelJobs.Functions.Recover;
using ModelJobs.Functions.Redrive;
using ModelJobs.Functions.Status;
using ModelJobs.Functions.Storage;
using ModelJobs.Functions.Submit;
using ModelJobs.Functions.Telemetry;

namespace ModelJobs.Functions;

/// <summary>The app as a builder, so that the Functions host, the command line and the tests start the same thing.</summary>
public static class ModelJobsApp
{
    /// <summary>Configures the app; the caller builds and runs it.</summary>
    /// <param name="args">Command-line configuration, as <c>--Section:Key=value</c>.</param>
    public static FunctionsApplicationBuilder CreateBuilder(string[] args)
    {
        var builder = FunctionsApplication.CreateBuilder(args);
        builder.ConfigureFunctionsWebApplication();
        builder.UseMiddleware<MessageCounting>();
        builder.UseMiddleware<ProblemMiddleware>();
        builder.UseMiddleware<AccessMiddleware>();
        builder.UseMiddleware<FunctionFaults>();

        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<JobSettings>()
            .Configure<IConfiguration>((settings, configuration) => StrictSettings.Bind(configuration.GetSection(JobSettings.Section), settings))
            .ValidateOnStart();
        services.AddSingleton(new ApiBuild(BuiltAccess.Access));
        services.AddSingleton<IValidateOptions<JobSettings>, AccessCheck>();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<JobSettings>>().Value);
        services.AddOptions<PriceSettings>()
            .Configure<IConfiguration>((prices, configuration) => StrictSettings.Bind(configuration.GetSection(PriceSettings.Section), prices))
            .ValidateOnStart();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<PriceSettings>>().Value);
        services.AddOptions<WebhookSettings>()
            .Configure<IConfiguration>((webhooks, configuration) => StrictSettings.Bind(configuration.GetSection(WebhookSettings.Section), webhooks))
            .ValidateOnStart();
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<WebhookSettings>>().Value);

        // The worker's own server would refuse bodies over 30 MB.
        services.Configure<KestrelServerOptions>(server => server.Limits.MaxRequestBodySize = JobLimits.MaxInputBytes);
        services.AddSingleton(provider => provider.GetRequiredService<JobSettings>().Seed is { } seed ? new Random(seed) : Random.Shared);

        TelemetryExport.Add(services, builder.Configuration);
        services.AddSingleton<JobMetrics>();
        services.AddSingleton<MessagingMetrics>();
        services.AddSingleton<JobModels>();
        services.AddSingleton<LineCounts>();

        AddClients(services);
        services.AddSingleton<JobBlobs>();
        services.AddSingleton<SubmissionLimits>();
        services.AddSingleton<IdempotencyKeys>();
        services.AddSingleton<RecentInputs>();
        services.AddSingleton<InputWriter>();
        services.AddSingleton<JobEstimator>();
        services.AddSingleton<WebhookPolicy>();
        services.AddSingleton<WebhookConnection>();
        services.AddSingleton<WebhookSender>();
        services.AddSingleton<RunSettings>();
        services.AddSingleton<JobRequestReader>();
        services.AddSingleton<ChunkSender>();
        services.AddSingleton<ChunkItems>();
        services.AddSingleton<Nodes>();
        services.AddSingleton<BalanceEntries>();
        services.AddSingleton<BalanceBoard>();
        services.AddSingleton<ChunkRunner>();
        services.AddSingleton<ResultSender>();
        services.AddSingleton<Suspects>();
        services.AddSingleton<LaneTurn>();
        services.AddSingleton<ParkedQueue>();
        services.AddSingleton<JobControls>();
        services.AddSingleton<RunWatch>();
        services.AddSingleton<PageScopes>();
        services.AddSingleton<PageParts>();
        services.AddSingleton<ParkedItems>();
        services.AddSingleton<ParkedMessages>();
        services.AddSingleton<RoundScopes>();
        services.AddSingleton<OrderedBlob>();
        services.AddSingleton<ExpiredJobs>();
        services.AddSingleton<OrphanedFolders>();
        services.AddSingleton<OrphanedMessages>();
        services.AddSingleton<UsageReading>();
        services.AddSingleton<BalanceReading>();
        services.AddSingleton<JobReader>();
        services.AddSingleton<ModelCatalog>();
        AddRunners(services);
        return builder;
    }

    private static void AddRunners(IServiceCollection services)
    {
        services.AddSingleton(provider => new RunnerKind(
            "simulate",
            model => new SimulateRunner(provider.GetRequiredService<TimeProvider>(), SimulateRunnerOptions.Read(model), Environment.FailFast),
            SimulateRunnerOptions.ProblemOf));
        services.AddSingleton(provider =>
        {
            var root = provider.GetRequiredService<IHostEnvironment>().ContentRootPath;
            return new RunnerKind(
                "onnx",
                model => new OnnxRunner(
                    new ModelFile(model, root).Find(provider.GetRequiredService<BlobServiceClient>()),
                    OnnxRunnerOptions.Read(model),
                    provider.GetRequiredService<TimeProvider>()),
                model => new ModelFile(model, root).Problem ?? OnnxRunnerOptions.ProblemOf(model));
        });
        services.AddSingleton(provider => new RunnerKind(
            "chat", model => new ChatRunner(ChatRunnerOptions.Read(model), provider.GetRequiredService<TimeProvider>()), ChatRunnerOptions.ProblemOf)
        { CountsTokens = true, IsBalanced = true });
        services.AddSingleton(provider => new RunnerKind(
            "embeddings",
            model => new EmbeddingsRunner(EmbeddingsRunnerOptions.Read(model), provider.GetRequiredService<TimeProvider>()),
            EmbeddingsRunnerOptions.ProblemOf)
        { CountsTokens = true, IsBalanced = true });
        services.AddSingleton(new RunnerKind("external", Create: null, ProblemOfExternal));
        services.AddHostedService<ModelCheck>();
        services.AddHostedService<ModelWarmUp>();
    }

    // Any setting but the runner would be one that somebody believes to do something.
    private static string? ProblemOfExternal(IConfigurationSection model) =>
        model.GetChildren().FirstOrDefault(setting => !setting.Key.Equals("Runner", StringComparison.OrdinalIgnoreCase)) is { } setting
            ? $"{setting.Path} is set, but a model whose runner is 'external' has no settings here: its workers have their own. Remove it."
            : null;

    // The settings are read when a client is first used: the local runtime knows its emulators' ports only once they listen.
    private static void AddClients(IServiceCollection services)
    {
        services.AddSingleton(provider =>
        {
            var configuration = provider.GetRequiredService<IConfiguration>();
            return configuration["ServiceBus"] is { Length: > 0 } connectionString
                ? new ServiceBusClient(connectionString)
                : new ServiceBusClient(Required(configuration, "ServiceBus", "fullyQualifiedNamespace"), new DefaultAzureCredential());
        });
        services.AddSingleton(provider =>
        {
            var configuration = provider.GetRequiredService<IConfiguration>();
            return configuration["JobStorage"] is { Length: > 0 } connectionString
                ? new BlobServiceClient(connectionString)
                : new BlobServiceClient(new Uri(Required(configuration, "JobStorage", "blobServiceUri")), new DefaultAzureCredential());
        });
        foreach (var queue in Queues.Sent)
        {
            services.AddKeyedSingleton(queue, (provider, _) => provider.GetRequiredService<ServiceBusClient>().CreateSender(queue));
            services.AddKeyedSingleton(queue, (provider, _) => new QueueSender(
                provider.GetRequiredKeyedService<ServiceBusSender>(queue), provider.GetRequiredService<MessagingMetrics>()));
        }
    }

    private static string Required(IConfiguration configuration, string connection, string property) =>
        configuration[$"{connection}:{property}"] is { Length: > 0 } value
            ? value
            : throw new InvalidOperationException(
                $"Neither the setting '{connection}' (a connection string) nor '{connection}__{property}' (for managed identity) is set; set one.");
}

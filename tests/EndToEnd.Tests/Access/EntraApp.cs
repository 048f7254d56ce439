using System.Net.Http.Headers;
using Microsoft.Extensions.DependencyInjection;
using ModelJobs.EndToEnd.Tests.Support;
using ModelJobs.Functions.Access;
using ModelJobs.Tests.Support;

namespace ModelJobs.EndToEnd.Tests.Access;

/// <summary>The app as it is built for Entra, with a stand-in for App Service authentication before it.</summary>
internal sealed class EntraApp : IAsyncDisposable
{
    private readonly List<HttpClient> _clients = [];

    private EntraApp(LocalApp app) => App = app;

    public LocalApp App { get; }

    /// <param name="storage">The storage emulator.</param>
    /// <param name="settings">More configuration, as <c>Section:Key=value</c>.</param>
    public static async Task<EntraApp> StartAsync(StorageEmulator storage, params string[] settings) => new(await LocalApp.StartAsync(
        storage,
        builder => builder.Services.AddSingleton(new ApiBuild(ApiAccess.Entra)),
        ["Jobs:ApiAccess=Entra", "LocalRuntime:FakeAuthentication=true", .. settings]));

    /// <summary>The app as one caller reaches it.</summary>
    /// <param name="token">Their name, with roles after a colon; null for a caller without a token.</param>
    public HttpClient As(string? token)
    {
        var http = new HttpClient { BaseAddress = App.Http.BaseAddress, Timeout = TimeSpan.FromMinutes(2) };
        http.DefaultRequestHeaders.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        _clients.Add(http);
        return http;
    }

    public async ValueTask DisposeAsync()
    {
        _clients.ForEach(client => client.Dispose());
        await App.DisposeAsync();
    }
}

using System.Text.Json;
using ModelJobs.Functions.Access;
using ModelJobs.Infra.Tests.Support;

namespace ModelJobs.Infra.Tests;

/// <summary>Who gets in: authentication is on where the app relies on it, and asks everybody for a token.</summary>
public sealed class AccessTests
{
    [Fact]
    public async Task Deploy_Keys_LeavesAuthenticationAsItIs()
    {
        var deployment = await Deployment.OfAsync(Variant.Plain);

        Assert.Equal("Keys", deployment.Settings["Jobs__ApiAccess"]);
        Assert.Empty(deployment.All("Microsoft.Web/sites/config"));
    }

    [Fact]
    public async Task Deploy_Entra_AsksEveryCallOfEveryPathForAToken()
    {
        var deployment = await Deployment.OfAsync(Variant.Full);

        Assert.Equal("Entra", deployment.Settings["Jobs__ApiAccess"]);
        var properties = Authentication(deployment);
        Assert.True(properties.GetProperty("platform").GetProperty("enabled").GetBoolean());
        // The whole of it: a path that is left out, excludedPaths, would be one more member.
        Assert.Equal(
            """{"requireAuthentication":true,"unauthenticatedClientAction":"Return401"}""", JsonSerializer.Serialize(properties.GetProperty("globalValidation")));
        Assert.True(properties.GetProperty("httpSettings").GetProperty("requireHttps").GetBoolean());
        Assert.False(properties.GetProperty("login").GetProperty("tokenStore").GetProperty("enabled").GetBoolean());
        var provider = Assert.Single(properties.GetProperty("identityProviders").EnumerateObject());
        Assert.Equal("azureActiveDirectory", provider.Name);
        Assert.True(provider.Value.GetProperty("enabled").GetBoolean());
        Assert.Equal(Variant.ClientId, provider.Value.GetProperty("registration").GetProperty("clientId").GetString());
        Assert.Contains("/v2.0", provider.Value.GetProperty("registration").GetProperty("openIdIssuer").GetString(), StringComparison.Ordinal);
        Assert.Equal(
            [Variant.ClientId, $"api://{Variant.ClientId}"],
            provider.Value.GetProperty("validation").GetProperty("allowedAudiences").EnumerateArray().Select(audience => audience.GetString()));
    }

    [Fact]
    public async Task Deploy_EntraWithoutRegistration_IsRefusedWithWhatToDo()
    {
        var refusal = await Deployment.RefusalOfAsync(new Variant("unregistered") { Parameters = new() { ["apiAccess"] = "'entra'" } });

        Assert.Contains("make an app registration", refusal);
    }

    [Fact]
    public void AppRegistration_RolesAndTokens_AreThoseOfTheApp()
    {
        var registration = JsonElement.Parse(Repository.Read("infra", "app-registration.json"));
        var api = registration.GetProperty("api");
        var roles = registration.GetProperty("appRoles").EnumerateArray().ToDictionary(role => role.GetProperty("value").GetString()!, role => role.GetProperty("id").GetString()!);

        Assert.Equal(2, api.GetProperty("requestedAccessTokenVersion").GetInt32());
        Assert.Equal(["jobs.admin", "jobs.caller"], roles.Keys.Order(StringComparer.Ordinal));
        Assert.Contains(Caller.AdminRole, roles.Keys);
        var page = Repository.Read("docs", "deploying.md");
        Assert.Contains(roles["jobs.caller"], page, StringComparison.Ordinal);
        Assert.Contains(Assert.Single(api.GetProperty("oauth2PermissionScopes").EnumerateArray()).GetProperty("id").GetString()!, page, StringComparison.Ordinal);
    }

    private static JsonElement Authentication(Deployment deployment)
    {
        var config = deployment.One("Microsoft.Web/sites/config");
        Assert.Equal("authsettingsV2", config.Name.Split('/')[1]);
        return config.At("properties");
    }
}

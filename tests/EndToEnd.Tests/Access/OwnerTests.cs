using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using ModelJobs.Contracts;
using ModelJobs.EndToEnd.Tests.Support;
using ModelJobs.Functions.Storage;
using ModelJobs.Tests.Support;

namespace ModelJobs.EndToEnd.Tests.Access;

/// <summary>Two callers and one who sees all, told apart by their tokens. Budget: 15 seconds.</summary>
public sealed class OwnerTests(StorageEmulator storage)
{
    private const string Good = """{"input":{"id":1,"duration":0}}""";
    private const string Bad = """{"input":{"id":2,"duration":0,"fail":"permanent"}}""";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Call_WithoutToken_IsRefusedWhateverItSaysOfItself()
    {
        await using var app = await EntraApp.StartAsync(storage);
        var nobody = app.As(token: null);
        nobody.DefaultRequestHeaders.Add("X-MS-CLIENT-PRINCIPAL-IDP", "aad");
        nobody.DefaultRequestHeaders.Add("X-MS-CLIENT-PRINCIPAL", Principal("aaaaaaaa-0000-0000-0000-000000000001"));

        using var answer = await new JobsApi(nobody).PostAsync("?model=simulate", [Good]);
        using var list = await nobody.GetAsync(new Uri("api/jobs", UriKind.Relative), Token);
        using var management = await nobody.GetAsync(new Uri("runtime/webhooks/durabletask/instances", UriKind.Relative), Token);

        Assert.Equal(
            (HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized), (answer.StatusCode, list.StatusCode, management.StatusCode));
    }

    [Fact]
    public async Task Call_WithTokenAndForgedPrincipal_IsTheTokens()
    {
        await using var app = await EntraApp.StartAsync(storage);
        var (alice, forger) = (app.As("alice"), app.As("bob"));
        var job = await new JobsApi(alice).SubmitAsync("?model=simulate", [Good]);
        forger.DefaultRequestHeaders.Add("X-MS-CLIENT-PRINCIPAL", Principal(await OwnerOfAsync(app, job.Id)));
        forger.DefaultRequestHeaders.Add("x-ms-client-principal-idp", "aad");

        Assert.Empty(await new JobsApi(forger).ListAsync());
        using var answer = await forger.GetAsync(new Uri(job.Links.Self, UriKind.Relative), Token);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task List_OfEachCaller_HasTheirOwnJobsInPagesAndTheAdminsHasAll()
    {
        await using var app = await EntraApp.StartAsync(storage);
        var (alice, bob, admin) = (new JobsApi(app.As("alice")), new JobsApi(app.As("bob")), new JobsApi(app.As("carol:jobs.admin")));
        List<string> ofAlice = [];
        for (var i = 0; i < 5; i++)
        {
            ofAlice.Add((await alice.SubmitAsync("?model=simulate", [Good])).Id);
        }

        var ofBob = (await bob.SubmitAsync("?model=simulate", [Good])).Id;
        var ofCarol = (await admin.SubmitAsync("?model=simulate", [Good])).Id;

        Assert.Equal(ofAlice.AsEnumerable().Reverse(), (await alice.ListAsync()).Select(job => job.Id));
        Assert.Equal([ofBob], (await bob.ListAsync()).Select(job => job.Id));
        Assert.Equal([.. ofAlice, ofBob, ofCarol], (await admin.ListAsync()).Select(job => job.Id).ToHashSet());
        Assert.Empty(await new JobsApi(app.As("dave:jobs.reader")).ListAsync());

        var paged = new List<string>();
        for (var link = "/api/jobs?top=2"; link is not null;)
        {
            var page = (await app.As("alice").GetFromJsonAsync(new Uri(link, UriKind.Relative), ContractsJson.Wire.JobList, Token))!;
            paged.AddRange(page.Jobs.Select(job => job.Id));
            link = page.NextLink;
            // Another's link leads to one's own jobs.
            if (link is not null)
            {
                var foreign = (await app.As("bob").GetFromJsonAsync(new Uri(link, UriKind.Relative), ContractsJson.Wire.JobList, Token))!;
                Assert.All(foreign.Jobs, job => Assert.Equal(ofBob, job.Id));
            }
        }

        Assert.Equal(ofAlice.AsEnumerable().Reverse(), paged);
    }

    [Fact]
    public async Task Submit_SameIdempotencyKeyOfTwoCallers_IsTwoJobs()
    {
        await using var app = await EntraApp.StartAsync(storage);
        var (alice, bob) = (new JobsApi(app.As("alice")), new JobsApi(app.As("bob")));

        var first = await alice.SubmitAsync("?model=simulate", [Good], "key");
        var other = await bob.SubmitAsync("?model=simulate", [Good, Good], "key");
        var again = await alice.SubmitAsync("?model=simulate", [Good], "key");

        Assert.Equal(first.Id, again.Id);
        Assert.NotEqual(first.Id, other.Id);
        Assert.Equal(2, other.Items.Total);
        using var conflict = await alice.PostAsync("?model=simulate", [Good, Good], "key");
        Assert.Contains(first.Id, (await JobsApi.ProblemAsync(conflict)).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redrive_ByAnAdmin_LeavesTheJobItsOwners()
    {
        await using var app = await EntraApp.StartAsync(storage);
        var (alice, admin) = (new JobsApi(app.As("alice")), new JobsApi(app.As("carol:jobs.admin")));
        var job = await alice.WaitAsync((await alice.SubmitAsync("?model=simulate", [Good, Bad])).Id);
        Assert.Equal((1, 1), (job.Items.Succeeded, job.Items.Failed));
        var owner = await OwnerOfAsync(app, job.Id);

        await admin.ControlAsync(job.Id, "redrive");
        await admin.WaitAsync(job.Id);

        Assert.Equal((1, 1), ((await alice.WaitAsync(job.Id)).Items.Succeeded, (await alice.ParkedAsync(job.Id).ToListAsync(Token)).Count));
        Assert.Equal([job.Id], (await alice.ListAsync()).Select(one => one.Id));
        Assert.Equal(owner, await OwnerOfAsync(app, job.Id));
        var text = await app.As("alice").GetStringAsync(new Uri(job.Links.Self, UriKind.Relative), Token);
        Assert.DoesNotContain(owner, text, StringComparison.OrdinalIgnoreCase);

        using var deleted = await app.As("alice").DeleteAsync(new Uri(job.Links.Self, UriKind.Relative), Token);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Empty(await admin.ListAsync());
    }

    /// <summary>The object id in the job's manifest.</summary>
    private static async Task<string> OwnerOfAsync(EntraApp app, string job)
    {
        var blobs = app.App.Services.GetRequiredService<JobBlobs>();
        var manifest = JsonDocument.Parse((await blobs.Blob(JobBlobs.Manifest(job)).DownloadContentAsync(Token)).Value.Content.ToMemory());
        return manifest.RootElement.GetProperty("owner").GetString()!.Split('/')[1];
    }

    private static string Principal(string id) => Convert.ToBase64String(Encoding.UTF8.GetBytes(
        $$"""{"auth_typ":"aad","claims":[{"typ":"oid","val":"{{id}}"},{"typ":"tid","val":"00000000-0000-0000-0000-000000000001"},{"typ":"roles","val":"jobs.admin"}]}"""));
}

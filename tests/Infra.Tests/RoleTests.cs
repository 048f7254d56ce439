using ModelJobs.Infra.Tests.Support;

namespace ModelJobs.Infra.Tests;

/// <summary>Who may do what: each role assignment is on the page, with its reason, and none is on the page that is not made.</summary>
public sealed class RoleTests
{
    private const string App = "the app";
    private const string Worker = "external workers";

    [Fact]
    public async Task Deploy_AllVariants_AssignTheRolesThatThePageLists()
    {
        var assigned = new HashSet<(string Who, string Role, string Where)>();
        foreach (var variant in Variant.All)
        {
            assigned.UnionWith(AssignmentsOf(await Deployment.OfAsync(variant)));
        }

        var rows = MarkdownTable.Below("Roles", "docs", "deploying.md");
        Assert.All(rows, row => Assert.NotEmpty(row[3]));
        Assert.Equal(assigned.Order(), rows.Select(row => (row[0], row[1], row[2])).Order());
    }

    [Fact]
    public async Task Deploy_Scheduler_GivesTheFewestRights()
    {
        var roles = AssignmentsOf(await Deployment.OfAsync(Variant.Scheduler)).Select(one => one.Role).Order(StringComparer.Ordinal);

        Assert.Equal(
            [
                "Azure Service Bus Data Receiver", "Azure Service Bus Data Sender", "Durable Task Data Contributor", "Monitoring Metrics Publisher",
                "Storage Blob Data Owner", "Storage Table Data Contributor",
            ],
            roles);
    }

    private static IEnumerable<(string Who, string Role, string Where)> AssignmentsOf(Deployment deployment) =>
        deployment.All("Microsoft.Authorization/roleAssignments").Select(assignment =>
        {
            var role = assignment.At("properties", "roleDefinitionId").GetString()!.Split('/')[^1];
            var scope = assignment.Id[..assignment.Id.IndexOf("/providers/Microsoft.Authorization/", StringComparison.Ordinal)];
            Assert.Equal("ServicePrincipal", assignment.At("properties", "principalType").GetString());
            return (
                assignment.At("properties", "principalId").GetString()!.Contains("userAssignedIdentities", StringComparison.Ordinal) ? App : Worker,
                Lists.Roles.GetValueOrDefault(role, $"unlisted role {role}"),
                Where(scope));
        });

    private static string Where(string scope) => scope.Split("/providers/")[^1].Split('/') switch
    {
        [_, "storageAccounts", _] => "storage account",
        [_, "storageAccounts", _, "blobServices", _, "containers", var container] => $"container `{container}`",
        [_, "namespaces", _] => "Service Bus namespace",
        [_, "namespaces", _, "queues", var queue] => $"queue `{queue}`",
        [_, "components", _] => "Application Insights",
        [_, "schedulers", _] => "Durable Task Scheduler",
        ["Microsoft.CognitiveServices", ..] => "Azure OpenAI account",
        _ => scope,
    };
}

using System.Text;
using System.Text.Json;
using CsCheck;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using ModelJobs.Functions.Access;

namespace ModelJobs.Functions.Tests.Access;

/// <summary>Whom the app takes a request to be from. Budget: 2 seconds.</summary>
public sealed class PrincipalTests
{
    private const string LongOid = "http://schemas.microsoft.com/identity/claims/objectidentifier";
    private const string LongTid = "http://schemas.microsoft.com/identity/claims/tenantid";
    private const string Alice = "aaaaaaaa-0000-0000-0000-000000000001";
    private const string Bob = "bbbbbbbb-0000-0000-0000-000000000002";
    private const string Tenant = "cccccccc-0000-0000-0000-000000000003";

    [Theory]
    [InlineData(LongOid, LongTid)]
    [InlineData("oid", "tid")]
    [InlineData("oid", LongTid)]
    public void Read_User_IsTheirObjectAndTenant(string oid, string tid)
    {
        var principal = Read(Header((oid, Alice), ("name", "Alice"), (tid, Tenant), ("roles", "jobs.admin"), ("roles", "other")))!;

        Assert.Equal((new Guid(Tenant), new Guid(Alice)), (principal.Tenant, principal.Object));
        Assert.Equal(["jobs.admin", "other"], principal.Roles);
        Assert.True(Caller.Of(principal).SeesAll);
    }

    [Fact]
    public void Read_ServicePrincipal_IsTakenLikeAUser()
    {
        var principal = Read(Header(("aud", "api://app"), ("azp", Bob), ("idtyp", "app"), ("oid", Alice), ("sub", Alice), ("tid", Tenant)));

        Assert.Equal(new Guid(Alice), principal?.Object);
        Assert.False(Caller.Of(principal!).SeesAll);
    }

    [Fact]
    public void Read_SameClaimUnderBothNames_IsOneIdentity() =>
        Assert.NotNull(Read(Header((LongOid, Alice), ("oid", Alice.ToUpperInvariant()), (LongTid, Tenant), ("tid", Tenant))));

    [Theory]
    [InlineData("oid", Alice, "oid", Bob, "tid", Tenant)]
    [InlineData(LongOid, Alice, "oid", Bob, "tid", Tenant)]
    [InlineData("oid", Alice, "tid", Bob, LongTid, Tenant)]
    public void Read_SeveralIdentities_IsNobody(string type1, string value1, string type2, string value2, string type3, string value3) =>
        Assert.Null(Read(Header((type1, value1), (type2, value2), (type3, value3))));

    [Theory]
    [InlineData("oid", Alice, "name", "Alice")]
    [InlineData("tid", Tenant, "sub", Alice)]
    [InlineData("oid", "alice", "tid", Tenant)]
    [InlineData("oid", "", "tid", Tenant)]
    [InlineData("oid", "{aaaaaaaa-0000-0000-0000-000000000001}", "tid", Tenant)]
    [InlineData("oid", "00000000-0000-0000-0000-000000000000", "tid", Tenant)]
    [InlineData("OID", Alice, "tid", Tenant)]
    public void Read_WithoutObjectOrTenant_IsNobody(string type1, string value1, string type2, string value2) =>
        Assert.Null(Read(Header((type1, value1), (type2, value2))));

    [Theory]
    [InlineData("")]
    [InlineData("not base64!")]
    [InlineData("bm90IGpzb24=")]
    [InlineData("bnVsbA==")]
    [InlineData("e30=")]
    [InlineData("W10=")]
    public void Read_Garbage_IsNobody(string header) => Assert.Null(Read(header));

    [Theory]
    [InlineData("""{"auth_typ":"aad","claims":null}""")]
    [InlineData("""{"auth_typ":"aad","claims":{}}""")]
    [InlineData("""{"auth_typ":"aad","claims":[null,1]}""")]
    [InlineData("""{"auth_typ":"aad","claims":[null,{"typ":"oid"},{"val":"x"}]}""")]
    [InlineData("""{"auth_typ":"aad","claims":[[[[[[[[[[[]]]]]]]]]]]}""")]
    [InlineData("""{"auth_typ":"aad","claims":[{"typ":"oid","val":"aaaaaaaa-0000-0000-0000-000000000001"},{"typ":"tid","val":"cccccccc-0000-0000-0000-000000000003"}]} x""")]
    [InlineData("""{"auth_typ":"google","claims":[{"typ":"oid","val":"aaaaaaaa-0000-0000-0000-000000000001"},{"typ":"tid","val":"cccccccc-0000-0000-0000-000000000003"}]}""")]
    public void Read_OtherJson_IsNobody(string json) => Assert.Null(Read(Encode(json)));

    [Fact]
    public void Read_OversizedHeader_IsNobody()
    {
        var claims = new (string, string)[] { ("oid", Alice), ("tid", Tenant), ("groups", new string('x', Principal.MaxHeaderLength)) };

        Assert.Null(Read(Header(claims)));
        Assert.NotNull(Read(Header([.. claims[..2], ("groups", new string('x', Principal.MaxHeaderLength / 2))])));
    }

    [Fact]
    public void Read_HeaderTwice_IsNobody()
    {
        var header = Header(("oid", Alice), ("tid", Tenant));

        Assert.Null(Read(new StringValues([header, header]), Principal.Entra));
        Assert.Null(Read(header, new StringValues([Principal.Entra, Principal.Entra])));
        Assert.Null(Read(header, "github"));
        Assert.Null(Read(header, StringValues.Empty));
        Assert.Null(Read(StringValues.Empty, Principal.Entra));
    }

    [Fact]
    public void Read_AnyBytes_IsNobodyAndNoFault() =>
        Gen.OneOf(Gen.Byte.Array[0, 200].Select(Convert.ToBase64String), Gen.String[0, 200]).Sample(header => Assert.Null(Read(header)), iter: 500);

    [Fact]
    public void Of_Principals_HaveTheirOwnJobsAndNoOthers() => Gen.Select(Gen.Guid, Gen.Guid, Gen.Guid).Sample((tenant, one, other) =>
    {
        var (alice, bob) = (Caller.Of(new Principal(tenant, one, [])), Caller.Of(new Principal(tenant, other, ["jobs.reader", "Jobs.Admin"])));
        var admin = Caller.Of(new Principal(tenant, other, ["jobs.admin"]));
        var elsewhere = Caller.Of(new Principal(other, one, []));
        var (id, plain) = (JobId.Create(TimeProvider.System, alice.Tag), JobId.Create(TimeProvider.System));

        Assert.True(JobId.IsValid(id) && JobId.IsValid(plain));
        Assert.StartsWith(alice.OwnPrefix, id, StringComparison.Ordinal);
        Assert.True(alice.MaySee(id) && admin.MaySee(id) && admin.MaySee(plain) && Caller.Everybody.MaySee(id) && Caller.Everybody.MaySee(plain));
        Assert.False(bob.MaySee(id) || bob.MaySee(plain) || alice.MaySee(plain) || elsewhere.MaySee(id) || bob.SeesAll);
        Assert.False(alice.MaySee(id + "0") || alice.MaySee(id[..^1]) || alice.MaySee(id.ToUpperInvariant()) || alice.MaySee(""));
        Assert.Equal((alice.OwnPrefix, "job-", "job-"), (alice.ListPrefix, admin.ListPrefix, Caller.Everybody.ListPrefix));
    });

    private static Principal? Read(StringValues header) => Read(header, Principal.Entra);

    private static Principal? Read(StringValues header, StringValues provider) => Principal.Read(new HeaderDictionary
    {
        [Principal.Header] = header,
        [Principal.ProviderHeader] = provider,
    });

    private static string Header(params IEnumerable<(string Type, string Value)> claims) => Encode(JsonSerializer.Serialize(new
    {
        auth_typ = "aad",
        claims = claims.Select(claim => new { typ = claim.Type, val = claim.Value }),
        name_typ = "name",
        role_typ = "roles",
    }));

    private static string Encode(string json) => Convert.ToBase64String(Encoding.UTF8.GetBytes(json));
}

using System.IO.Compression;
using System.Text;

namespace ModelJobs.Simulation.Tests.Fuzz;

/// <summary>Draws requests: a good one to one of the app's endpoints, of which mostly one thing is made wrong, and sometimes several.</summary>
/// <param name="endpoints">Where requests go.</param>
/// <param name="jobs">Ids of jobs that there are.</param>
internal sealed class RequestGenerator(IReadOnlyList<Endpoint> endpoints, IReadOnlyList<string> jobs)
{
    private const string Ndjson = "application/x-ndjson";
    private const string Json = "application/json";

    /// <summary>One request in so many has a body of a hundred megabytes.</summary>
    private const int HugeEvery = 2500;

    private static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get", "G\u00CBT"];
    private static readonly string[] QueryNames = ["top", "continuation", "follow", "model", "orderByKey", "chunkItems", "maxConcurrency", "code", "id", "__proto__", "a[]", ""];
    private static readonly string[] Options = ["orderByKey", "chunkItems", "maxConcurrency"];

    /// <summary>The request of a number: the same for the same seed, whatever came before.</summary>
    public FuzzRequest Draw(int seed, int number)
    {
        var random = new Random(unchecked((seed * 1_000_003) + number));
        if (number % HugeEvery == HugeEvery - 1)
        {
            return Huge(random);
        }

        var endpoint = Draw(random);
        var good = Good(random, endpoint);
        return random.Next(20) switch
        {
            0 => good,
            < 14 => Mutate(random, endpoint, good),
            _ => Mutate(random, endpoint, Mutate(random, endpoint, Mutate(random, endpoint, good))) with { Names = [], Mutation = "several" },
        };
    }

    /// <summary>An endpoint; those that take a body more often, for there is more to get wrong.</summary>
    private Endpoint Draw(Random random)
    {
        var endpoint = endpoints[random.Next(endpoints.Count)];
        return endpoint.TakesBody || random.Next(2) == 0 ? endpoint : endpoints.FirstOrDefault(other => other.TakesBody, endpoint);
    }

    private FuzzRequest Good(Random random, Endpoint endpoint)
    {
        var request = new FuzzRequest { Method = endpoint.Method, Target = endpoint.With(() => jobs[random.Next(jobs.Count)]) };
        if (!endpoint.TakesBody)
        {
            return request;
        }

        if (endpoint.HasParameters)
        {
            // What calls of a job take is theirs; an empty object is the least of it.
            return request.With("Content-Type", Json) with { Body = "{}"u8.ToArray() };
        }

        return random.Next(2) == 0
            ? (request with { Target = request.Target + "?model=simulate&chunkItems=2", Body = Encoding.UTF8.GetBytes(string.Join('\n', Items(random))) }).With("Content-Type", Ndjson)
            : (request with { Body = Encoding.UTF8.GetBytes(JobBody(Items(random))) }).With("Content-Type", Json);
    }

    private static FuzzRequest Mutate(Random random, Endpoint endpoint, FuzzRequest good) => random.Next(12) switch
    {
        0 => good with { Method = Methods[random.Next(Methods.Length)], Mutation = "method" },
        1 or 2 => MutateQuery(random, endpoint, good),
        3 or 4 => MutateHeaders(random, good),
        5 => MutatePath(random, endpoint, good),
        < 11 => endpoint.TakesBody ? MutateBody(random, endpoint, good) : MutatePath(random, endpoint, good),
        _ => MutateBody(random, endpoint, good),
    };

    private static FuzzRequest MutatePath(Random random, Endpoint endpoint, FuzzRequest good)
    {
        var hostile = HostileText.Segments[random.Next(HostileText.Segments.Length)];
        var target = endpoint.HasParameters && random.Next(3) > 0
            ? endpoint.With(() => hostile)
            : random.Next(6) switch
            {
                0 => endpoint.Path + "/" + hostile,
                1 => endpoint.Path.Replace("/api/", $"/api/{hostile}/", StringComparison.Ordinal),
                2 => "/" + hostile,
                3 => good.Target.Replace("/", "//", StringComparison.Ordinal),
                4 => good.Target + "/",
                _ => "http://elsewhere.example" + good.Target,
            };
        return good with { Target = target, Mutation = "path" };
    }

    private static FuzzRequest MutateQuery(Random random, Endpoint endpoint, FuzzRequest good)
    {
        var takesOptions = endpoint.Method == "POST" && good.Target.Contains("model=", StringComparison.Ordinal);
        var name = takesOptions && random.Next(2) == 0 ? Options[random.Next(Options.Length)] : QueryNames[random.Next(QueryNames.Length)];
        var value = HostileText.Values[random.Next(HostileText.Values.Length)];
        var query = string.Concat(Enumerable.Repeat($"{Uri.EscapeDataString(name)}={Uri.EscapeDataString(value)}&", random.Next(8) == 0 ? 50 : 1));
        var separator = good.Target.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        return good with
        {
            Target = good.Target + separator + query,
            Mutation = $"query {name}",
            // A name that is repeated becomes another value, and a line that is too long is the server's to refuse.
            Names = takesOptions && query.Length < 4000 ? [name, "option"] : [],
        };
    }

    private static FuzzRequest MutateHeaders(Random random, FuzzRequest good)
    {
        var value = HostileText.Values[random.Next(HostileText.Values.Length)].ReplaceLineEndings("").Replace('\0', ' ');
        return random.Next(12) switch
        {
            0 => good.Without("Content-Type") with { Mutation = "no content type", Names = good.Body is { Length: > 2 } ? ["content type"] : [] },
            1 => good.Without("Content-Type").With("Content-Type", value) with { Mutation = "content type" },
            2 => good.With("Content-Encoding", random.Next(2) == 0 ? "gzip" : "br") with { Mutation = "content encoding" },
            3 => (good with { Body = good.Body is null ? null : Gzip(good.Body), Mutation = "gzip" }).With("Content-Encoding", "gzip"),
            4 => good.With("Idempotency-Key", value) with { Mutation = "idempotency key" },
            5 => good.With("Idempotency-Key", "a").With("Idempotency-Key", value) with { Mutation = "two idempotency keys" },
            6 => good.With("Prefer", "wait=" + value) with { Mutation = "prefer" },
            7 => good.With("X-" + new string('h', random.Next(1, 40)), new string('v', random.Next(1, 40_000))) with { Mutation = "long header" },
            8 => Enumerable.Range(0, random.Next(1, 150)).Aggregate(good, (request, i) => request.With($"X-{i}", value)) with { Mutation = "many headers" },
            9 => good.With("Host", value) with { Mutation = "host" },
            10 => good.With("Accept", value).With("Range", "bytes=5-1").With("If-Match", value).With("X-Forwarded-Host", value) with { Mutation = "other headers" },
            _ => good.With(random.Next(2) == 0 ? "Content-Length" : "Transfer-Encoding", value) with { Mutation = "framing", Form = BodyForm.CutLength },
        };
    }

    private static FuzzRequest MutateBody(Random random, Endpoint endpoint, FuzzRequest good)
    {
        var hostile = HostileText.Json[random.Next(HostileText.Json.Length)];
        if (good.Body is not { } body)
        {
            return good with { Body = Encoding.UTF8.GetBytes(hostile), Mutation = "body where none is" };
        }

        var isLines = good.Headers.Contains(("Content-Type", Ndjson));
        var mutated = random.Next(10) switch
        {
            0 => Bytes(hostile),
            1 => body[..random.Next(body.Length)],
            2 => [.. body, .. Bytes("\n" + hostile)],
            3 => Flip(random, body),
            4 => Encoding.Unicode.GetBytes(Encoding.UTF8.GetString(body)),
            5 => Bytes(isLines ? Item(random, hostile) : JobBody([Item(random, hostile)])),
            6 => Bytes(isLines ? Member(random, hostile) : JobBody([Member(random, hostile)])),
            7 => Bytes(isLines ? "" : $$"""{"model":{{hostile}},"items":[{"input":1}]}"""),
            8 => Bytes(isLines ? "\uFEFF\uFEFF{}" : $$"""{"model":"simulate","items":{{hostile}}}"""),
            _ => Bytes(isLines ? "{\"input\":1}\r{\"input\":2}" : $$$"""{"model":"simulate","items":[{"input":1}],"options":{"{{{Options[random.Next(Options.Length)]}}}":{{{hostile}}}}}"""),
        };
        var names = endpoint.HasParameters ? (string[])[] : ["Line", "line", "items", "item", "model", "option", "chunkItems", "maxConcurrency", "body"];
        return random.Next(6) switch
        {
            0 => good with { Form = random.Next(2) == 0 ? BodyForm.CutLength : BodyForm.CutChunked, Mutation = "cut short" },
            1 => good with { Body = mutated, Form = BodyForm.Chunked, Mutation = "body in chunks", Names = names },
            _ => good with { Body = mutated, Mutation = "body", Names = names },
        };
    }

    /// <summary>A body that is far too large, or large and bad in its first line, or without a line's end.</summary>
    private FuzzRequest Huge(Random random)
    {
        const int Megabyte = 1024 * 1024;
        var submit = endpoints.First(endpoint => endpoint.Method == "POST" && !endpoint.HasParameters);
        var line = random.Next(2) == 0 ? new string('x', Megabyte - 1) + "\n" : new string('[', Megabyte);
        var isJson = random.Next(2) == 0;
        return new FuzzRequest
        {
            Method = "POST",
            Target = submit.Path + (isJson ? "" : "?model=simulate"),
            Headers = [("Content-Type", isJson ? Json : Ndjson)],
            Body = Bytes(line),
            Repeat = 100,
            Form = random.Next(2) == 0 ? BodyForm.Length : BodyForm.Chunked,
            Mutation = "huge",
        };
    }

    private static IEnumerable<string> Items(Random random) => Enumerable.Range(0, random.Next(1, 4)).Select(i => $$$"""{"id":"{{{i}}}","input":{"id":{{{i}}},"duration":0}}""");

    private static string JobBody(IEnumerable<string> items) => $$$"""{"model":"simulate","items":[{{{string.Join(',', items)}}}],"options":{"chunkItems":2}}""";

    private static string Item(Random random, string value)
    {
        var name = (string[])["id", "key", "meta", "input"];
        return $$$"""{"{{{name[random.Next(name.Length)]}}}":{{{value}}},"input":{"id":1,"duration":0}}""";
    }

    private static string Member(Random random, string value) => $$$"""{"input":{"id":1},"m{{{random.Next(5)}}}":{{{value}}}}""";

    private static byte[] Flip(Random random, byte[] body)
    {
        var flipped = body.ToArray();
        if (flipped.Length > 0)
        {
            flipped[random.Next(flipped.Length)] = (byte)random.Next(256);
        }

        return flipped;
    }

    private static byte[] Gzip(byte[] body)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(body);
        }

        return packed.ToArray();
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}

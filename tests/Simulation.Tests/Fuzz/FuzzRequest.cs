using System.Globalization;
using System.Text;

namespace ModelJobs.Simulation.Tests.Fuzz;

/// <summary>How a body goes out.</summary>
internal enum BodyForm
{
    /// <summary>With its length.</summary>
    Length,

    /// <summary>In chunks.</summary>
    Chunked,

    /// <summary>With a length that it does not reach: the connection ends before.</summary>
    CutLength,

    /// <summary>In chunks whose last is missing: the connection ends before.</summary>
    CutChunked,
}

/// <summary>A request as it goes over the wire: nothing of it is checked or changed on the way.</summary>
internal sealed record FuzzRequest
{
    public required string Method { get; init; }

    /// <summary>Path and query, in Latin-1.</summary>
    public required string Target { get; init; }

    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>Null for none.</summary>
    public byte[]? Body { get; init; }

    /// <summary>How often the body is sent, for those that should not be held in memory.</summary>
    public int Repeat { get; init; } = 1;

    public BodyForm Form { get; init; }

    /// <summary>What was done to it.</summary>
    public string Mutation { get; init; } = "none";

    /// <summary>Words of which a refusal must have one: it has this fault and no other. Empty if that cannot be said.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>Whether the client ends its side of the connection after the request.</summary>
    public bool EndsConnection => Form is BodyForm.CutLength or BodyForm.CutChunked;

    public FuzzRequest With(string name, string value) => this with { Headers = [.. Headers, (name, value)] };

    public FuzzRequest Without(string name) => this with { Headers = [.. Headers.Where(header => header.Name != name)] };

    /// <summary>The head, up to the empty line.</summary>
    public byte[] Head()
    {
        var head = new StringBuilder($"{Method} {Target} HTTP/1.1\r\n");
        if (!Headers.Any(header => header.Name == "Host"))
        {
            head.Append("Host: localhost\r\n");
        }

        foreach (var (name, value) in Headers)
        {
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        if (Body is { } body && !Headers.Any(header => header.Name is "Content-Length" or "Transfer-Encoding"))
        {
            head.Append(Form switch
            {
                BodyForm.Length => string.Create(CultureInfo.InvariantCulture, $"Content-Length: {(long)body.Length * Repeat}\r\n"),
                BodyForm.CutLength => string.Create(CultureInfo.InvariantCulture, $"Content-Length: {((long)body.Length * Repeat) + 10}\r\n"),
                _ => "Transfer-Encoding: chunked\r\n",
            });
        }

        return Encoding.Latin1.GetBytes(head.Append("\r\n").ToString());
    }

    /// <summary>The body, piece by piece.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Pieces()
    {
        for (var i = 0; Body is { } body && i < Repeat; i++)
        {
            if (Form is BodyForm.Length or BodyForm.CutLength)
            {
                yield return body;
            }
            else if (body.Length > 0)
            {
                yield return Encoding.Latin1.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{body.Length:x}\r\n"));
                yield return body;
                yield return "\r\n"u8.ToArray();
            }
        }

        if (Body is not null && Form == BodyForm.Chunked)
        {
            yield return "0\r\n\r\n"u8.ToArray();
        }
    }

    public override string ToString()
    {
        const int Shown = 2000;
        var text = Encoding.Latin1.GetString(Head()) + (Body is null ? "" : Encoding.UTF8.GetString(Body));
        return $"[{Mutation}] {(text.Length <= Shown ? text : text[..Shown] + "…")}{(Repeat > 1 ? $" × {Repeat}" : "")}";
    }
}

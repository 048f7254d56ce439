using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace ModelJobs.Bench.WholePath;

/// <summary>A body of events that take no time, a line each, made while it is sent.</summary>
internal sealed class EventLines : HttpContent
{
    private const int LinesPerWrite = 2000;

    private readonly int _events;

    public EventLines(int events)
    {
        _events = events;
        Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
    }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        var lines = new StringBuilder();
        for (var i = 0; i < _events; i++)
        {
            lines.Append("{\"input\":{\"id\":").Append(i).Append(",\"duration\":0}}\n");
            if (i % LinesPerWrite == LinesPerWrite - 1 || i == _events - 1)
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes(lines.ToString()));
                lines.Clear();
            }
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}

using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace ModelJobs.Bench.WholePath;

/// <summary>A body of events that take so much time, a line each, made while it is sent.</summary>
internal sealed class EventLines : HttpContent
{
    private const int LinesPerWrite = 2000;

    private readonly int _events;
    private readonly string _duration;

    public EventLines(int events, TimeSpan duration)
    {
        (_events, _duration) = (events, duration.TotalSeconds.ToString(CultureInfo.InvariantCulture));
        Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
    }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        var lines = new StringBuilder();
        for (var i = 0; i < _events; i++)
        {
            lines.Append("{\"input\":{\"id\":").Append(i).Append(",\"duration\":").Append(_duration).Append("}}\n");
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

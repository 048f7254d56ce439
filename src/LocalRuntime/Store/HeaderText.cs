using System.Text;

namespace ModelJobs.LocalRuntime.Store;

/// <summary>Headers as they are kept. Messages that come together mostly have the same, so the last one is not written anew.</summary>
internal sealed class HeaderText
{
    private MessageHeader? _last;
    private byte[] _text = [];

    /// <returns>JSON in UTF-8, valid until the next call.</returns>
    public ReadOnlySpan<byte> Write(MessageHeader header)
    {
        if (header != _last)
        {
            _text = Encoding.UTF8.GetBytes(StateJson.Write(header));
            _last = header;
        }

        return _text;
    }
}

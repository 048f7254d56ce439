using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using ModelJobs.Contracts;

namespace ModelJobs.Functions.Submit;

/// <summary>
/// An item as it was submitted. What is stored of input and meta is their JSON without spaces and with as few escapes as JSON allows; where they come like
/// that, as numbers do, their bytes are taken as they are: to make a tree of a thousand numbers only to write them again is most of a submission.
/// </summary>
internal sealed class SubmittedItem
{
    /// <summary>What writing a tree leaves as it is, wherever it stands: neither spaces nor escapes, nor text beyond ASCII.</summary>
    private static readonly SearchValues<byte> Plain = SearchValues.Create([.. Enumerable.Range('!', '~' - '!' + 1).Where(c => c != '\\').Select(c => (byte)c)]);

    private static readonly JsonWriterOptions Lines = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly Item? _item;
    private readonly ReadOnlyMemory<byte> _input;
    private readonly ReadOnlyMemory<byte> _meta;

    private SubmittedItem(string? id, string? key, ReadOnlyMemory<byte> input, ReadOnlyMemory<byte> meta) => (Id, Key, _input, _meta) = (id, key, input, meta);

    /// <summary>An item that was parsed.</summary>
    public SubmittedItem(Item item) => (_item, Id, Key) = (item, item.Id, item.Key);

    /// <inheritdoc cref="Item.Id"/>
    public string? Id { get; }

    /// <inheritdoc cref="Item.Key"/>
    public string? Key { get; }

    /// <inheritdoc cref="Item.Input"/>
    public JsonElement Input => _item?.Input ?? Parse(_input.Span);

    /// <inheritdoc cref="Item.Meta"/>
    public JsonElement? Meta => _item is not null ? _item.Meta : _meta.IsEmpty ? null : Parse(_meta.Span);

    /// <summary>Takes a line as it is.</summary>
    /// <param name="line">The line; the item keeps it.</param>
    /// <param name="options">How to read it.</param>
    /// <returns>Null if it has to be parsed: it is none that can be taken as it is, or no item at all.</returns>
    public static SubmittedItem? TryTake(ReadOnlyMemory<byte> line, JsonReaderOptions options)
    {
        var reader = new Utf8JsonReader(line.Span, options);
        try
        {
            return Take(line, ref reader);
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            // Who parses it says what is wrong.
            return null;
        }
    }

    /// <summary>The stored form, a <see cref="ChunkItem"/> and a line feed.</summary>
    /// <param name="index">Index of the item.</param>
    /// <param name="id">Its id.</param>
    /// <exception cref="JsonException">A string is not valid Unicode; so with <see cref="InvalidOperationException"/> and <see cref="ArgumentException"/>.</exception>
    public byte[] ToLine(long index, string id)
    {
        if (_item is not null)
        {
            var stored = new ChunkItem { Index = index, Id = id, Key = Key, Input = _item.Input, Meta = _item.Meta };
            return [.. JsonSerializer.SerializeToUtf8Bytes(stored, ContractsJson.Wire.ChunkItem), (byte)'\n'];
        }

        var line = new ArrayBufferWriter<byte>(_input.Length + _meta.Length + (3 * (id.Length + (Key?.Length ?? 0))) + 64);
        using (var json = new Utf8JsonWriter(line, Lines))
        {
            json.WriteStartObject();
            json.WriteNumber("index"u8, index);
            json.WriteString("id"u8, id);
            if (Key is not null)
            {
                json.WriteString("key"u8, Key);
            }

            json.WritePropertyName("input"u8);
            json.WriteRawValue(_input.Span, skipInputValidation: true);
            if (!_meta.IsEmpty)
            {
                json.WritePropertyName("meta"u8);
                json.WriteRawValue(_meta.Span, skipInputValidation: true);
            }

            json.WriteEndObject();
        }

        line.Write("\n"u8);
        return line.WrittenSpan.ToArray();
    }

    private static SubmittedItem? Take(ReadOnlyMemory<byte> line, ref Utf8JsonReader reader)
    {
        var (id, key, input, meta) = ((string?)null, (string?)null, default(ReadOnlyMemory<byte>), default(ReadOnlyMemory<byte>));
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return null;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isTaken = reader.ValueTextEquals("input"u8) ? TryTakeValue(line, ref reader, ref input)
                : reader.ValueTextEquals("meta"u8) ? TryTakeValue(line, ref reader, ref meta)
                : reader.ValueTextEquals("id"u8) ? TryTakeName(ref reader, ref id)
                : reader.ValueTextEquals("key"u8) && TryTakeName(ref reader, ref key);
            if (!isTaken)
            {
                return null;
            }
        }

        return reader.TokenType == JsonTokenType.EndObject && !input.IsEmpty && !reader.Read() ? new SubmittedItem(id, key, input, meta) : null;
    }

    private static bool TryTakeName(ref Utf8JsonReader reader, ref string? name)
    {
        reader.Read();
        if (name is not null)
        {
            return false;
        }

        name = reader.TokenType switch
        {
            JsonTokenType.String => reader.GetString(),
            JsonTokenType.Number when reader.TryGetInt64(out _) => Encoding.UTF8.GetString(reader.ValueSpan),
            _ => null,
        };
        return name is not null;
    }

    private static bool TryTakeValue(ReadOnlyMemory<byte> line, ref Utf8JsonReader reader, ref ReadOnlyMemory<byte> value)
    {
        reader.Read();
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        if (!value.IsEmpty)
        {
            return false;
        }

        value = line[start..(int)reader.BytesConsumed];
        return !value.Span.ContainsAnyExcept(Plain);
    }

    private static JsonElement Parse(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = JobLimits.MaxItemDepth });
        return JsonElement.ParseValue(ref reader);
    }
}

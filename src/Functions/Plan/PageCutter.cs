namespace ModelJobs.Functions.Plan;

/// <summary>Groups lines, given by their lengths, into pages. A page may have as many items as all pages before it together.</summary>
/// <param name="firstItems">Most items in the first page.</param>
/// <param name="maxItems">Most items in any page.</param>
/// <param name="maxBytes">Most bytes in a page; a longer line has a page of its own.</param>
internal sealed class PageCutter(int firstItems, int maxItems, int maxBytes)
{
    private long _offset;
    private int _bytes;
    private int _items;

    /// <summary>Pages cut so far.</summary>
    public int Pages { get; private set; }

    /// <summary>Lines seen so far.</summary>
    public long Items { get; private set; }

    private int Limit => (int)Math.Clamp(Items - _items, firstItems, maxItems);

    /// <summary>Takes the next line.</summary>
    /// <param name="length">Its length in bytes, line feed included.</param>
    /// <returns>The page that ended before this line, if one did.</returns>
    public PagePlan? Add(int length)
    {
        var page = _items == Limit || (_items > 0 && _bytes + length > maxBytes) ? Cut() : null;
        _bytes += length;
        _items++;
        Items++;
        return page;
    }

    /// <summary>Ends the last page.</summary>
    public PagePlan? Finish() => _items > 0 ? Cut() : null;

    private PagePlan Cut()
    {
        var page = new PagePlan(Pages++, _offset, _bytes, Items - _items, _items);
        _offset += _bytes;
        _bytes = 0;
        _items = 0;
        return page;
    }
}

namespace ModelJobs.LocalRuntime.Engine;

/// <summary>The rules of Azure for instance ids, which become keys of tables and parts of URLs there.</summary>
internal static class InstanceId
{
    public const int MaxLength = 100;

    private const string Forbidden = @"/\#?";

    /// <exception cref="ArgumentException">The id breaks a rule.</exception>
    public static void Validate(string id)
    {
        if (id.Length is 0 or > MaxLength || id[0] == '@' || id.AsSpan().IndexOfAny(Forbidden) >= 0 || id.Any(char.IsControl))
        {
            throw new ArgumentException(
                $"The instance id '{id}' is not allowed: it must have 1 to {MaxLength} characters, must not begin with '@', and must not "
                + $"contain control characters or any of {Forbidden}");
        }
    }
}

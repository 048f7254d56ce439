namespace Azure.Messaging.ServiceBus;

/// <summary>The parts of a connection string: <c>Endpoint=sb://host/;SharedAccessKeyName=...;SharedAccessKey=...</c>.</summary>
public class ServiceBusConnectionStringProperties
{
    public Uri? Endpoint { get; internal set; }

    public string? FullyQualifiedNamespace => Endpoint?.Host;

    public string? EntityPath { get; internal set; }

    public string? SharedAccessKeyName { get; internal set; }

    public string? SharedAccessKey { get; internal set; }

    public string? SharedAccessSignature { get; internal set; }

    /// <summary>Reads a connection string. Unknown parts are ignored, as the service's own clients do.</summary>
    /// <exception cref="FormatException">It is not a list of <c>name=value</c>, or the endpoint is not an <c>sb://</c> address.</exception>
    public static ServiceBusConnectionStringProperties Parse(string connectionString)
    {
        ArgumentException.ThrowIfNullOrEmpty(connectionString);
        var properties = new ServiceBusConnectionStringProperties();
        foreach (var part in connectionString.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            // Keys end with '=' padding, so only the first '=' separates.
            var separator = part.IndexOf('=', StringComparison.Ordinal);
            if (separator <= 0)
            {
                throw new FormatException("The connection string is not a list of name=value parts separated by ';'.");
            }
            properties.Set(part[..separator].TrimEnd(), part[(separator + 1)..].TrimStart());
        }
        return properties;
    }

    private void Set(string name, string value)
    {
        switch (name.ToUpperInvariant())
        {
            case "ENDPOINT":
                Endpoint = ParseEndpoint(value);
                break;
            case "ENTITYPATH":
                EntityPath = value;
                break;
            case "SHAREDACCESSKEYNAME":
                SharedAccessKeyName = value;
                break;
            case "SHAREDACCESSKEY":
                SharedAccessKey = value;
                break;
            case "SHAREDACCESSSIGNATURE":
                SharedAccessSignature = value;
                break;
            default:
                break;
        }
    }

    private static Uri ParseEndpoint(string value)
        => Uri.TryCreate(value, UriKind.Absolute, out var uri) && uri.Scheme == "sb" && uri.Host.Length > 0
            ? uri
            : throw new FormatException("The connection string's Endpoint is not of the form sb://<host>.");
}

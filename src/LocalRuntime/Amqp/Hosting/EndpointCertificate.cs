using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ModelJobs.LocalRuntime.Hosting;

namespace ModelJobs.LocalRuntime.Amqp.Hosting;

/// <summary>
/// The certificate for clients that insist on TLS: signed by itself, for this machine's own names, and kept in the data folder, so that a
/// client that was told to trust it still does after a restart.
/// </summary>
/// <param name="Certificate">The certificate with its key.</param>
/// <param name="File">The certificate alone, in PEM, for clients to trust.</param>
internal sealed record EndpointCertificate(X509Certificate2 Certificate, string File)
{
    private const string FileName = "amqp.pem";
    private const string KeyFileName = "amqp.pem.key";
    private static readonly TimeSpan Life = TimeSpan.FromDays(365);
    private static readonly TimeSpan MinLife = TimeSpan.FromDays(30);

    /// <exception cref="LocalRuntimeException">It cannot be kept.</exception>
    public static EndpointCertificate Find(string dataFolder, TimeProvider time)
    {
        var file = Path.Combine(dataFolder, FileName);
        var keyFile = Path.Combine(dataFolder, KeyFileName);
        try
        {
            if (Read(file, keyFile) is { } kept && kept.NotAfter.ToUniversalTime() > (time.GetUtcNow() + MinLife).UtcDateTime)
            {
                return new(kept, file);
            }

            Make(file, keyFile, time.GetUtcNow());
            return new(Read(file, keyFile)!, file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new LocalRuntimeException(
                $"The certificate for AMQP over TLS cannot be kept in {file} ({exception.Message}). Make the folder writable.", exception);
        }
    }

    private static X509Certificate2? Read(string file, string keyFile)
    {
        try
        {
            if (System.IO.File.Exists(file) && System.IO.File.Exists(keyFile))
            {
                using var certificate = X509Certificate2.CreateFromPemFile(file, keyFile);
                // Windows can only serve with a key that went through its store's format.
                return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), password: null);
            }
        }
        catch (CryptographicException)
        {
            // Damaged: a new one is made.
        }

        return null;
    }

    private static void Make(string file, string keyFile, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost, O=ModelJobs local runtime", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(
            certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyCertSign, critical: true));
        using var certificate = request.CreateSelfSigned(now - TimeSpan.FromDays(1), now + Life);
        OwnedFile.Write(keyFile, key.ExportPkcs8PrivateKeyPem());
        OwnedFile.Write(file, certificate.ExportCertificatePem());
    }
}

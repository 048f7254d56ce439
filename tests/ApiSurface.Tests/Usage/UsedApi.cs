using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace ModelJobs.ApiSurface.Tests.Usage;

/// <summary>
/// What a compiled assembly uses of another: the types and members that its metadata refers to, and what its attributes set. Each as a
/// key, see <see cref="ApiKey"/>.
/// </summary>
internal sealed class UsedApi
{
    private readonly MetadataReader _reader;
    private readonly string _assembly;
    private readonly SignatureNames _names = new();
    private readonly SortedSet<string> _keys = new(StringComparer.Ordinal);

    private UsedApi(MetadataReader reader, string assembly) => (_reader, _assembly) = (reader, assembly);

    /// <param name="path">The assembly that uses.</param>
    /// <param name="assembly">Name of the assembly that is used.</param>
    public static IReadOnlyCollection<string> Read(string path, string assembly)
    {
        using var file = new PEReader(File.OpenRead(path));
        var used = new UsedApi(file.GetMetadataReader(), assembly);
        used.ReadTypes();
        used.ReadMembers();
        used.ReadAttributes();
        return used._keys;
    }

    private void ReadTypes()
    {
        foreach (var handle in _reader.TypeReferences.Where(IsOfAssembly))
        {
            _keys.Add(ApiKey.Type(_names.GetTypeFromReference(_reader, handle, 0)));
        }
    }

    private void ReadMembers()
    {
        foreach (var handle in _reader.MemberReferences)
        {
            var member = _reader.GetMemberReference(handle);
            var name = _reader.GetString(member.Name);
            // <Clone>$ of records and its like: what the compiler makes of `with` on either side.
            if (OwnerOf(member) is not { } owner || name.Contains('<'))
            {
                continue;
            }

            if (member.GetKind() == MemberReferenceKind.Field)
            {
                _keys.Add(ApiKey.Field(owner, name, member.DecodeFieldSignature(_names, null)));
                continue;
            }

            var signature = member.DecodeMethodSignature(_names, null);
            _keys.Add(ApiKey.Method(owner, name, signature.GenericParameterCount, signature.ParameterTypes, signature.ReturnType));
        }
    }

    /// <summary>What an attribute's use sets by name is in its value, not among the references.</summary>
    private void ReadAttributes()
    {
        foreach (var attribute in _reader.CustomAttributes.Select(_reader.GetCustomAttribute).Where(a => a.Constructor.Kind == HandleKind.MemberReference))
        {
            if (OwnerOf(_reader.GetMemberReference((MemberReferenceHandle)attribute.Constructor)) is not { } owner)
            {
                continue;
            }

            foreach (var argument in attribute.DecodeValue(_names).NamedArguments)
            {
                _keys.Add(ApiKey.Setter(owner, argument.Name!, argument.Type));
            }
        }
    }

    /// <returns>The type that has the member, without type arguments; null if it is of another assembly.</returns>
    private string? OwnerOf(MemberReference member)
    {
        var parent = member.Parent;
        if (parent.Kind == HandleKind.TypeSpecification)
        {
            var blob = _reader.GetBlobReader(_reader.GetTypeSpecification((TypeSpecificationHandle)parent).Signature);
            if (blob.ReadSignatureTypeCode() != SignatureTypeCode.GenericTypeInstance)
            {
                return null;
            }

            blob.ReadCompressedInteger();
            parent = blob.ReadTypeHandle();
        }

        return parent.Kind == HandleKind.TypeReference && IsOfAssembly((TypeReferenceHandle)parent)
            ? _names.GetTypeFromReference(_reader, (TypeReferenceHandle)parent, 0)
            : null;
    }

    private bool IsOfAssembly(TypeReferenceHandle handle)
    {
        var scope = _reader.GetTypeReference(handle).ResolutionScope;
        return scope.Kind switch
        {
            HandleKind.TypeReference => IsOfAssembly((TypeReferenceHandle)scope),
            HandleKind.AssemblyReference => _reader.GetString(_reader.GetAssemblyReference((AssemblyReferenceHandle)scope).Name) == _assembly,
            _ => false,
        };
    }
}

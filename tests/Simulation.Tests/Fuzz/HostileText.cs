using System.Text;

namespace ModelJobs.Simulation.Tests.Fuzz;

/// <summary>Values that have broken programs before.</summary>
internal static class HostileText
{
    /// <summary>Segments of a path, as they are written in one.</summary>
    public static readonly string[] Segments =
    [
        "..", ".", "%2e%2e", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "..%5c..%5cwindows", "a%2fb", "%2f", "%5c", "%00", "%0d%0aX-Injected:%201", "%25", "%2500", "%",
        "%zz", "%ff%fe", "%c0%af", "%ed%a0%80", "%e2%80%ae", "%f0%9f%92%a3", "%20", "%09", "*", "-1", "0", "99999999999999999999", "null", "undefined",
        "NaN", "{id}", "job-", "job-0193", "JOB-0123456789ABCDEF0123456789ABCDEF", "job-0123456789abcdef0123456789abcdef",
        "job-0123456789abcdef0123456789abcdeg", "job-0123456789abcdef0123456789abcdef%20", "job-0123456789abcdef0123456789abcdef%00", "'%20or%201=1--",
        "%3Cscript%3E", ";a=b", "a;b", "a,b", "~", "$", "@", "page-000000-job-0123456789abcdef0123456789abcdef", new('a', 300), new('a', 3000),
        string.Concat(Enumerable.Repeat("%2e%2e%2f", 200)),
    ];

    /// <summary>Values of a query or a header, before they are escaped.</summary>
    public static readonly string[] Values =
    [
        "", " ", "-1", "0", "1e3", "1.5", "+5", "0x10", "2147483648", "-2147483649", "99999999999999999999999", "NaN", "Infinity", "true", "TRUE", "yes", "null", "[]", "{}",
        "\u0000", "\r\n", "\u202Etxt.exe", "ä€😀", "١٢٣", "%00", "..", "/etc/passwd", "http://169.254.169.254/", "a,b", "a;b", "\"", "'", "\\", "${jndi:ldap://x}",
        "simulate:Runner", "Models:simulate", "simulate ", "SIMULATE", new('9', 400), new('x', 5000),
    ];

    /// <summary>JSON values, as they are written in JSON.</summary>
    public static readonly string[] Json =
    [
        "null", "true", "false", "0", "-0", "1e999", "-1", "1.5", "99999999999999999999", "\"\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\u202E\u0007ä😀\"",
        "\"\\u202e\"", "[]", "{}", "[null]", "[[]]", "{\"a\":1,\"a\":2}", "{\"__proto__\":{}}", "{\"$type\":\"System.Diagnostics.Process\"}", "{\"\\ud800\":1}", "{\"\":1}",
        $"\"{new string('x', 300)}\"", $"\"{new string('x', 20_000)}\"", $"\"{new string('y', 1_100_000)}\"", Nested('[', ']', 70), Nested('[', ']', 5000), Objects(70), Objects(3000),
        "NaN", "Infinity", "'a'", "undefined", "01", "1.", ".5", "+1", "\"a", "{", "[1,", "{\"a\":}", "/* c */ 1", "1 2",
    ];

    private static string Nested(char open, char close, int depth) => new string(open, depth) + new string(close, depth);

    private static string Objects(int depth)
    {
        var text = new StringBuilder();
        return text.Insert(0, "{\"a\":", depth).Append('1').Append('}', depth).ToString();
    }
}

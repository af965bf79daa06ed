//! Scripts that try to stop the machine. Each must end within a second and 64 MB, whether it is
//! posted as an expression or as a script; the stories of the server post them too.

/// Name and source.
pub const HOSTILE: &[(&str, &str)] = &[
    // Time.
    ("endless loop", "loop { }"),
    ("endless while", "while true { 1 + 1; }"),
    ("endless do", "do { } until false"),
    ("caught endless loop", "try { loop { } } catch { loop { } }"),
    ("retry after the limit", "loop { try { loop { } } catch (e) { } }"),
    ("long range", "let x = 0; for i in 0..9223372036854775807 { x += i % 3; } x"),
    ("nested ranges", "for a in 0..1000 { for b in 0..1000 { for c in 0..1000 { } } }"),
    ("sleep", "sleep(3600)"),
    ("sleep by fraction", "sleep(3600.0)"),
    ("sleep as a method", "3600.sleep()"),
    (
        "busy closure",
        "[1,2,3,4,5,6,7,8,9].map(|a| [1,2,3,4,5,6,7,8,9].map(|b| [1,2,3,4,5,6,7,8,9].map(|c| [1,2,3,4,5,6,7,8,9].map(|d| [1,2,3,4,5,6,7,8,9].all(|e| [1,2,3,4,5,6,7,8,9].all(|f| [1,2,3,4,5,6,7,8,9].all(|g| true)))))))",
    ),
    (
        "busy search",
        "body.list.any(|a| body.list.any(|b| body.list.any(|c| body.list.any(|d| body.list.contains(-1)))))",
    ),
    ("constant closure", "body.list.all(|a| body.list.all(|b| body.list.all(|c| true)))"),
    // Recursion.
    ("recursion", "fn f(n) { f(n + 1) } f(0)"),
    ("tree recursion", "fn f(n) { f(n) + f(n) } f(0)"),
    ("mutual recursion", "fn a() { b() } fn b() { a() } a()"),
    ("bounded tree recursion", "fn f(n) { if n == 0 { 1 } else { f(n-1) + f(n-1) + f(n-1) + f(n-1) + f(n-1) } } f(14)"),
    ("closure calls itself", "let f = |f| f.call(f); f.call(f)"),
    ("closure by map", "[|x| x].map(|f| f.call(f))"),
    // Texts.
    ("doubling text", "let s = \"aaaaaaaaaaaaaaaa\"; loop { s += s; }"),
    ("doubling text by sum", "let s = \"a\"; for i in 0..64 { s = s + s; } s"),
    ("replace bomb", "let s = body.text; s.replace(\"a\", s).replace(\"a\", s)"),
    ("replace by nothing", "body.text.replace(\"\", body.text)"),
    ("pad", "let s = \"a\"; s.pad(1000000000, \"b\"); s"),
    ("repeat", "\"ab\".repeat(1000000000)"),
    ("text times number", "\"ab\" * 1000000000"),
    ("join bomb", "body.list.map(|x| body.text).join(body.text)"),
    ("split bomb", "body.text.split(\"a\").map(|x| body.text.split(\"a\"))"),
    ("interpolation bomb", "let s = `aaaaaaaa`; for i in 0..50 { s = `${s}${s}${s}`; } s"),
    ("list as text", "body.list.map(|x| body).to_string()"),
    ("wide letters", "upper(body.sharp) + upper(body.sharp) + upper(body.sharp)"),
    // Lists and maps.
    ("growing list", "let a = []; loop { a.push(1); }"),
    ("list holds itself", "let a = [1]; loop { a.push(a); }"),
    ("doubling list", "let a = [1, 2]; loop { a = a + a; }"),
    ("doubling list in place", "let a = [1, 2]; loop { a += a; }"),
    ("list of lists", "let a = [[]]; for i in 0..100 { a = [a, a, a, a]; } a"),
    ("deep list", "let a = []; loop { a = [a]; }"),
    ("deep map", "let a = #{}; loop { a = #{a: a}; }"),
    ("growing map", "let m = #{}; let i = 0; loop { m[\"k\" + i] = \"xxxxxxxxxxxxxxxx\"; i += 1; }"),
    ("array pad", "let a = [0]; a.pad(1000000000, 0); a"),
    ("range list", "range(0, 1000000000).to_array()"),
    ("range values", "(0..1000000000).map(|x| x)"),
    ("map over the event", "body.list.map(|x| body.list.map(|y| body.list.map(|z| body)))"),
    (
        "copies of the event",
        "[body, body, body, body, body, body, body, body, body, body, body, body, body, body, body, body]",
    ),
    (
        "variables full of the event",
        "let a = body; let b = body; let c = [body, a, b]; let d = [a, b, c]; loop { d = [d, c, body]; }",
    ),
    ("blob", "blob(1000000000, 0)"),
    ("blob growth", "let b = blob(); loop { b.push(1); }"),
    ("chop", "let a = [1, 2, 3]; loop { a.splice(0, 0, a); }"),
    // Closures and function pointers.
    ("curry", "let f = Fn(\"x\"); loop { f = f.curry(f); }"),
    ("curry onto itself", "let f = |x| x; loop { f = f.curry(f).curry(f); }"),
    ("closure holds itself", "let f = 0; f = || f; f"),
    ("closure in a captured list", "let a = []; a.push(|| a); a"),
    ("closure chain", "let f = || 1; loop { let g = f; f = || g; }"),
    ("lock a captured variable", "let a = [1, 2]; loop { try { a.any(|x| a.len() > x); } catch { } }"),
    ("function by name", "call(\"sleep\", 5)"),
    // Getting out.
    ("eval", "eval(\"loop { }\")"),
    ("import", "import \"/etc/passwd\" as p; p"),
    ("export", "let x = 1; export x;"),
    ("print", "loop { print(body.text); }"),
    ("debug", "loop { debug(body); }"),
    ("exit", "exit(1)"),
    ("parse json", "parse_json(\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\")"),
    ("take the event", "take(body)"),
    ("clear the event", "body.clear(); body.text = \"gone\"; body"),
    ("now is not theirs", "now = 0"),
    ("throw", "throw body"),
    ("reflection", "get_fn_metadata_list()"),
    // Numbers.
    ("big power", "9223372036854775807 ** 9223372036854775807"),
    ("power chain", "2 ** 2 ** 2 ** 2 ** 2 ** 2 ** 2"),
    ("overflow", "9223372036854775807 + 1"),
    ("negated least", "-(-9223372036854775807 - 1)"),
    ("division by zero", "1 / 0 + 1 % 0"),
    ("shift", "1 << 9223372036854775807"),
    ("not a number", "0.0 / 0.0"),
    ("far time", "now + days(9223372036854775807)"),
    ("far time by sum", "let t = now; loop { t = t + days(365000); }"),
    ("far span", "let d = days(365000); loop { d = d + d; }"),
    // The parser.
    ("unclosed text", "\"aaaa"),
    ("unclosed comment", "/* /* /* /* /*"),
    ("bad escape", "\"\\u{ffffffff}\""),
    ("switch", "switch body.text { _ => loop { } }"),
];

/// Large sources, made rather than written: parse bombs. Name and source.
pub fn parse_bombs() -> Vec<(String, String)> {
    let repeated = [
        ("parentheses", "(", ")", "1"),
        ("brackets", "[", "]", ""),
        ("maps", "#{a:", "}", "1"),
        ("braces", "{", "}", "1"),
        ("negations", "!", "", "true"),
        ("minus", "- ", "", "1"),
        ("dots", "a.", "", "a"),
        ("indexes", "", "[0]", "a"),
        ("index chain", "a[", "]", "0"),
        ("calls", "f(", ")", "1"),
        ("call chain", "", "()", "f"),
        ("methods", "", ".len()", "a"),
        ("sums", "1+", "", "1"),
        ("ands", "true && ", "", "true"),
        ("coalesce", "a ?? ", "", "a"),
        ("powers", "2 ** ", "", "2"),
        ("closures", "|x| ", "", "x"),
        ("ifs", "if true { ", " }", "1"),
        ("else ifs", "if x { 1 } else ", "{ 2 }", ""),
        ("lets", "let x = 1;", "", "x"),
        ("functions", "fn f() { ", "}", "1"),
        ("loops", "loop { ", "}", "break"),
        ("interpolations", "`${", "}`", "1"),
        ("comments", "/*", "*/", "1"),
        ("quotes", "'", "", "x"),
        ("switches", "switch 1 { 1 => ", "}", "1"),
        ("commas", "1,", "", "1"),
        ("texts", "\"a\"+", "", "\"a\""),
    ];
    let mut bombs = Vec::new();
    for (name, open, close, middle) in repeated {
        // Just within the largest source, far beyond it, and a depth a stack may or may not bear.
        for times in [60, 1_000, 8_000 / (open.len() + close.len()).max(1), 100_000] {
            bombs.push((format!("{name} × {times}"), format!("{}{middle}{}", open.repeat(times), close.repeat(times))));
        }
    }
    bombs
}

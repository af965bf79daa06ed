//! Single quotes. The engine takes `'a'` for a letter and `'ab'` for a mistake; people take both for
//! text. So `'…'` becomes `"…"` before it is compiled, at the same columns.

use crate::problem::Problem;

/// Operators, dots and brackets one source may hold. The parser and the syntax tree recurse over
/// long chains of them (`a.a.a…`, `1+1+1…`) without a limit of their own.
const MAX_OPERATORS: usize = 1_000;

/// Says so when the source chains more operators than the parser's stack is sure to bear.
pub(crate) fn too_long_chain(source: &str) -> Option<Problem> {
    let mut rest = source;
    let mut operators = 0;
    while !rest.is_empty() {
        let (word, after) = rest.split_at(token(rest));
        if word.len() == 1
            && word.starts_with(|c: char| {
                c.is_ascii_punctuation() && !matches!(c, ',' | '_' | ';' | ':' | ')' | ']' | '}')
            })
        {
            operators += 1;
        }
        rest = after;
    }
    (operators > MAX_OPERATORS).then(|| {
        Problem::new(
            "too_large",
            "",
            format!("The expression has {operators} operators and brackets; at most {MAX_OPERATORS} are allowed."),
        )
    })
}

/// The source with single-quoted texts double-quoted.
pub(crate) fn double(source: &str) -> String {
    if !source.contains('\'') {
        return source.to_owned();
    }
    let mut out = String::with_capacity(source.len() + 8);
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let length = token(rest);
        let (word, after) = rest.split_at(length);
        if c == '\'' && length > 1 {
            out.push('"');
            let inside = &word[1..length - 1];
            let mut escaped = false;
            for c in inside.chars() {
                if c == '"' && !escaped {
                    out.push('\\');
                }
                escaped = c == '\\' && !escaped;
                out.push(c);
            }
            out.push('"');
        } else {
            out.push_str(word);
        }
        rest = after;
    }
    out
}

/// The length in bytes of what stands first in `text`: a quoted text or a comment whole, otherwise
/// one character. An unclosed quote or comment counts as one character; the compiler will say it.
pub(crate) fn token(text: &str) -> usize {
    let first = text.chars().next().map_or(0, char::len_utf8);
    match text.as_bytes() {
        [b'/', b'/', ..] => text.find('\n').unwrap_or(text.len()),
        [b'/', b'*', ..] => text.get(2..).and_then(|inside| inside.find("*/")).map_or(first, |end| end + 4),
        [quote @ (b'"' | b'\'' | b'`'), inside @ ..] => {
            let mut escaped = false;
            for (index, byte) in inside.iter().enumerate() {
                if escaped {
                    escaped = false;
                } else if *byte == b'\\' && *quote != b'`' {
                    escaped = true;
                } else if byte == quote {
                    return index + 2;
                }
            }
            first
        }
        _ => first,
    }
}

/// What to write instead of a word or sign of other languages that stands in a source that does not compile.
pub(crate) fn foreign(source: &str) -> Option<&'static str> {
    let (mut rest, mut before) = (source, ' ');
    while let Some(c) = rest.chars().next() {
        let word = rest.len() - rest.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_').len();
        let length = if word > 0 { word } else { token(rest) };
        let (found, after) = rest.split_at(length);
        let next = after.chars().next().unwrap_or(' ');
        match found {
            "and" | "AND" if before != '.' => return Some(" Write `&&` instead of `and`."),
            "or" | "OR" if before != '.' => return Some(" Write `||` instead of `or`."),
            "not" | "NOT" if before != '.' => return Some(" Write `!` before what is not to hold, instead of `not`."),
            "=" if !"=!<>+-*/".contains(before) && !"=>".contains(next) => {
                return Some(" Write `==` to compare.");
            }
            _ => {}
        }
        before = if word > 0 { 'a' } else { c };
        rest = after;
    }
    None
}

/// The words as a text of the expression language, whatever is in them.
pub(crate) fn quoted(words: &str) -> String {
    let mut out = String::with_capacity(words.len() + 2);
    out.push('"');
    for c in words.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_other_languages_are_told_with_ours() {
        for (source, wanted) in [
            ("a == 1 and b", Some("&&")),
            ("a or b", Some("||")),
            ("not a", Some("`!`")),
            ("a = 'x'", Some("==")),
            ("a == 'and' && b >= 1 && c != 2 && list.any(|x| x.or)", None),
        ] {
            let found = foreign(source);
            assert_eq!(found.is_some(), wanted.is_some(), "{source}");
            assert!(wanted.is_none_or(|wanted| found.unwrap().contains(wanted)), "{source}: {found:?}");
        }
    }

    #[test]
    fn single_quotes_become_double_and_nothing_else_changes() {
        for (source, wanted) in [
            ("a == 'b'", "a == \"b\""),
            ("'say \"x\"'", "\"say \\\"x\\\"\""),
            ("\"it's\" + 'x'", "\"it's\" + \"x\""),
            ("a // it's\n+ 'b'", "a // it's\n+ \"b\""),
            ("'unclosed", "'unclosed"),
            (r"'it\'s'", r#""it\'s""#),
            ("'ü' + `it's`", "\"ü\" + `it's`"),
        ] {
            assert_eq!(double(source), wanted);
        }
    }
}

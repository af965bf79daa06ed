//! The body of a post, as its event holds it: JSON to the letter, a form as an object, anything else as text.
//!
//! Nothing here builds a tree of the usual body: it is judged in two passes over its bytes and copied once.

use serde::de::IgnoredAny;
use serde_json::Value;

use crate::{Error, Result};

/// The largest body, in bytes (WHI-01).
pub const MOST_BYTES: usize = 1024 * 1024;
/// The deepest nesting. Readers of JSON stop at 127 levels, and the event and the answers around it add some.
pub const MOST_LEVELS: usize = 100;
/// Most fields of a form that are told apart; one with more stays text.
const MOST_FIELDS: usize = 1000;
/// A number with more digits may be beyond what a reader can hold.
const MOST_DIGITS: usize = 300;

/// Appends `body` as one JSON value.
///
/// # Errors
/// `body_too_deep`.
pub(super) fn push(out: &mut String, content_type: Option<&str>, body: &[u8]) -> Result<()> {
    let text = String::from_utf8_lossy(body);
    let is_text = matches!(text, std::borrow::Cow::Owned(_));
    let is_form = content_type.is_some_and(is_form);
    // What `curl -d '{…}'` sends says that it is a form.
    let may_be_json = !is_text && (!is_form || text.trim_ascii_start().starts_with(['{', '[']));
    if may_be_json && is_json(&text)? {
        out.push_str(&text);
    } else if !is_form || !push_form(out, &text)? {
        push_text(out, &text);
    }
    Ok(())
}

/// Appends `text` as a JSON string.
pub(super) fn push_text(out: &mut String, text: &str) {
    let plain = text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
    if plain {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&Value::from(text).to_string());
    }
}

fn is_form(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// Whether the text is JSON that every reader of events can read.
fn is_json(text: &str) -> Result<bool> {
    // This neither recurses nor allocates, and accepts what the standard accepts (RFC 8259).
    if serde_json::from_str::<IgnoredAny>(text).is_err() {
        return Ok(false);
    }
    let shape = Shape::of(text);
    if shape.levels > MOST_LEVELS {
        let detail = format!("The body is nested {} levels deep; send at most {MOST_LEVELS}.", shape.levels);
        return Err(Error::invalid("body_too_deep", detail));
    }
    // Half a surrogate pair or 1e999 are JSON, but no text and no number. Such a body stays text.
    Ok(!shape.odd || serde_json::from_str::<Value>(text).is_ok())
}

/// What one pass over valid JSON shows.
struct Shape {
    levels: usize,
    /// Whether there is an escape or a number that a reader might refuse.
    odd: bool,
}

impl Shape {
    fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let (mut level, mut levels, mut odd, mut digits, mut at) = (0usize, 0, false, 0, 0);
        while at < bytes.len() {
            match bytes[at] {
                b'"' => {
                    at += 1;
                    while at < bytes.len() && bytes[at] != b'"' {
                        if bytes[at] == b'\\' {
                            odd |= matches!(bytes.get(at + 1..at + 3), Some([b'u', b'd' | b'D']));
                            at += 1;
                        }
                        at += 1;
                    }
                }
                b'{' | b'[' => {
                    level += 1;
                    levels = levels.max(level);
                }
                b'}' | b']' => level = level.saturating_sub(1),
                _ => {}
            }
            match bytes.get(at) {
                Some(b'0'..=b'9' | b'.') => {
                    digits += 1;
                    odd |= digits > MOST_DIGITS;
                }
                Some(b'e' | b'E') if digits > 0 => odd = true,
                _ => digits = 0,
            }
            at += 1;
        }
        Self { levels, odd }
    }
}

/// Appends a form as an object: each field as text, one that comes several times as a list, `payload` as the JSON that
/// Slack and GitHub put there, and the whole as `raw`. False, and nothing appended, when it has too many fields.
fn push_form(out: &mut String, text: &str) -> Result<bool> {
    let mut fields: indexmap::IndexMap<_, Vec<_>> = indexmap::IndexMap::new();
    for (name, value) in form_urlencoded::parse(text.as_bytes()).take(MOST_FIELDS + 1) {
        fields.entry(name).or_default().push(value);
    }
    if fields.values().map(Vec::len).sum::<usize>() > MOST_FIELDS {
        return Ok(false);
    }
    out.push('{');
    for (name, values) in fields.iter().filter(|(name, _)| *name != "raw") {
        push_text(out, name);
        out.push(':');
        match values.as_slice() {
            [payload]
                if name == "payload" && payload.trim_ascii_start().starts_with(['{', '[']) && is_json(payload)? =>
            {
                out.push_str(payload);
            }
            [value] => push_text(out, value),
            values => {
                for (at, value) in values.iter().enumerate() {
                    out.push(if at == 0 { '[' } else { ',' });
                    push_text(out, value);
                }
                out.push(']');
            }
        }
        out.push(',');
    }
    out.push_str(r#""raw":"#);
    push_text(out, text);
    out.push('}');
    Ok(true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const FORM: Option<&str> = Some("application/x-www-form-urlencoded; charset=utf-8");

    fn pushed(content_type: Option<&str>, body: &[u8]) -> String {
        let mut out = String::new();
        push(&mut out, content_type, body).unwrap();
        serde_json::from_str::<Value>(&out).expect("always readable JSON");
        out
    }

    #[test]
    fn json_is_kept_to_the_letter() {
        for text in [
            r#" {"b": 1.10, "a" :1e2,"a":[ ], "big": 12345678901234567890123, "\u0000": "\ud83d\ude00 \\ \" é"}"#,
            "[1]",
            "null",
            "\"text\"",
            " -0.0 ",
        ] {
            assert_eq!(pushed(Some("application/json"), text.as_bytes()), text);
        }
        assert_eq!(pushed(FORM, b"{\"a\":1}"), "{\"a\":1}", "curl -d says it is a form");
    }

    #[test]
    fn what_is_not_readable_json_is_text() {
        for text in [
            "",
            "hello",
            "{\"a\":1",
            "{} {}",
            "\u{feff}{}",
            "\"\\ud800\"",
            "1e999",
            "[nul]",
            "a=b&c",
            "tab\there \"q\"",
        ] {
            assert_eq!(pushed(None, text.as_bytes()), json!(text).to_string());
        }
        let long = "9".repeat(400);
        assert_eq!(pushed(None, long.as_bytes()), json!(long).to_string());
        assert_eq!(pushed(None, b"\xff{"), json!("\u{fffd}{").to_string());
    }

    #[test]
    fn a_form_is_an_object() {
        let body = b"a=1&b=two+words&a=%22&payload=%7B%22x%22%3A+1.0%7D&raw=mine&e=";
        let out = pushed(FORM, body);
        assert!(out.contains(r#""payload":{"x": 1.0}"#), "{out}");
        let wanted = json!({
            "a": ["1", "\""], "b": "two words", "payload": {"x": 1.0}, "e": "", "raw": std::str::from_utf8(body).unwrap(),
        });
        assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), wanted);
        assert_eq!(pushed(FORM, b"payload=%7Bbroken"), r#"{"payload":"{broken","raw":"payload=%7Bbroken"}"#);
        let many = "a=1&".repeat(2000);
        assert_eq!(pushed(FORM, many.as_bytes()), json!(many).to_string());
    }

    #[test]
    fn deep_bodies_are_refused_and_brackets_in_text_are_not_depth() {
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        let mut out = String::new();
        assert!(push(&mut out, None, deep(MOST_LEVELS).as_bytes()).is_ok());
        for levels in [MOST_LEVELS + 1, 129, 500_000] {
            assert_eq!(push(&mut out, None, deep(levels).as_bytes()).unwrap_err().code, "body_too_deep");
        }
        let text = format!(r#"{{"a":"{}\"{}"}}"#, "[".repeat(500), "{".repeat(500));
        assert_eq!(pushed(None, text.as_bytes()), text);
        let payload = format!("payload={}", deep(200));
        assert_eq!(push(&mut out, FORM, payload.as_bytes()).unwrap_err().code, "body_too_deep");
    }

    proptest! {
        #[test]
        fn whatever_comes_the_event_is_readable(body: Vec<u8>, form: bool) {
            pushed(form.then_some("application/x-www-form-urlencoded"), &body);
        }

        #[test]
        fn whatever_is_nearly_json_the_event_is_readable(body in r#"[\[\]{}",:0-9eE.\-u\\dD tru]{0,40}"#) {
            pushed(None, body.as_bytes());
        }
    }
}

//! The headers of a post, as its event shows them.

use super::body::push_text;

/// What a secret is shown as.
const MASK: &str = "***";

/// Headers that hold a secret, and parts of names that say so.
const SECRET_NAMES: &[&str] = &["authorization", "cookie", "proxy-authorization", "set-cookie"];
const SECRET_PARTS: &[&str] =
    &["token", "secret", "password", "api-key", "apikey", "auth-key", "access-key", "credential"];

fn is_secret(name: &str) -> bool {
    SECRET_NAMES.contains(&name) || SECRET_PARTS.iter().any(|part| name.contains(part))
}

/// Appends `"name":"value"` for each header, without the braces. Values of a name that comes several times are joined
/// by commas (RFC 9110 section 5.3); `masked` is one more name that holds a secret.
pub(super) fn push(out: &mut String, headers: &[(&str, &str)], masked: Option<&str>) {
    let mut first = true;
    for (at, (name, value)) in headers.iter().enumerate() {
        if headers[..at].iter().any(|(earlier, _)| earlier == name) {
            continue;
        }
        if !first {
            out.push(',');
        }
        first = false;
        push_text(out, name);
        out.push(':');
        let mut later = headers[at + 1..].iter().filter(|(later, _)| later == name).map(|(_, value)| *value).peekable();
        if is_secret(name) || masked == Some(*name) {
            push_text(out, MASK);
        } else if later.peek().is_none() {
            push_text(out, value);
        } else {
            push_text(out, &std::iter::once(*value).chain(later).collect::<Vec<_>>().join(", "));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(headers: &[(&str, &str)], masked: Option<&str>) -> serde_json::Value {
        let mut out = "{".to_owned();
        push(&mut out, headers, masked);
        out.push('}');
        serde_json::from_str(&out).unwrap()
    }

    #[test]
    fn secrets_are_masked_and_repeated_names_joined() {
        let headers = [
            ("x-github-event", "issues"),
            ("authorization", "Bearer hush"),
            ("via", "a"),
            ("x-gitlab-token", "hush"),
            ("via", "b"),
            ("cookie", "hush"),
            ("x-telegram-bot-api-secret-token", "hush"),
            ("x-mine", "hush"),
            ("x-quote", "say \"hi\"\u{1}"),
        ];
        let wanted = serde_json::json!({
            "x-github-event": "issues", "authorization": "***", "via": "a, b", "x-gitlab-token": "***", "cookie": "***",
            "x-telegram-bot-api-secret-token": "***", "x-mine": "***", "x-quote": "say \"hi\"\u{1}",
        });
        assert_eq!(shown(&headers, Some("x-mine")), wanted);
        assert_eq!(shown(&[], None), serde_json::json!({}));
    }
}

//! How the bytes of a file are answered: conditions and ranges of [RFC 9110](https://www.rfc-editor.org/rfc/rfc9110), and
//! headers that keep a browser from taking a file for a page.

use std::fmt::Write as _;
use std::ops::Range;

use axum::body::Body;
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE, RANGE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use trackside_engine::attachments::{Attachment, is_harmless};

use crate::problem::Problem;

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// The caller has it.
    NotModified,
    /// All of it.
    Whole(u64),
    /// This range.
    Part(Range<u64>),
}

impl Plan {
    /// What these headers ask for, of a file with this hash and size.
    ///
    /// # Errors
    /// `range_not_satisfiable` (416).
    pub fn of(headers: &HeaderMap, sha256: &str, size: u64) -> Result<Self, Problem> {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let tag = tag(sha256);
        if text(IF_NONE_MATCH).is_some_and(|known| matches(known, &tag)) {
            return Ok(Self::NotModified);
        }
        // A part of another file would be glued to the wrong one; a date is no mark of this file.
        if text(IF_RANGE).is_some_and(|known| known.trim() != tag) {
            return Ok(Self::Whole(size));
        }
        match text(RANGE).and_then(|asked| range(asked, size)) {
            None => Ok(Self::Whole(size)),
            Some(Some(range)) => Ok(Self::Part(range)),
            Some(None) => {
                let detail =
                    format!("the range lies outside of the file, which has {size} bytes; ask for bytes before that");
                Err(Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, "range_not_satisfiable", detail).with_range(size))
            }
        }
    }

    /// The bytes to send.
    pub fn range(&self) -> Option<Range<u64>> {
        match self {
            Self::NotModified => None,
            Self::Whole(size) => Some(0..*size),
            Self::Part(range) => Some(range.clone()),
        }
    }
}

fn tag(sha256: &str) -> String {
    format!("\"{sha256}\"")
}

/// Whether one of the tags in `If-None-Match` is this one; weak ones are as good.
fn matches(known: &str, tag: &str) -> bool {
    known.split(',').map(str::trim).any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// The one range of `Range: bytes=…`. `None` for what is no such header, which is passed over, as several ranges are;
/// `Some(None)` for one outside of the file.
fn range(asked: &str, size: u64) -> Option<Option<Range<u64>>> {
    let (unit, ranges) = asked.split_once('=')?;
    let (first, last) = ranges.trim().split_once('-')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") || ranges.contains(',') {
        return None;
    }
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // A number too large for the type is beyond every file.
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    let (start, end) = match (number(first.trim()), number(last.trim())) {
        (Some(first), None) if last.trim().is_empty() => (first, size),
        (Some(first), Some(last)) if first <= last => (first, size.min(last.saturating_add(1))),
        (None, Some(last)) if first.trim().is_empty() => {
            (if last == 0 { size } else { size.saturating_sub(last) }, size)
        }
        _ => return None,
    };
    Some((start < end).then_some(start..end))
}

/// The answer with its headers.
pub fn answer(plan: &Plan, file: &Attachment, size: u64, body: Body) -> Response {
    let mut response = Response::new(body);
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    };
    set(ETAG, &tag(&file.sha256));
    // The bytes never change, but who may see them does: kept, and asked about every time.
    set(CACHE_CONTROL, "private, no-cache");
    if let Some(range) = plan.range() {
        let harmless = is_harmless(&file.content_type);
        let kind = if file.content_type == "text/plain" { "text/plain; charset=utf-8" } else { &file.content_type };
        set(CONTENT_TYPE, kind);
        set(CONTENT_DISPOSITION, &disposition(harmless, &file.name));
        set(CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'");
        set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
        set(ACCEPT_RANGES, "bytes");
        set(CONTENT_LENGTH, &(range.end - range.start).to_string());
    }
    if let Plan::Part(range) = plan {
        set(CONTENT_RANGE, &format!("bytes {}-{}/{size}", range.start, range.end - 1));
    }
    *response.status_mut() = match plan {
        Plan::NotModified => StatusCode::NOT_MODIFIED,
        Plan::Whole(_) => StatusCode::OK,
        Plan::Part(_) => StatusCode::PARTIAL_CONTENT,
    };
    response
}

/// [RFC 6266](https://www.rfc-editor.org/rfc/rfc6266): the name in ASCII for all, and in full (RFC 8187) for those that
/// read it.
fn disposition(inline: bool, name: &str) -> String {
    let mut text = String::from(if inline { "inline" } else { "attachment" });
    let plain =
        |letter: char| if matches!(letter, ' '..='~') && !matches!(letter, '"' | '\\' | '%') { letter } else { '_' };
    let _ = write!(text, "; filename=\"{}\"", name.chars().map(plain).collect::<String>());
    if !name.chars().all(|letter| plain(letter) == letter) {
        text.push_str("; filename*=UTF-8''");
        for byte in name.bytes() {
            // Writing to a String cannot fail.
            let _ = match byte {
                b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' => {
                    write!(text, "{}", char::from(byte))
                }
                byte => write!(text, "%{byte:02X}"),
            };
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(headers: &[(HeaderName, &str)]) -> Result<Plan, u16> {
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        Plan::of(&headers, "abc", 100).map_err(|problem| problem.status().as_u16())
    }

    #[test]
    fn a_range_is_read_as_it_is_meant() {
        for (asked, expected) in [
            ("bytes=0-9", Ok(Plan::Part(0..10))),
            ("bytes=90-", Ok(Plan::Part(90..100))),
            ("bytes=90-1000", Ok(Plan::Part(90..100))),
            ("bytes=-10", Ok(Plan::Part(90..100))),
            ("bytes=-1000", Ok(Plan::Part(0..100))),
            ("BYTES = 5 - 5", Ok(Plan::Part(5..6))),
            ("bytes=99-99999999999999999999999", Ok(Plan::Part(99..100))),
            ("bytes=100-", Err(416)),
            ("bytes=100-200", Err(416)),
            ("bytes=99999999999999999999999-", Err(416)),
            ("bytes=-0", Err(416)),
            ("bytes=9-5", Ok(Plan::Whole(100))),
            ("bytes=0-1,3-4", Ok(Plan::Whole(100))),
            ("bytes=-", Ok(Plan::Whole(100))),
            ("bytes=a-b", Ok(Plan::Whole(100))),
            ("bytes=--1", Ok(Plan::Whole(100))),
            ("lines=0-9", Ok(Plan::Whole(100))),
            ("bytes", Ok(Plan::Whole(100))),
        ] {
            assert_eq!(plan(&[(RANGE, asked)]), expected, "{asked}");
        }
    }

    #[test]
    fn conditions_go_before_ranges() {
        for known in ["\"abc\"", "W/\"abc\"", "\"x\", \"abc\"", "*"] {
            assert_eq!(plan(&[(IF_NONE_MATCH, known), (RANGE, "bytes=0-9")]), Ok(Plan::NotModified), "{known}");
        }
        assert_eq!(plan(&[(IF_NONE_MATCH, "\"x\"")]), Ok(Plan::Whole(100)));
        assert_eq!(plan(&[(IF_RANGE, "\"abc\""), (RANGE, "bytes=0-9")]), Ok(Plan::Part(0..10)));
        for known in ["\"x\"", "W/\"abc\"", "Wed, 25 Nov 2026 00:00:00 GMT"] {
            assert_eq!(plan(&[(IF_RANGE, known), (RANGE, "bytes=0-9")]), Ok(Plan::Whole(100)), "{known}");
        }
    }

    #[test]
    fn a_name_is_written_so_that_everyone_reads_it() {
        assert_eq!(disposition(false, "plan v2.pdf"), "attachment; filename=\"plan v2.pdf\"");
        let name = "Größe; \"100%\".png";
        let said = "inline; filename=\"Gr__e; _100__.png\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%3B%20%22100%25%22.png";
        assert_eq!(disposition(true, name), said);
    }
}

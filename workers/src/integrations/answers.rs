//! What an HTTP answer says about trying again, the same for every vendor.

use std::time::Duration;

use chrono::DateTime;
use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use trackside_engine::actions::external::Failure;

/// The longest wait another side can ask for; beyond it, it is taken for a mistake.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Whether the other side means "not now" rather than "never".
pub fn passes(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429) || status.is_server_error()
}

/// How long `Retry-After` asks us to wait (RFC 9110 section 10.2.3), as seconds or as a date.
///
/// A date is measured against the answer's own `Date`, so neither our clock nor a difference between clocks matters.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => since_answer(headers, DateTime::parse_from_rfc2822(text).ok()?.timestamp())?,
    };
    Some(wait.min(LONGEST_WAIT))
}

/// Time from the answer's `Date` to a moment in Unix seconds; zero when it has passed.
pub fn since_answer(headers: &HeaderMap, moment: i64) -> Option<Duration> {
    let date = DateTime::parse_from_rfc2822(headers.get(DATE)?.to_str().ok()?).ok()?;
    let seconds = moment.saturating_sub(date.timestamp());
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)).min(LONGEST_WAIT))
}

/// The failure that a status stands for, when it is not one of success.
pub fn failure(status: StatusCode, headers: &HeaderMap, error: String) -> Failure {
    if passes(status) {
        Failure::Retryable { error, after: retry_after(headers) }
    } else {
        Failure::Permanent { error }
    }
}

/// The beginning of an answer's body, on one line, for an error a person reads.
pub fn excerpt(body: &[u8]) -> String {
    const LONGEST: usize = 300;
    let text = String::from_utf8_lossy(&body[..body.len().min(LONGEST)]);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_date() {
        let date = ("date", "Fri, 31 Dec 1999 23:59:00 GMT");
        for (pairs, seconds) in [
            (vec![("retry-after", "120")], Some(120)),
            (vec![("retry-after", " 0 ")], Some(0)),
            (vec![("retry-after", "Fri, 31 Dec 1999 23:59:59 GMT"), date], Some(59)),
            (vec![("retry-after", "Fri, 31 Dec 1999 23:00:00 GMT"), date], Some(0)),
            (vec![("retry-after", "Fri, 31 Dec 1999 23:59:59 GMT")], None),
            (vec![("retry-after", "99999999999")], Some(86_400)),
            (vec![("retry-after", "-1")], None),
            (vec![("retry-after", "soon")], None),
            (vec![], None),
        ] {
            assert_eq!(retry_after(&headers(&pairs)), seconds.map(Duration::from_secs), "{pairs:?}");
        }
    }

    #[test]
    fn statuses_are_sorted_into_not_now_and_never() {
        for (status, again) in
            [(408, true), (425, true), (429, true), (500, true), (503, true), (301, false), (404, false), (422, false)]
        {
            let status = StatusCode::from_u16(status).unwrap();
            let failure = failure(status, &HeaderMap::new(), String::new());
            assert_eq!(matches!(failure, Failure::Retryable { .. }), again, "{status}");
        }
    }
}

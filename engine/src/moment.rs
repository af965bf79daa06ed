//! What is said of a time that cannot be read. Times are read by chrono, whose errors ("premature end of input") say neither
//! what is wanted nor that a time is; wherever such an error can come out, it goes through [`readable`].

use std::borrow::Cow;

/// What a time must be, in messages.
pub const WANTED: &str = "must be a time as RFC 3339 writes it, such as 2026-11-26T09:00:00Z";

/// All that chrono says of a text that is no time.
const UNHELPFUL: &[&str] = &[
    "input contains invalid characters",
    "input is not enough for unique date and time",
    "input is out of range",
    "no possible date and time matching input",
    "premature end of input",
    "trailing input",
];

/// The message of an error, or [`WANTED`] where it is one of a time.
pub fn readable(message: &str) -> Cow<'_, str> {
    if UNHELPFUL.contains(&message) { WANTED.into() } else { message.into() }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;

    #[test]
    fn of_every_text_that_is_no_time_it_is_said_what_is_wanted() {
        for text in [
            "",
            "soon",
            "2026",
            "2026-11-26",
            "2026-11-26T09:00",
            "2026-11-26T09:00:00",
            "2026-11-26T09:00:00Zz",
            "2026-11-31T09:00:00Z",
            "2026-13-26T09:00:00Z",
            "2026-11-26T25:00:00Z",
            "99999999-01-01T00:00:00Z",
            "26.11.2026",
            "\u{1f552}",
        ] {
            let error = text.parse::<DateTime<Utc>>().unwrap_err().to_string();
            assert_eq!(readable(&error), WANTED, "{text}: {error}");
            let error = serde_json::from_value::<DateTime<Utc>>(text.into()).unwrap_err().to_string();
            assert_eq!(readable(&error), WANTED, "{text}: {error}");
        }
        assert_eq!(readable("is missing"), "is missing");
    }
}

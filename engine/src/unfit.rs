//! What is said of a value that does not fit. serde speaks of its own types ("expected struct FieldOption", "expected i64"),
//! chrono of its parser ("premature end of input"); whoever sent the value wants to know what to send instead. Wherever such
//! an error can come out, it goes through [`readable`].

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

/// The message of an error, in words of JSON.
pub fn readable(message: &str) -> Cow<'_, str> {
    if UNHELPFUL.contains(&message) {
        return WANTED.into();
    }
    let unfit = message.strip_prefix("invalid type: ").or_else(|| message.strip_prefix("invalid value: "));
    if let Some((found, wanted)) = unfit.and_then(|unfit| unfit.rsplit_once(", expected ")) {
        return format!("must be {}, not {}", kind(wanted), value(found)).into();
    }
    let variant = message.strip_prefix("unknown variant ").and_then(|rest| rest.split_once(", expected "));
    match variant {
        Some((found, wanted)) => format!("cannot be {found}; it is {wanted}").into(),
        None => message.into(),
    }
}

/// What serde waits for, as JSON calls it.
fn kind(wanted: &str) -> Cow<'_, str> {
    let word = wanted.split(' ').next().unwrap_or_default();
    match word {
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".into(),
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative".into(),
        "f32" | "f64" => "a number".into(),
        "struct" | "map" => "an object".into(),
        "tuple" | "sequence" => "a list".into(),
        "unit" => "null".into(),
        "enum" | "variant" | "string" if wanted != "string" => "one of the words that it takes".into(),
        _ => match wanted {
            "a boolean" => "true or false".into(),
            "a map" => "an object".into(),
            "a sequence" => "a list".into(),
            "string" => "a string".into(),
            other => other.into(),
        },
    }
}

/// What came, as JSON calls it.
fn value(found: &str) -> Cow<'_, str> {
    let bare = |text: &str| text.trim_matches('`').to_owned();
    match found.split_once(' ') {
        Some(("string", text)) => format!("the string {text}").into(),
        Some(("integer", number)) => format!("the number {}", bare(number)).into(),
        Some(("floating", rest)) => format!("the number {}", bare(rest.trim_start_matches("point "))).into(),
        Some(("boolean", text)) => bare(text).into(),
        Some(("unit", _)) => "null".into(),
        _ => match found {
            "map" => "an object".into(),
            "sequence" => "a list".into(),
            other => other.into(),
        },
    }
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

    #[test]
    fn says_in_words_of_json_what_is_wanted() {
        #[derive(Debug, serde::Deserialize)]
        #[allow(dead_code)]
        struct Thing {
            count: i64,
            size: u8,
            share: f64,
            open: bool,
            names: Vec<String>,
            inner: Inner,
            word: Word,
        }
        #[derive(Debug, serde::Deserialize)]
        struct Inner {}
        #[derive(Debug, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum Word {
            One,
            Two,
        }
        let good = serde_json::json!({ "count": 1, "size": 2, "share": 0.5, "open": true, "names": [], "inner": {}, "word": "one" });
        let bad = [
            ("count", serde_json::json!("x"), "must be a whole number, not the string \"x\""),
            ("count", serde_json::json!(1.5), "must be a whole number, not the number 1.5"),
            ("size", serde_json::json!(-1), "must be a whole number that is not negative, not the number -1"),
            ("share", serde_json::json!([]), "must be a number, not a list"),
            ("open", serde_json::json!("yes"), "must be true or false, not the string \"yes\""),
            ("names", serde_json::json!({}), "must be a list, not an object"),
            ("names", serde_json::json!([true]), "must be a string, not true"),
            ("inner", serde_json::json!(null), "must be an object, not null"),
            ("word", serde_json::json!("three"), "cannot be `three`; it is `one` or `two`"),
        ];
        for (field, value, wanted) in bad {
            let mut thing = good.clone();
            thing[field] = value;
            let error = serde_json::from_value::<Thing>(thing).unwrap_err().to_string();
            assert_eq!(readable(&error), wanted, "{error}");
        }
    }
}

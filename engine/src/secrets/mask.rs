//! Finds secrets in what came back from outside, and puts `***` in their place.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::Value;
use url::form_urlencoded;

use crate::vault::Secret;

/// What stands in a secret's place.
pub const MASKED: &str = "***";
/// The least of a secret's beginning that is masked where a text was cut, in bytes.
const BEGINNING: usize = 4;
/// Lines of a secret that are shorter than this are not looked for by themselves.
const LINE: usize = 8;

/// What is looked for: secrets as they are, and in the forms in which services say them again.
#[derive(Clone, Default)]
pub struct Mask {
    /// In lower case, the longest first.
    needles: Vec<String>,
}

impl Mask {
    /// A mask for these secrets.
    pub fn of<'s>(secrets: impl IntoIterator<Item = &'s Secret>) -> Self {
        let mut needles = BTreeSet::new();
        for secret in secrets {
            let plain = secret.reveal();
            forms(plain, &mut needles);
            let lines = plain.lines().map(str::trim).filter(|line| line.len() >= LINE && line.len() < plain.len());
            lines.for_each(|line| forms(line, &mut needles));
        }
        let mut needles: Vec<String> = needles.into_iter().collect();
        needles.sort_by_key(|needle| std::cmp::Reverse(needle.len()));
        Self { needles }
    }

    /// The text without the secrets.
    pub fn text(&self, text: String) -> String {
        // ASCII letters keep their length, so places in the one are places in the other.
        let lower = text.to_ascii_lowercase();
        let mut found: Vec<(usize, usize)> = Vec::new();
        for needle in &self.needles {
            found.extend(lower.match_indices(needle.as_str()).map(|(at, _)| (at, at + needle.len())));
            found.extend(cut_off(&lower, needle));
        }
        if found.is_empty() {
            return text;
        }
        found.sort_unstable();
        let (mut masked, mut done) = (String::with_capacity(text.len()), 0);
        for (from, to) in found {
            // One within another, or over its end.
            if from >= done {
                masked.push_str(&text[done..from]);
                masked.push_str(MASKED);
            }
            done = done.max(to);
        }
        masked.push_str(&text[done..]);
        masked
    }

    /// The value without the secrets, names of fields included.
    pub fn value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => Value::Array(items.into_iter().map(|item| self.value(item)).collect()),
            Value::Object(fields) => {
                Value::Object(fields.into_iter().map(|(name, value)| (self.text(name), self.value(value))).collect())
            }
            // A secret of digits comes back as a number from who reads it as one.
            Value::Number(number) if self.needles.contains(&number.to_string()) => Value::String(MASKED.to_owned()),
            other => other,
        }
    }
}

/// Where a text was cut within the needle: at its end, or before the sign that says so.
fn cut_off(text: &str, needle: &str) -> Vec<(usize, usize)> {
    let ends =
        text.match_indices('…').map(|(at, _)| at).chain([text.trim_end_matches(['\u{fffd}', '.']).len(), text.len()]);
    let cut = |end: usize| {
        let longest = (needle.len() - 1).min(end);
        let mut lengths = (BEGINNING..=longest).rev().filter(|length| needle.is_char_boundary(*length));
        lengths.find(|length| text[..end].ends_with(&needle[..*length])).map(|length| (end - length, end))
    };
    ends.filter_map(cut).collect()
}

/// The forms in which a text comes back: as it is, in JSON, in a URL, in HTML, in base64, and with its space made even.
fn forms(plain: &str, needles: &mut BTreeSet<String>) {
    let json = Value::String(plain.to_owned()).to_string();
    let form: String = form_urlencoded::byte_serialize(plain.as_bytes()).collect();
    let html = plain.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let all = [
        plain.to_owned(),
        json[1..json.len() - 1].to_owned(),
        json[1..json.len() - 1].replace('/', "\\/"),
        form.replace('+', "%20"),
        form,
        html.replace('"', "&quot;").replace('\'', "&#39;"),
        html,
        plain.split_whitespace().collect::<Vec<_>>().join(" "),
        STANDARD_NO_PAD.encode(plain),
        URL_SAFE_NO_PAD.encode(plain),
    ];
    needles.extend(all.into_iter().map(|form| form.to_ascii_lowercase()));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mask() -> Mask {
        Mask::of(&[Secret::new("s3cr\"t/t0ken&Co"), Secret::new("-----BEGIN-----\nMIIEvQIBADAN\n-----END-----")])
    }

    #[test]
    fn a_secret_is_found_in_the_forms_in_which_it_comes_back() {
        for form in [
            "s3cr\"t/t0ken&Co",
            "S3CR\"T/T0KEN&CO",
            r#"s3cr\"t/t0ken&Co"#,
            r#"s3cr\"t\/t0ken&Co"#,
            "s3cr%22t%2Ft0ken%26Co",
            "s3cr%22t%2ft0ken%26co",
            "s3cr&quot;t/t0ken&amp;Co",
            "czNjciJ0L3Qwa2VuJkNv",
            "MIIEvQIBADAN",
        ] {
            assert_eq!(mask().text(format!("a {form} b {form}")), "a *** b ***", "{form}");
        }
        assert_eq!(mask().text("nothing of it: s3cret".to_owned()), "nothing of it: s3cret");
    }

    #[test]
    fn what_is_left_of_a_secret_that_was_cut_is_masked_as_well() {
        assert_eq!(mask().text("it said s3cr\"t/t0k".to_owned()), "it said ***");
        assert_eq!(mask().text("it said s3cr\"t…, and more".to_owned()), "it said ***…, and more");
        assert_eq!(mask().text("it said s3c".to_owned()), "it said s3c", "too little to tell");
    }

    #[test]
    fn values_are_masked_whole() {
        let digits = Mask::of(&[Secret::new("1234567890")]);
        assert_eq!(
            digits.value(json!({ "a": [1234567890, 7, "x1234567890"], "1234567890": null })),
            json!({ "a": ["***", 7, "x***"], "***": null })
        );
    }
}

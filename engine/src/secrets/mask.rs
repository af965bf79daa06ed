//! Finds secrets in what came back from outside, and puts `***` in their place.
//!
//! Services write a secret again in more ways than can be listed: each language escapes other signs in a URL, in HTML, in JSON. So it
//! is not only looked for in the forms that are known, but also in the text with all of that taken back ([`unescape`]).

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::Value;
use url::form_urlencoded;

use super::unescape::{Sign, fold, signs, unescape};
use crate::vault::Secret;

/// What stands in a secret's place.
pub const MASKED: &str = "***";
/// The least of a secret's beginning that is masked where a text was cut, in bytes.
const BEGINNING: usize = 4;
/// Lines of a secret that are shorter than this are not looked for by themselves.
const LINE: usize = 8;
/// The least of a secret within something longer that base64 hides, in characters of it.
const WITHIN: usize = 8;
/// So often one way of escaping may have been put over another.
const DEEP: usize = 3;

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
        if self.needles.is_empty() {
            return text;
        }
        let (mut found, mut level) = (Vec::new(), signs(&text));
        self.find(&level, &mut found);
        for _ in 0..DEEP {
            let Some(next) = unescape(&level) else { break };
            self.find(&next, &mut found);
            level = next;
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

    /// Where in the original text there are secrets.
    fn find(&self, signs: &[Sign], found: &mut Vec<(usize, usize)>) {
        let (lower, places) = fold(signs);
        let place = |(from, to): (usize, usize)| (places[from].0, places[to - 1].1);
        for needle in &self.needles {
            let whole = lower.match_indices(needle.as_str()).map(|(at, _)| (at, at + needle.len()));
            found.extend(whole.map(place));
            found.extend(cut_off(&lower, needle).into_iter().map(place));
        }
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

/// The forms in which a text comes back that cannot be taken back: as it is, with its space made even or written as a form does, and
/// in base64, also where it stands within something longer. And those that usual escapes give, for texts that were cut in them.
fn forms(plain: &str, needles: &mut BTreeSet<String>) {
    let json = Value::String(plain.to_owned()).to_string();
    let form: String = form_urlencoded::byte_serialize(plain.as_bytes()).collect();
    let html = plain.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let all = [
        plain.to_owned(),
        plain.replace(' ', "+"),
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
    needles.extend(all.into_iter().filter(|form| !form.is_empty()).map(|form| form.to_lowercase()));
    needles.extend(within_base64(plain).into_iter().map(|form| form.to_lowercase()));
}

/// What of a text is the same in base64 wherever it stands, which depends only on how many bytes over a multiple of three stand before it.
fn within_base64(plain: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (before, first) in [(0, 0), (1, 2), (2, 3)] {
        let bytes = [&[0; 2][..before], plain.as_bytes()].concat();
        let last = bytes.len() * 8 / 6;
        for encoded in [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
            if last >= first + WITHIN {
                found.push(encoded[first..last].to_owned());
            }
        }
    }
    found
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
            "s3cr%22t/t0ken%26Co",
            "s3cr%2522t%252Ft0ken%2526Co",
            "s3cr&#34;t/t0ken&#x26;Co",
            r#"s3cr\\\"t/t0ken\\u0026Co"#,
        ] {
            assert_eq!(mask().text(format!("a {form} b {form}")), "a *** b ***", "{form}");
        }
        assert_eq!(mask().text("nothing of it: s3cret".to_owned()), "nothing of it: s3cret");
    }

    #[test]
    fn it_is_found_however_a_language_escapes_it() {
        for (secret, forms) in [
            ("abc+def/ghi=jkl==", &["abc%2Bdef/ghi%3Djkl%3D%3D", "ABC%2bDEF%2fGHI=JKL=="][..]),
            ("Kx9(abc)def!12*", &["Kx9%28abc%29def%2112%2A", "Kx9%28abc%29def!12*"]),
            ("Kx9'abcdefgh12", &["Kx9&#x27;abcdefgh12", "Kx9&apos;abcdefgh12", "Kx9&#39;ABCDEFGH12"]),
            (
                "Zq\"7/é+&<x y%=K9mW~pLt",
                &[
                    "Zq%227%2F%C3%A9%2B%26%3Cx%20y%25%3DK9mW~pLt",
                    "ZQ\"7/É+&<X Y%=K9MW~PLT",
                    r#"Zq\\\"7/\\u00e9+&<x y%=K9mW~pLt"#,
                    "Zq%227%2F%C3%A9%2B%26%3Cx+y%25%3DK9mW~pLt",
                ],
            ),
        ] {
            let mask = Mask::of(&[Secret::new(secret)]);
            for form in forms {
                assert_eq!(mask.text(format!("a {form} é {form}&")), "a *** é ***&", "{form}");
            }
        }
    }

    #[test]
    fn it_is_found_within_what_base64_hides() {
        let mask = Mask::of(&[Secret::new("Dpl-8c1f0e2a77Kx")]);
        for around in [("u:", ""), ("usr", "tail"), ("user", "x"), ("", "abc"), ("0123456789", "?>")] {
            let (before, after) = around;
            let hidden = STANDARD_NO_PAD.encode(format!("{before}Dpl-8c1f0e2a77Kx{after}"));
            let told = mask.text(format!("authorization: Basic {hidden}, and more"));
            assert!(told.contains("***"), "{told}");
            assert!(told.starts_with("authorization: Basic ") && told.ends_with(", and more"), "{told}");
            assert!(told.len() < "authorization: Basic ***, and more".len() + 24, "{told}");
        }
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

//! What is searched for: words and phrases, read from what somebody typed. Nothing that is typed reaches a database as
//! syntax, because only letters and digits are taken from it.

use super::words::words;
use crate::{Error, Result};

/// The longest query, in characters.
pub const MAX_QUERY: usize = 500;
/// The most words of a query.
pub const MAX_WORDS: usize = 32;

/// Words that stand one after another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Term {
    /// The words, folded; at least one.
    pub words: Vec<String>,
    /// The last one may go on.
    pub prefix: bool,
}

/// A query: all its terms must be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    pub(crate) terms: Vec<Term>,
    /// The query as a key, if it looks like one: `web-142` as `WEB-142`.
    pub(crate) key: Option<String>,
}

impl Terms {
    /// Reads a query: words apart from each other, `"phrases"` in quotes; a word that is being typed (the last, without
    /// a space behind it) may go on. `name` is what the query is called in messages.
    ///
    /// # Errors
    /// `invalid_parameter`: empty, longer than [`MAX_QUERY`], more than [`MAX_WORDS`], or with U+0000.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let invalid = |what: String| Err(Error::invalid("invalid_parameter", format!("`{name}` {what}")));
        if text.contains('\0') {
            return invalid("must not contain the character U+0000".into());
        }
        if text.trim().is_empty() {
            return invalid("is empty; give words to search for".into());
        }
        if text.chars().count() > MAX_QUERY {
            return invalid(format!("is longer than {MAX_QUERY} characters"));
        }
        let mut terms = Vec::new();
        for (at, part) in text.split(['"', '“', '”', '„']).enumerate() {
            if at % 2 == 1 {
                terms.extend(term(part));
            } else {
                terms.extend(part.split_whitespace().filter_map(term));
            }
        }
        if terms.iter().map(|term| term.words.len()).sum::<usize>() > MAX_WORDS {
            return invalid(format!("has more than {MAX_WORDS} words"));
        }
        // One letter begins so many words that it says nothing.
        if text.ends_with(char::is_alphanumeric)
            && let Some(last) = terms.last_mut()
            && last.words.last().is_some_and(|word| word.chars().nth(1).is_some())
        {
            last.prefix = true;
        }
        Ok(Self { terms, key: key(text.trim()) })
    }
}

fn term(text: &str) -> Option<Term> {
    let words: Vec<String> = words(text).map(|word| word.folded).collect();
    (!words.is_empty()).then_some(Term { words, prefix: false })
}

fn key(text: &str) -> Option<String> {
    let (project, number) = text.split_once('-')?;
    let fits = (2..=10).contains(&project.len())
        && project.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && (1..=18).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, bool)> {
        Terms::parse("q", text).unwrap().terms.into_iter().map(|term| (term.words.join(" "), term.prefix)).collect()
    }

    fn told(expected: &[(&str, bool)]) -> Vec<(String, bool)> {
        expected.iter().map(|(words, prefix)| ((*words).to_owned(), *prefix)).collect()
    }

    #[test]
    fn words_and_phrases_are_told_apart() {
        assert_eq!(read("Fix dóor"), told(&[("fix", false), ("door", true)]));
        assert_eq!(read("fix door "), told(&[("fix", false), ("door", false)]));
        assert_eq!(read("\"front door\" fi"), told(&[("front door", false), ("fi", true)]));
        assert_eq!(read("fix \"front do"), told(&[("fix", false), ("front do", true)]));
        assert_eq!(read("„front door“"), told(&[("front door", false)]));
        assert_eq!(read("e-mail: a@b.c"), told(&[("e mail", false), ("a b c", false)]));
        assert_eq!(read("door OR NOT (fix* NEAR title:x) -y"), read("door or not fix near title:x -y"));
        assert_eq!(read("東京"), told(&[("東 京", false)]));
    }

    #[test]
    fn a_key_is_known() {
        assert_eq!(Terms::parse("q", " web-142 ").unwrap().key.as_deref(), Some("WEB-142"));
        for text in ["web", "web-", "-142", "web-1x", "w-1", "web-142 door", "web-1-2"] {
            assert_eq!(Terms::parse("q", text).unwrap().key, None, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_searched_for_is_refused_or_finds_nothing() {
        for text in ["+-*", "\"", "\"\"", "()", "💩", "' \" ; --", "\u{301}"] {
            assert_eq!(read(text), told(&[]), "{text}");
        }
        for text in ["", "  \n", "a\0", &"x".repeat(501), &"a ".repeat(33)] {
            assert_eq!(Terms::parse("q", text).unwrap_err().code, "invalid_parameter");
        }
    }
}

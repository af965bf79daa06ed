//! Placeholders: `{{ name }}`, filled with a text.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{MAX_BODY, MAX_LEVELS, MAX_TASKS, TaskBody};
use crate::{Error, Result};

/// The longest name of a placeholder, in bytes.
const MAX_VARIABLE: usize = 64;

/// A body that can be applied; the names of its placeholders, sorted.
pub(super) fn check(body: &TaskBody, text: &str) -> Result<Vec<String>> {
    if text.len() > MAX_BODY {
        return Err(Error::field("/task", format!("must be at most {MAX_BODY} bytes of JSON")));
    }
    if text.contains("\\u0000") {
        return Err(Error::field("/task", "must not contain the character U+0000"));
    }
    let (mut names, mut count) = (BTreeSet::new(), 0);
    let mut left = vec![(body, "/task".to_owned(), 1)];
    while let Some((body, at, level)) = left.pop() {
        count += 1;
        if count > MAX_TASKS {
            return Err(Error::field("/task", format!("must be at most {MAX_TASKS} tasks")));
        }
        if level > MAX_LEVELS {
            return Err(Error::field(
                at,
                format!("stands in level {level}; a template has at most {MAX_LEVELS} levels"),
            ));
        }
        if body.title.trim().is_empty() {
            return Err(Error::field(format!("{at}/title"), "must not be empty"));
        }
        for (field, text) in texts(body) {
            names.extend(placeholders(text).map_err(|what| Error::field(format!("{at}/{field}"), what))?);
        }
        left.extend(body.subtasks.iter().enumerate().map(|(n, part)| (part, format!("{at}/subtasks/{n}"), level + 1)));
    }
    Ok(names.into_iter().collect())
}

fn texts(body: &TaskBody) -> impl Iterator<Item = (String, &str)> {
    let list = |name: &'static str, texts| {
        std::iter::zip(0.., texts).map(move |(at, text): (usize, &String)| (format!("{name}/{at}"), text.as_str()))
    };
    [("title".to_owned(), body.title.as_str()), ("description".to_owned(), body.description.as_str())]
        .into_iter()
        .chain(list("labels", body.labels.iter()))
        .chain(list("checklist", body.checklist.iter()))
}

/// The names of the placeholders in a text.
fn placeholders(text: &str) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some((_, behind)) = rest.split_once("{{") {
        let (name, after) = behind.split_once("}}").ok_or("has `{{` without `}}`")?;
        let name = name.trim();
        let good = (1..=MAX_VARIABLE).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if !good {
            let shown: String = name.chars().take(64).collect();
            return Err(format!("`{shown}` cannot be a placeholder: 1 to 64 characters of a-z, 0-9 and _"));
        }
        names.push(name.to_owned());
        rest = after;
    }
    Ok(names)
}

/// The text with its placeholders filled in; [`check`] has seen it.
pub(super) fn fill(text: &str, variables: &BTreeMap<String, String>) -> String {
    let (mut filled, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, behind)) = rest.split_once("{{") {
        let Some((name, after)) = behind.split_once("}}") else { break };
        filled.push_str(before);
        filled.push_str(variables.get(name.trim()).map_or("", String::as_str));
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// The longest text that is filled in for a placeholder, in characters.
const MAX_FILLED: usize = 500;

/// Refuses what is filled in for no placeholder, and placeholders that nothing is filled in for.
pub(crate) fn match_up(wanted: &[String], given: &BTreeMap<String, String>) -> Result<()> {
    if let Some(missing) = wanted.iter().find(|name| !given.contains_key(*name)) {
        return Err(Error::field(format!("/variables/{missing}"), "is missing: the template asks for it"));
    }
    if let Some(odd) = given.keys().find(|name| !wanted.contains(name)) {
        let (shown, known): (String, _) = (odd.chars().take(64).collect(), wanted.join(", "));
        let message =
            format!("is no placeholder of this template; it has {}", if known.is_empty() { "none" } else { &known });
        return Err(Error::field(format!("/variables/{shown}"), message));
    }
    if let Some((name, _)) = given.iter().find(|(_, text)| text.chars().count() > MAX_FILLED) {
        return Err(Error::field(format!("/variables/{name}"), format!("must be at most {MAX_FILLED} characters")));
    }
    let nul = given.iter().find(|(_, text)| text.contains('\0'));
    nul.map_or(Ok(()), |(name, _)| {
        Err(Error::field(format!("/variables/{name}"), "must not contain the character U+0000"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_found_and_filled() {
        assert_eq!(placeholders("a {{ b }} c {{d_1}}").unwrap(), ["b", "d_1"]);
        for odd in ["{{ }}", "{{ A }}", "{{ a", "{{ a.b }}", "{{ a }} {{"] {
            assert!(placeholders(odd).is_err(), "{odd}");
        }
        let variables = [("b".to_owned(), "{{ c }}".to_owned())].into();
        assert_eq!(fill("a {{ b }} {{b}}!", &variables), "a {{ c }} {{ c }}!", "what is filled in is not read again");
    }
}

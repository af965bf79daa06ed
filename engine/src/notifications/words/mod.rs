//! What people are told, in their language: one file of words each, `{actor}` and the like filled in.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Deserialize;

use super::model::{Details, Kind, MAX_MESSAGE, Telling, cut};
use crate::access::Who;

/// The words of one language.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Words {
    /// How a time is written, by the names of strftime.
    date: String,
    somebody: String,
    a_rule: String,
    trackside: String,
    /// What is said of each kind.
    says: BTreeMap<String, String>,
    /// What stands in letters around it.
    letter: BTreeMap<String, String>,
    /// What each kind is called.
    kinds: BTreeMap<String, String>,
}

/// The languages there are; the first is for everybody else.
const LANGUAGES: &[(&str, &str)] = &[("en", include_str!("en.json")), ("de", include_str!("de.json"))];

static ALL: LazyLock<Vec<(&str, Words)>> = LazyLock::new(|| {
    // A test reads each.
    LANGUAGES.iter().map(|(name, text)| (*name, serde_json::from_str(text).unwrap_or_default())).collect()
});

/// The words for a locale such as `de-AT`, and the language that they are in.
pub(crate) fn of(locale: Option<&str>) -> (&'static str, &'static Words) {
    let language = locale.and_then(|tag| tag.split('-').next()).unwrap_or_default();
    let known = ALL.iter().find(|(name, _)| *name == language).unwrap_or(&ALL[0]);
    (known.0, &known.1)
}

impl Words {
    /// What a telling says, on one line where it is made of words of ours. `name` is that of the person who did it.
    pub(super) fn say(&self, telling: &Telling, details: &Details, name: Option<&str>, zone: Tz) -> String {
        let what = match telling.kind {
            // In words of its own, whatever the kind.
            _ if details.message.is_some() => return details.message.clone().unwrap_or_default(),
            Kind::DueChanged if details.to.is_none() => "due_cleared",
            _ if details.says.is_some() => details.says.as_deref().unwrap_or_default(),
            kind => kind.as_str(),
        };
        let time = |text: &Option<String>| {
            let time = text.as_deref().and_then(|text| text.parse::<DateTime<Utc>>().ok());
            time.map(|time| time.with_timezone(&zone).format(&self.date).to_string()).or_else(|| text.clone())
        };
        let (from, to) = (time(&details.from).unwrap_or_default(), time(&details.to).unwrap_or_default());
        let task = task(details);
        let actor = self.actor(telling, name);
        let pattern = self.says.get(what).map_or("{task}", String::as_str);
        cut(&fill(pattern, &[("actor", &actor), ("task", &task), ("from", &from), ("to", &to)]), MAX_MESSAGE)
    }

    fn actor(&self, telling: &Telling, name: Option<&str>) -> String {
        match (serde_json::from_str(&telling.actor), name) {
            (Ok(Who::User { .. }), Some(name)) => name.to_owned(),
            (Ok(Who::Rule { .. }), _) => self.a_rule.clone(),
            (Ok(Who::System | Who::Hook { .. }), _) => self.trackside.clone(),
            _ => self.somebody.clone(),
        }
    }

    /// Words of letters, filled in.
    pub(crate) fn letter(&self, what: &str, with: &[(&str, &str)]) -> String {
        fill(self.letter.get(what).map_or("", String::as_str), with)
    }

    /// What a kind is called.
    pub(super) fn kind(&self, kind: Kind) -> &str {
        self.kinds.get(kind.as_str()).map_or(kind.as_str(), String::as_str)
    }
}

/// A task, as people are told of it: `WEB-1: Door`.
pub(super) fn task(details: &Details) -> String {
    let parts = [details.key.as_deref(), details.title.as_deref()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(": ")
}

/// Fills in what stands between braces; what is filled in is not looked at again.
fn fill(pattern: &str, with: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(pattern.len() + 64);
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let Some((name, after)) = after.split_once('}') else { break };
        text.push_str(with.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value));
        rest = after;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::cx::Source;
    use crate::ids::UserId;

    fn holes(pattern: &str) -> BTreeSet<&str> {
        pattern.split('{').skip(1).filter_map(|part| part.split('}').next()).collect()
    }

    #[test]
    fn every_language_says_all_of_it_with_the_same_holes() {
        let read = |text: &str| serde_json::from_str::<Words>(text).unwrap();
        let first = read(LANGUAGES[0].1);
        let said: BTreeSet<&str> = first.says.keys().map(String::as_str).collect();
        let kinds = Kind::ALL.map(Kind::as_str);
        let more = [
            "approval_approved",
            "approval_rejected",
            "approval_stuck",
            "approval_timed_out",
            "due_cleared",
            "sla_breached",
            "sla_warned",
        ];
        assert_eq!(said, kinds.into_iter().chain(more).collect());
        assert_eq!(first.kinds.keys().map(String::as_str).collect::<BTreeSet<_>>(), kinds.into_iter().collect());
        for (name, text) in LANGUAGES {
            let words = read(text);
            for (ours, theirs) in
                [(&first.says, &words.says), (&first.letter, &words.letter), (&first.kinds, &words.kinds)]
            {
                assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>(), "{name}");
                for (key, pattern) in theirs {
                    assert_eq!(holes(pattern), holes(&ours[key]), "{name}: {key}");
                }
            }
        }
        assert_eq!((of(Some("de-AT")).0, of(Some("fr")).0, of(None).0), ("de", "en", "en"));
    }

    #[test]
    fn a_name_with_braces_is_only_a_name() {
        let source = Source::default();
        let user: UserId = source.new_id();
        let telling = Telling {
            id: source.new_id(),
            kind: Kind::DueChanged,
            project_id: None,
            task_id: None,
            actor: serde_json::json!({ "type": "user", "id": user }).to_string(),
            details: String::new(),
            created_at: source.now(),
        };
        let mut details = Details { key: Some("WEB-1".into()), title: Some("{to}".into()), ..Details::default() };
        details.to = Some("2026-07-01T10:00:00Z".into());
        let say =
            |locale, details: &Details| of(Some(locale)).1.say(&telling, details, Some("{task}"), Tz::Europe__Berlin);
        assert_eq!(say("en", &details), "{task} moved the due date of WEB-1: {to} to 2026-07-01 12:00");
        assert_eq!(say("de", &details), "{task} hat die Fälligkeit von WEB-1: {to} auf 01.07.2026 12:00 gelegt");
        details.to = None;
        assert_eq!(say("en", &details), "{task} removed the due date of WEB-1: {to}");
    }
}

//! What is known of an event before it happens.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::{Match, Rule};

/// Where an input of an action is seen in the events that the action causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Write {
    /// The input: `status`.
    pub input: &'static str,
    /// In which kind of event, or `task.*`.
    pub kind: &'static str,
    /// The path in the event: `change.to`.
    pub fact: &'static str,
}

/// Paths into an event, and what stands there.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Known(BTreeMap<String, Value>);

impl Known {
    /// What a step's constants say of an event of this kind.
    pub fn of_step(rule: &Rule, step: &str, writes: &[Write], kind: &str) -> Self {
        let mut known = BTreeMap::new();
        let Some((_, step)) = rule.walk().into_iter().find(|(_, it)| it.id == step) else { return Self(known) };
        for write in writes.iter().filter(|write| crate::matcher::kind_matches(write.kind, kind)) {
            if let Some(value) = step.with.get(write.input).filter(|value| is_constant(value)) {
                known.insert(write.fact.to_owned(), value.clone());
            }
        }
        Self(known)
    }

    /// Notes a fact; false when another value is known to stand there.
    pub fn note(&mut self, path: &str, value: &Value) -> bool {
        match self.0.get(path) {
            Some(known) => known == value,
            None => {
                self.0.insert(path.to_owned(), value.clone());
                true
            }
        }
    }

    /// What stands at this path; `None` when that is not known.
    pub fn get(&self, path: &str) -> Option<&Value> {
        self.0.get(path)
    }

    /// All of it, as an event would show it.
    pub fn shown(&self) -> BTreeMap<String, Value> {
        self.0.clone()
    }

    /// Whether no line of a match is known not to be met.
    pub fn may_match(&self, matches: &Match) -> bool {
        // A project is met by its id, its key and its name, of which only one is known.
        matches.iter().filter(|(path, _)| *path != "project").all(|(path, want)| {
            let found = self.get(path).or_else(|| self.get(&format!("change.{path}")));
            found.is_none_or(|found| met(want, found))
        })
    }

    /// Whether the event may be of one of these projects, given by key or id; all if there are none.
    pub fn may_be_in(&self, projects: &[String]) -> bool {
        let Some(Value::String(project)) = self.get("project") else { return true };
        // An id and a key may be of the same project; two keys are not.
        let is_id = |text: &str| text.len() == 36;
        projects.is_empty() || projects.iter().any(|wanted| wanted == project || is_id(wanted) != is_id(project))
    }
}

/// A value in which nothing is computed.
fn is_constant(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.contains("{{"),
        Value::Array(items) => items.iter().all(is_constant),
        Value::Object(fields) => fields.values().all(is_constant),
        _ => true,
    }
}

/// Whether a line of a match is met, as the matcher reads it.
fn met(want: &Value, found: &Value) -> bool {
    match (want, found) {
        (Value::String(star), found) if star == "*" => !found.is_null(),
        (Value::Array(wants), _) => wants.iter().any(|want| met(want, found)),
        (_, Value::Array(items)) => items.iter().any(|item| met(want, item)),
        (Value::Number(want), Value::Number(found)) => want.as_f64() == found.as_f64(),
        _ => want == found,
    }
}

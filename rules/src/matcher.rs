//! Which rules an event may start: an in-memory index by event kind and project, then the rule's
//! `match` against the event itself.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use serde_json::Value;

use crate::model::{Match, Rule, Trigger};

/// A trigger ready to be asked about events.
#[derive(Debug, Clone)]
pub struct Matcher {
    kind: String,
    wants: Vec<(Vec<String>, Want)>,
}

#[derive(Debug, Clone)]
enum Want {
    Present,
    Equals(Value),
    OneOf(Vec<Value>),
}

impl Matcher {
    /// Prepares a trigger.
    pub fn new(trigger: &Trigger) -> Self {
        Self::of(trigger.kind(), &trigger.matches)
    }

    /// Prepares a kind (or pattern) and a match.
    pub fn of(kind: &str, matches: &Match) -> Self {
        Self::filled(kind, matches, matches)
    }

    /// Prepares a kind (or pattern) and a match whose texts were templates: `written` as it was written, `filled` with the
    /// values. Only what was written can ask for anything at all; a value is meant as it is.
    pub fn filled(kind: &str, written: &Match, filled: &Match) -> Self {
        let wants = filled.iter().map(|(path, want)| {
            let star = written.get(path).is_some_and(|written| written == "*");
            let want = match want {
                _ if star => Want::Present,
                Value::Array(values) => Want::OneOf(values.clone()),
                value => Want::Equals(value.clone()),
            };
            (path.split('.').map(str::to_owned).collect(), want)
        });
        Self { kind: kind.to_owned(), wants: wants.collect() }
    }

    /// Whether an event of this kind with these facts starts the rule.
    pub fn matches(&self, kind: &str, facts: &Value) -> bool {
        kind_matches(&self.kind, kind) && self.first_difference(facts).is_none()
    }

    /// The path of the first part of the match that the facts do not meet, and what they say
    /// instead: the answer to "why did it not fire".
    pub fn first_difference(&self, facts: &Value) -> Option<(String, Value)> {
        self.wants.iter().find_map(|(path, want)| {
            let found = look_up(facts, path);
            let met = match (want, found) {
                (Want::Present, found) => found.is_some_and(|value| !value.is_null()),
                // What did not change became nothing else, and was nothing else.
                (_, None) if stayed(facts, path) => false,
                // Asking for null is asking for absence.
                (Want::Equals(Value::Null), None) => true,
                (Want::Equals(value), Some(found)) => equal(value, found),
                (Want::OneOf(values), Some(found)) => values.iter().any(|value| equal(value, found)),
                (Want::OneOf(values), None) => values.iter().any(Value::is_null),
                (Want::Equals(_), None) => false,
            };
            (!met).then(|| (path.join("."), found.cloned().unwrap_or(Value::Null)))
        })
    }
}

/// The value at a path: in the facts, or else in their `change` (so `to` means `change.to`).
fn look_up<'v>(facts: &'v Value, path: &[String]) -> Option<&'v Value> {
    let go = |from: &'v Value| {
        path.iter().try_fold(from, |value, key| match value {
            Value::Object(fields) => fields.get(key),
            Value::Array(items) => items.get(key.parse::<usize>().ok()?),
            _ => None,
        })
    };
    go(facts).or_else(|| facts.get("change").and_then(go)).or_else(|| {
        let (from, to) = own_field(facts, path)?;
        let side = if path.last().is_some_and(|side| side == "from") { from } else { to };
        side.filter(|_| from != to)
    })
}

/// Whether a path asks what a field was or became, and the event says of what changed but does not name that field.
fn stayed(facts: &Value, path: &[String]) -> bool {
    let Some(changes) = facts.get("change").and_then(Value::as_object) else { return false };
    match within_change(path) {
        [custom, _, side] if custom == "custom" && is_side(side) => {
            own_field(facts, path).is_none_or(|(from, to)| from == to)
        }
        // `from` and `to` alone are of events whose change is of one thing.
        [field, side] if is_side(side) => {
            !changes.contains_key(field) && !facts.as_object().is_some_and(|facts| facts.contains_key(field))
        }
        _ => false,
    }
}

/// What a field of the project's own was and became: of the path `custom.severity.to`. The event holds all of them before
/// and after, under `change.custom`.
fn own_field<'v>(facts: &'v Value, path: &[String]) -> Option<(Option<&'v Value>, Option<&'v Value>)> {
    match within_change(path) {
        [custom, key, side] if custom == "custom" && is_side(side) => {
            let change = facts.get("change")?.get("custom")?;
            Some((change.get("from")?.get(key), change.get("to")?.get(key)))
        }
        _ => None,
    }
}

/// The path as `change` sees it.
fn within_change(path: &[String]) -> &[String] {
    match path {
        [change, rest @ ..] if change == "change" => rest,
        _ => path,
    }
}

fn is_side(name: &str) -> bool {
    matches!(name, "from" | "to")
}

/// The fields by which a thing as a whole may be named in a match.
pub(crate) const HANDLES: [&str; 3] = ["id", "key", "name"];

/// Equal by value: `5` is `5.0`; a list in the facts is met by one of its items, a thing by its id, key or name.
fn equal(want: &Value, found: &Value) -> bool {
    match (want, found) {
        (Value::Number(want), Value::Number(found)) => want == found || want.as_f64() == found.as_f64(),
        (Value::Array(_), _) => want == found,
        (_, Value::Array(items)) => items.iter().any(|item| equal(want, item)),
        // `"hook": "intake"`, `"project": "WEB"`: a thing is met by what people call it.
        (Value::String(_), Value::Object(thing)) => HANDLES.iter().any(|handle| thing.get(*handle) == Some(want)),
        _ => want == found,
    }
}

/// Whether an event kind fits a pattern: `*` stands for any letters, `task.*` for all of an area.
pub fn kind_matches(pattern: &str, kind: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == kind;
    };
    let Some(mut kind) = kind.strip_prefix(head) else {
        return false;
    };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return kind.ends_with(part);
        }
        // The leftmost place is always as good as any other for what comes after.
        match kind.find(part) {
            Some(at) => kind = &kind[at + part.len()..],
            None => return false,
        }
    }
    true
}

/// Rules by what starts them. `T` is whatever goes with a rule; it is shared, never copied.
#[derive(Debug, Clone)]
pub struct Index<T> {
    exact: HashMap<String, Vec<Entry<T>>>,
    patterns: Vec<(String, Entry<T>)>,
    length: usize,
}

#[derive(Debug)]
struct Entry<T> {
    /// `None` for the whole workspace.
    projects: Option<Arc<HashSet<String>>>,
    payload: Arc<T>,
}

impl<T> Clone for Entry<T> {
    fn clone(&self) -> Self {
        Self { projects: self.projects.clone(), payload: self.payload.clone() }
    }
}

impl<T> Entry<T> {
    fn hears(&self, project: Option<&str>) -> bool {
        match (&self.projects, project) {
            (None, _) => true,
            (Some(projects), Some(project)) => projects.contains(project),
            (Some(_), None) => false,
        }
    }
}

impl<T> Default for Index<T> {
    fn default() -> Self {
        Self { exact: HashMap::new(), patterns: Vec::new(), length: 0 }
    }
}

impl<T> Index<T> {
    /// An index without rules.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a rule by its trigger and scope. Triggers that are no events are never candidates, save
    /// `manual`, which is a kind of its own.
    pub fn add(&mut self, rule: &Rule, payload: Arc<T>) {
        self.insert(rule.trigger.kind(), &rule.scope.projects, payload);
    }

    /// Adds a payload under a kind or pattern; no projects means all.
    pub fn insert(&mut self, kind: &str, projects: &[String], payload: Arc<T>) {
        let projects = (!projects.is_empty()).then(|| Arc::new(projects.iter().cloned().collect()));
        let entry = Entry { projects, payload };
        self.length += 1;
        if kind.contains('*') {
            self.patterns.push((kind.to_owned(), entry));
        } else {
            self.exact.entry(kind.to_owned()).or_default().push(entry);
        }
    }

    /// What an event of this kind in this project may start, in the order it was added within the
    /// exact kind, then within the patterns.
    pub fn candidates<'i>(&'i self, kind: &'i str, project: Option<&'i str>) -> impl Iterator<Item = &'i Arc<T>> {
        let exact = self.exact.get(kind).into_iter().flatten();
        let patterns =
            self.patterns.iter().filter(move |(pattern, _)| kind_matches(pattern, kind)).map(|(_, entry)| entry);
        exact.chain(patterns).filter(move |entry| entry.hears(project)).map(|entry| &entry.payload)
    }

    /// Every one, in no order that means anything.
    pub fn all(&self) -> impl Iterator<Item = &Arc<T>> {
        let exact = self.exact.values().flatten();
        exact.chain(self.patterns.iter().map(|(_, entry)| entry)).map(|entry| &entry.payload)
    }

    /// How many rules it holds.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn stars_stand_for_any_letters() {
        for (pattern, kind, fits) in [
            ("task.*", "task.created", true),
            ("task.*", "tasks.created", false),
            ("*.created", "task.created", true),
            ("*", "anything", true),
            ("task.*_changed", "task.status_changed", true),
            ("task.*_changed", "task.status_changed_twice", false),
            ("a*b*c", "aXbXbXc", true),
            ("a*a", "a", false),
            ("task.created", "task.created", true),
        ] {
            assert_eq!(kind_matches(pattern, kind), fits, "{pattern} {kind}");
        }
    }

    #[test]
    fn match_looks_in_the_facts_then_in_the_change() {
        let facts = json!({"task": {"priority": "high", "labels": ["billing"], "points": 5, "assignee": null}, "change": {"field": "status", "from": "open", "to": "blocked"}});
        for (wanted, fits) in [
            (json!({"to": "blocked"}), true),
            (json!({"to": ["done", "blocked"], "from": "open"}), true),
            (json!({"to": "done"}), false),
            (json!({"task.priority": "high", "task.labels": "billing"}), true),
            (json!({"task.labels": ["x", "billing"]}), true),
            (json!({"task.labels.0": "billing", "task.points": 5.0}), true),
            (json!({"task.priority": "*"}), true),
            (json!({"task.assignee": "*"}), false),
            (json!({"task.assignee": null, "task.nothing": null}), true),
            (json!({"task.nothing": "x"}), false),
        ] {
            let matches: Match = serde_json::from_value(wanted.clone()).expect("a match");
            assert_eq!(Matcher::of("task.*", &matches).matches("task.status_changed", &facts), fits, "{wanted}");
        }
    }

    #[test]
    fn what_a_field_was_and_became_is_met_only_where_it_changed() {
        let custom = |size: Value| json!({"severity": "low", "size": size});
        let facts = json!({"task": {"due_at": null}, "change": {"due_at": {"from": "x", "to": null}, "custom": {"from": custom(json!(3)), "to": custom(json!(4))}}});
        for (wanted, fits) in [
            (json!({"due_at.to": null}), true),
            (json!({"change.due_at.to": null, "due_at.from": "*"}), true),
            (json!({"start_at.to": null}), false),
            (json!({"start_at.from": [null, "x"]}), false),
            (json!({"custom.size.from": 3, "custom.size.to": [4, 5]}), true),
            (json!({"change.custom.size.to": 4}), true),
            (json!({"custom.size.to": 3}), false),
            (json!({"custom.severity.to": "low"}), false),
            (json!({"custom.severity.to": null}), false),
            (json!({"custom.none.from": null}), false),
        ] {
            let matches: Match = serde_json::from_value(wanted.clone()).expect("a match");
            assert_eq!(Matcher::of("task.*", &matches).matches("task.updated", &facts), fits, "{wanted}");
        }
        let added = json!({"change": {"custom": {"from": {}, "to": {"size": 3}}}});
        let matches: Match =
            serde_json::from_value(json!({"custom.size.from": null, "custom.size.to": 3})).expect("a match");
        assert!(Matcher::of("task.*", &matches).matches("task.updated", &added));
    }

    #[test]
    fn candidates_are_by_kind_and_project() {
        let mut index = Index::new();
        index.insert("task.created", &[], Arc::new("everywhere"));
        index.insert("task.created", &["WEB".into()], Arc::new("web"));
        index.insert("task.*", &["OPS".into()], Arc::new("ops"));
        let found =
            |kind: &str, project: Option<&str>| index.candidates(kind, project).map(|name| **name).collect::<Vec<_>>();
        assert_eq!(found("task.created", Some("WEB")), ["everywhere", "web"]);
        assert_eq!(found("task.created", Some("OPS")), ["everywhere", "ops"]);
        assert_eq!(found("task.created", None), ["everywhere"]);
        assert!(found("comment.created", Some("WEB")).is_empty());
        assert_eq!(index.len(), 3);
    }
}

//! What an expression may see: the event's facts, the moment, earlier steps' results, loop items.
//!
//! Facts stay one shared, immutable JSON value. An expression knows from its own text which paths it
//! reads, and only those are turned into engine values, afresh for each evaluation. So nothing an
//! expression does can reach the host's copy, and nothing is ever locked: a shared engine value
//! would be, and two threads judging rules on one event would then wait for each other.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rhai::Dynamic;
use serde_json::{Map, Value, json};

use crate::{
    problem::Problem,
    sandbox::{Timestamp, value::from_json},
    syntax::Paths,
};

/// Values below one event; more would let one event fill the memory.
const MAX_VALUES: usize = 50_000;

/// Names that exist in every rule. One that an event does not have reads as `()`.
pub const GIVEN_NAMES: &[&str] = &[
    "event",
    "task",
    "project",
    "comment",
    "milestone",
    "sprint",
    "actor",
    "change",
    "hook",
    "headers",
    "body",
    "query",
    "inputs",
    "workspace",
    "run",
    "rule",
    "error",
    "vars",
    "secrets",
    "steps",
    "now",
];

/// Whether `name` already means something in every rule.
pub(crate) fn is_given_name(name: &str) -> bool {
    GIVEN_NAMES.contains(&name)
}

/// The facts of one event: an object whose top-level keys are variables. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Facts(Arc<Value>);

impl Facts {
    /// Takes the facts from JSON, which must be an object.
    pub fn from_json(value: impl Into<FactsSource>) -> Result<Self, Problem> {
        let value = match value.into() {
            FactsSource::Value(value) => value,
            FactsSource::Text(text) => serde_json::from_str(&text).map_err(|error| {
                Problem::new("json", "", format!("The event cannot be read: {error}."))
                    .at(error.line() as u32, error.column() as u32)
            })?,
        };
        if !value.is_object() {
            return Err(Problem::new("shape", "", "The facts of an event must be a JSON object."));
        }
        if crate::sandbox::value::count(&value, MAX_VALUES) >= MAX_VALUES {
            return Err(Problem::new("too_large", "", format!("The event holds more than {MAX_VALUES} values.")));
        }
        Ok(Self(Arc::new(value)))
    }

    /// Facts without an event.
    pub fn empty() -> Self {
        Self(Arc::new(json!({})))
    }

    /// The facts as they came.
    pub fn json(&self) -> &Value {
        &self.0
    }
}

/// Where [`Facts`] come from: a value, or JSON text.
pub enum FactsSource {
    /// A value.
    Value(Value),
    /// JSON text.
    Text(String),
}

impl From<Value> for FactsSource {
    fn from(value: Value) -> Self {
        Self::Value(value)
    }
}

impl From<&Value> for FactsSource {
    fn from(value: &Value) -> Self {
        Self::Value(value.clone())
    }
}

impl From<&str> for FactsSource {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Everything an expression may see at one moment. Cheap to clone and to extend.
#[derive(Debug, Clone)]
pub struct Vars {
    facts: Facts,
    now: DateTime<Utc>,
    steps: Arc<Map<String, Value>>,
    /// Innermost last. `fields` spreads the item's own fields as variables.
    locals: Vec<Local>,
}

#[derive(Debug, Clone)]
struct Local {
    name: Arc<str>,
    value: Arc<Value>,
    spread: bool,
}

impl Vars {
    /// The facts at the moment `now`, which is the only clock an expression knows.
    pub fn new(facts: Facts, now: DateTime<Utc>) -> Self {
        Self { facts, now, steps: Arc::default(), locals: Vec::new() }
    }

    /// The facts these variables stand on.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The moment expressions call `now`.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Moves the moment, when a run goes on later.
    pub fn set_now(&mut self, now: DateTime<Utc>) {
        self.now = now;
    }

    /// Makes `steps.<id>` this value; by custom an object with `output`, and `error` if it failed.
    pub fn set_step(&mut self, id: &str, result: Value) {
        Arc::make_mut(&mut self.steps).insert(id.to_owned(), result);
    }

    /// Adds the results of steps that others know.
    pub fn absorb(&mut self, other: &Self) {
        let steps = other.steps.iter().map(|(id, result)| (id.clone(), result.clone()));
        Arc::make_mut(&mut self.steps).extend(steps);
    }

    /// Makes `steps.<id>.output` this value.
    pub fn set_output(&mut self, id: &str, output: Value) {
        self.set_step(id, json!({ "output": output }));
    }

    /// The same variables and one more, which hides an equal name.
    #[must_use]
    pub fn with(&self, name: &str, value: impl Into<Arc<Value>>) -> Self {
        let mut vars = self.clone();
        vars.locals.push(Local { name: name.into(), value: value.into(), spread: false });
        vars
    }

    /// The same variables and the fields of `item`, each under its own name; the whole is `item`.
    #[must_use]
    pub fn with_fields(&self, item: impl Into<Arc<Value>>) -> Self {
        let mut vars = self.clone();
        vars.locals.push(Local { name: "item".into(), value: item.into(), spread: true });
        vars
    }

    /// The value of the variable, if there is one. A name every rule has (see [`GIVEN_NAMES`]) and a
    /// name inside a filter always exist, be it as null.
    pub(crate) fn get(&self, name: &str, paths: &Paths) -> Option<Result<Dynamic, String>> {
        let mut inside_filter = false;
        for local in self.locals.iter().rev() {
            if &*local.name == name {
                return Some(from_json(&local.value, paths));
            }
            if local.spread {
                if let Some(value) = local.value.get(name) {
                    return Some(from_json(value, paths));
                }
                inside_filter = true;
            }
        }
        match name {
            "now" => return Some(Ok(Dynamic::from(Timestamp(self.now)))),
            "steps" => return Some(self.steps(paths)),
            _ => {}
        }
        match self.facts.0.get(name) {
            Some(value) => Some(from_json(value, paths)),
            None => (inside_filter || is_given_name(name)).then_some(Ok(Dynamic::UNIT)),
        }
    }

    /// The same as JSON, whole.
    pub(crate) fn value(&self, name: &str) -> Option<Value> {
        for local in self.locals.iter().rev() {
            if &*local.name == name {
                return Some(Value::clone(&local.value));
            }
            if let Some(value) = local.value.get(name).filter(|_| local.spread) {
                return Some(value.clone());
            }
        }
        match name {
            "now" => return Some(Timestamp(self.now).to_string().into()),
            "steps" => return Some(Value::Object(Map::clone(&self.steps))),
            _ => {}
        }
        self.facts.0.get(name).cloned().or_else(|| is_given_name(name).then_some(Value::Null))
    }

    fn steps(&self, paths: &Paths) -> Result<Dynamic, String> {
        crate::sandbox::value::from_fields(&self.steps, paths)
    }
}

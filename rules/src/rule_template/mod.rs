//! Rules with places for parameters, from which rules are made.
//!
//! A template is a rule that says `params.<name>` where a parameter belongs, and says of each parameter what it may be.
//! [`RuleTemplate::read`] holds what is given against that, [`RuleTemplate::fill`] makes the rule.
//!
//! What is given is data, whatever is in it: in an expression it becomes a constant of its type, in a text it is written so
//! that no expression begins in it, and elsewhere it stands as it is, where nothing is ever computed. So no value changes what
//! a rule asks or does; `tests/hostile_parameters.rs` tries.
//!
//! Deliberately absent: whether a project or a person exists, which the engine asks.

mod fill;
mod parameter;

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub use parameter::{Parameter, ParameterType};

use crate::model::Rule;
use crate::problem::Problem;
use crate::yaml;

/// What was given for each parameter, or what stands for it.
pub type Values = BTreeMap<String, Value>;

/// What a template is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "RuleTemplateCategory")]
pub enum Category {
    /// What comes in is sorted.
    Triage,
    /// Work gets its people.
    Assignment,
    /// Nothing is forgotten.
    FollowUp,
    /// Those who can help hear of trouble.
    Escalation,
    /// What is known is told.
    Reporting,
    /// Time and money stay within what was planned.
    Planning,
    /// What is done goes out.
    Release,
    /// People come and are kept informed.
    People,
    /// Other programs are heard and told.
    Integration,
    /// Tasks stay in order.
    Housekeeping,
}

/// A rule with places for parameters.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleTemplate {
    /// What the interface calls it: lower-case words with hyphens.
    pub slug: String,
    /// What people call it.
    pub name: String,
    /// What a rule made of it does, in one sentence.
    pub summary: String,
    /// What it is about.
    pub category: Category,
    /// What has to be done elsewhere before such a rule can work.
    #[serde(default)]
    pub setup: Option<String>,
    /// What it asks, in the order in which people are asked.
    pub parameters: IndexMap<String, Parameter>,
    /// The rule, with `params.<name>` where parameters belong.
    pub rule: Value,
}

impl RuleTemplate {
    /// Reads a template from YAML.
    pub fn from_yaml(text: &str) -> Result<Self, Problem> {
        yaml::read_yaml(text)
    }

    /// The values with defaults for what is left out, each in the form in which it is used; or all that is wrong with them,
    /// with pointers from `/` and the parameter's name on.
    pub fn read(&self, given: &Map<String, Value>) -> Result<Values, Vec<Problem>> {
        let mut problems = Vec::new();
        for name in given.keys().filter(|name| !self.parameters.contains_key(*name)) {
            let shown: String = name.chars().take(64).collect();
            let problem = Problem::new("unknown_parameter", at(name), format!("There is no parameter `{shown}`."));
            problems.push(problem.nearest(name, self.parameters.keys().map(String::as_str)));
        }
        let mut values = Values::new();
        for (name, parameter) in &self.parameters {
            let value = given.get(name).filter(|value| !value.is_null()).or(parameter.default.as_ref());
            match value.map(|value| parameter.read(value)) {
                Some(Ok(value)) => drop(values.insert(name.clone(), value)),
                Some(Err((below, message))) => {
                    problems.push(Problem::new("parameter", format!("{}{below}", at(name)), message));
                }
                None => {
                    let message = format!("This is needed: {}.", parameter.label.trim_end_matches('.'));
                    problems.push(Problem::new("missing_parameter", at(name), message));
                }
            }
        }
        if problems.is_empty() { Ok(values) } else { Err(problems) }
    }

    /// What is left out by default, and examples of what must be given.
    pub fn examples(&self) -> Map<String, Value> {
        let example = |parameter: &Parameter| parameter.default.clone().or_else(|| parameter.example.clone());
        self.parameters.iter().filter_map(|(name, parameter)| Some((name.clone(), example(parameter)?))).collect()
    }

    /// The rule with these values, which [`RuleTemplate::read`] gave.
    pub fn fill(&self, values: &Values) -> Result<Rule, Vec<Problem>> {
        let filled = fill::fill(self, values)?;
        Rule::from_value(&filled.rule)
    }

    /// The parameters that the rule makes use of.
    pub fn used(&self) -> BTreeSet<String> {
        let values = self.read(&self.examples()).unwrap_or_default();
        fill::fill(self, &values).map(|filled| filled.used).unwrap_or_default()
    }

    /// The JSON schema (draft 2020-12) of its parameters.
    pub fn schema(&self) -> Value {
        let properties: Map<String, Value> =
            self.parameters.iter().map(|(name, parameter)| (name.clone(), parameter.schema())).collect();
        let required: Vec<&String> =
            self.parameters.iter().filter(|(_, parameter)| parameter.default.is_none()).map(|(name, _)| name).collect();
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        })
    }
}

fn at(name: &str) -> String {
    format!("/{}", crate::problem::pointer_key(name))
}

#[cfg(test)]
mod tests;

//! Rules as YAML files, so that they can be reviewed, compared and applied in a pipeline.
//!
//! The reader has a budget: aliases are few and do not multiply, so the "billion laughs" file and
//! the anchor that holds itself cost nothing.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_saphyr::{budget, options};

use crate::{
    model::{MAX_SOURCE, Rule},
    problem::Problem,
};

impl Rule {
    /// Reads a rule from YAML text and checks its shape. A shape error has the line and column in
    /// the text; a contradiction has the pointer.
    pub fn from_yaml(text: &str) -> Result<Self, Vec<Problem>> {
        read_yaml::<Self>(text).map_err(|problem| vec![problem])?.sound()
    }

    /// The rule as YAML text; [`Rule::from_yaml`] reads it back to the same rule.
    pub fn to_yaml(&self) -> Result<String, Problem> {
        write_yaml(self)
    }
}

/// Reads a value from YAML text. The problem has line and column in the text.
///
/// # Errors
/// What is wrong first.
pub fn read_yaml<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    if text.len() > MAX_SOURCE {
        return Err(crate::model::too_large(text.len()));
    }
    let options = options! {
        budget: budget! {
            max_events: 50_000,
            max_nodes: 20_000,
            max_depth: 64,
            flow_nesting_limit: 64,
            max_aliases: 100,
            max_anchors: 100,
            max_recorded_anchor_events: 20_000,
            max_recorded_anchor_bytes: 1_000_000,
            max_documents: 1,
            max_total_scalar_bytes: 1_000_000,
            max_merge_keys: 100,
        },
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let error = error.without_snippet();
        let problem = crate::model::shape("yaml", String::new(), &words(&error.to_string()));
        match error.location() {
            Some(at) => problem.at(at.line() as u32, at.column() as u32),
            None => problem,
        }
    })
}

/// A value as YAML text.
///
/// # Errors
/// When it has no form in YAML.
pub fn write_yaml<T: Serialize>(value: &T) -> Result<String, Problem> {
    serde_saphyr::to_string(value)
        .map_err(|error| Problem::new("yaml", "", format!("This cannot be written as YAML: {error}.")))
}

/// The reader's words without the place, which is said by itself.
fn words(text: &str) -> String {
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let text = match text.split_once(": ") {
        Some((place, rest)) if place.starts_with("line ") => rest,
        _ => text,
    };
    text.trim().trim_end_matches('.').to_owned()
}

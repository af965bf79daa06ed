//! What is wrong with a rule, said so that a person, an editor and a CI log can each use it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much a [`Problem`] matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The rule runs, but probably not as its author thinks.
    Warning,
    /// The rule must not be enabled.
    Error,
}

/// One thing that is wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RuleProblem")]
pub struct Problem {
    /// JSON pointer (RFC 6901) into the rule: `/steps/0/with/text`. Empty for the whole document.
    pub pointer: String,
    /// Line, from 1. Counted inside the expression the pointer leads to; for text that could not
    /// be parsed at all (codes `json` and `yaml`), inside that text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Column in characters, from 1; see `line`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// What is wrong and what to do about it.
    pub message: String,
    /// The nearest name that would have been right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
    /// A stable word for programs: `unknown_field`, `syntax` …
    pub code: String,
    /// Whether the rule may still be enabled.
    pub severity: Severity,
}

impl Problem {
    /// An error at `pointer`.
    pub fn new(code: &str, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            line: None,
            column: None,
            message: message.into(),
            suggestion: None,
            code: code.to_owned(),
            severity: Severity::Error,
        }
    }

    /// The same, as a warning.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// The same, at a line and column (both from 1).
    #[must_use]
    pub fn at(mut self, line: u32, column: u32) -> Self {
        self.line = Some(line);
        self.column = Some(column);
        self
    }

    /// The same, with the pointer put below `prefix`.
    #[must_use]
    pub fn under(mut self, prefix: &str) -> Self {
        self.pointer.insert_str(0, prefix);
        self
    }

    /// The same, offering the name among `names` that is nearest to `wrong`, if any is near.
    #[must_use]
    pub fn nearest<'a>(mut self, wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.suggestion = nearest(wrong, names).map(str::to_owned);
        self
    }
}

impl Problem {
    /// What is wrong, without where: for whoever says the pointer beside it.
    pub fn words(&self) -> String {
        Self { pointer: String::new(), ..self.clone() }.to_string()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.pointer.is_empty() {
            write!(f, "{}: ", self.pointer)?;
        }
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, "line {line}, column {column}: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(name) = &self.suggestion {
            write!(f, " Did you mean `{name}`?")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

/// The name nearest to `wrong`, when it is near enough to be a slip of the pen.
pub fn nearest<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(wrong, name), name))
        // One slip in a short name costs it most of its likeness.
        .filter(|(score, name)| *score > 0.75 || (wrong.len() > 1 && strsim::osa_distance(wrong, name) == 1))
        // Ties go to the first name, so that the same rule always gets the same advice.
        .fold(None, |best: Option<(f64, &str)>, found| match best {
            Some(best) if best.0 >= found.0 => Some(best),
            _ => Some(found),
        })
        .map(|(_, name)| name)
}

/// One key made safe for a JSON pointer (RFC 6901, section 3).
pub fn pointer_key(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

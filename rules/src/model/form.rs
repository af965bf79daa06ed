//! Answers to the form of a `manual` trigger.

use serde_json::{Map, Value};

use super::trigger::{Form, Input, InputType};
use crate::problem::{Problem, pointer_key};

impl Input {
    /// Whether `answer` is of the kind asked for; if not, what to give instead.
    pub fn accepts(&self, answer: &Value) -> Result<(), String> {
        let (right, wanted) = match self.kind {
            InputType::String | InputType::User | InputType::Task | InputType::Project => {
                (answer.is_string(), "a text")
            }
            InputType::Integer => (answer.is_i64(), "a whole number"),
            InputType::Number => (answer.is_number(), "a number"),
            InputType::Boolean => (answer.is_boolean(), "`true` or `false`"),
            InputType::Date => (
                answer.as_str().is_some_and(|day| day.parse::<chrono::NaiveDate>().is_ok()),
                "a day, such as `2026-01-31`",
            ),
            InputType::Datetime => (
                answer.as_str().is_some_and(|moment| chrono::DateTime::parse_from_rfc3339(moment).is_ok()),
                "a moment (RFC 3339), such as `2026-01-31T09:00:00Z`",
            ),
            InputType::Choice => {
                let right = answer.as_str().is_some_and(|choice| self.options.iter().any(|option| option == choice));
                return if right { Ok(()) } else { Err(format!("Give one of `{}`.", self.options.join("`, `"))) };
            }
        };
        if right { Ok(()) } else { Err(format!("Give {wanted}.")) }
    }
}

/// The answers with defaults filled in: what rules see as `inputs`. Pointers lead into the answers.
pub fn answers(form: &Form, given: &Map<String, Value>) -> Result<Map<String, Value>, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut answers = Map::new();
    for name in given.keys().filter(|name| !form.contains_key(*name)) {
        let problem = Problem::new(
            "unknown_field",
            format!("/{}", pointer_key(name)),
            format!("The form does not ask for `{name}`."),
        );
        problems.push(problem.nearest(name, form.keys().map(String::as_str)));
    }
    for (name, input) in form {
        let answer = given.get(name).filter(|answer| !answer.is_null()).or(input.default.as_ref());
        match answer {
            Some(answer) => match input.accepts(answer) {
                Ok(()) => drop(answers.insert(name.clone(), answer.clone())),
                Err(message) => problems.push(Problem::new("wrong_type", format!("/{}", pointer_key(name)), message)),
            },
            None if input.required => {
                problems.push(Problem::new(
                    "missing",
                    format!("/{}", pointer_key(name)),
                    format!("`{name}` is required."),
                ));
            }
            None => drop(answers.insert(name.clone(), Value::Null)),
        }
    }
    if problems.is_empty() { Ok(answers) } else { Err(problems) }
}

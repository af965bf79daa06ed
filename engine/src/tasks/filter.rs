//! A list of tasks that is kept, or acted on: the filters of `GET /tasks`, as text or as an object.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::query::TaskQuery;
use crate::ids::UserId;
use crate::{Error, Result};

/// The longest filter, in bytes of its text.
pub const MAX_FILTER: usize = 8 * 1024;

/// What `GET /tasks` would be asked with: `project=WEB&status=todo,blocked`, or `{"project": "WEB", "status": ["todo",
/// "blocked"]}`. It is kept and shown as text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskFilter(Vec<(String, String)>);

impl TaskFilter {
    /// Reads the text of a query.
    pub fn of_text(text: &str) -> Self {
        Self(form_urlencoded::parse(text.trim_start_matches('?').as_bytes()).into_owned().collect())
    }

    /// The text of the query.
    pub fn text(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }

    /// The query, checked; what is wrong is named at `pointer`. Which page is meant is no part of it, nor, unless `sorted`,
    /// in which order. `me` is who asks by it.
    pub fn query(&self, pointer: &str, sorted: bool, me: Option<UserId>) -> Result<TaskQuery> {
        let page = |name: &str| matches!(name, "cursor" | "limit" | "offset" | "total") || (!sorted && name == "sort");
        if let Some((name, _)) = self.0.iter().find(|(name, _)| page(name)) {
            return Err(Error::field(pointer, format!("must not hold `{name}`: only filters")));
        }
        if self.text().len() > MAX_FILTER {
            return Err(Error::field(pointer, format!("must be at most {MAX_FILTER} bytes")));
        }
        let pairs = self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        TaskQuery::parse(pairs, me).map_err(|error| Error::field(pointer, error.detail.clone()))
    }
}

/// The value of a filter in an object: words and numbers as they are, several parted by commas.
fn value(name: &str, value: Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::Array(items) => {
            let words: Vec<String> = items.into_iter().map(|item| one(name, item)).collect::<Result<_, _>>()?;
            Ok(words.join(","))
        }
        _ => Err(format!("`{name}` must be a text or a list of texts")),
    }
}

fn one(name: &str, item: Value) -> Result<String, String> {
    match item {
        Value::String(text) if !text.contains(',') => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(format!("`{name}` must be a list of texts without commas")),
    }
}

impl<'de> Deserialize<'de> for TaskFilter {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let wrong = <D::Error as serde::de::Error>::custom::<String>;
        match Value::deserialize(from)? {
            Value::String(text) => Ok(Self::of_text(&text)),
            Value::Object(fields) => {
                let pairs = fields.into_iter().map(|(name, it)| value(&name, it).map(|value| (name, value)));
                pairs.collect::<Result<_, _>>().map(Self).map_err(wrong)
            }
            _ => Err(wrong("must be the text of a query such as `status=todo`, or an object of filters".into())),
        }
    }
}

impl Serialize for TaskFilter {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.text())
    }
}

impl JsonSchema for TaskFilter {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "TaskFilter".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "description": "The filters of `GET /tasks`, as the text of a query or as an object.",
            "anyOf": [{ "type": "string" }, { "type": "object" }],
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> TaskFilter {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn text_and_object_say_the_same() {
        let text = read(json!("?project=WEB&status=todo%2Cblocked&due_at.lt=2026-01-01T00:00:00Z"));
        let object = json!({ "project": "WEB", "status": ["todo", "blocked"], "due_at.lt": "2026-01-01T00:00:00Z" });
        assert_eq!(text, read(object));
        assert_eq!(TaskFilter::of_text(&text.text()), text);
        assert!(text.query("/query", false, None).is_ok());
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for (text, said) in
            [("limit=3", "limit"), ("colour=red", "colour"), ("priority=odd", "odd"), ("sort=title", "sort")]
        {
            let error = TaskFilter::of_text(text).query("/filter", false, None).unwrap_err();
            assert_eq!(error.fields[0].pointer, "/filter");
            assert!(error.detail.contains(said), "{error}");
        }
        assert!(TaskFilter::of_text("sort=title").query("/query", true, None).is_ok());
        for odd in [json!(3), json!(null), json!({ "status": { "a": 1 } }), json!({ "label": ["a,b"] })] {
            assert!(serde_json::from_value::<TaskFilter>(odd).is_err());
        }
    }
}

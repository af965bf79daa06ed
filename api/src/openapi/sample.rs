//! Examples of answers, made from their schemas: what a type says of itself is not written a second time.

use aide::openapi::SchemaObject;
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

/// Words for fields that are any text, by the end of the field's name.
const WORDS: &[(&str, &str)] = &[
    ("email", "ada@acme.example"),
    ("url", "https://trackside.example.org"),
    ("cursor", "eyJhZnRlciI6NDJ9"),
    ("key", "WEB-1"),
    ("title", "Write the copy"),
    ("name", "Website"),
    ("color", "#2f6feb"),
    ("currency", "EUR"),
    ("amount", "120.00"),
    ("note", "As agreed on Monday."),
    ("description", "What has to be known about it."),
    ("body", "Looks good to me."),
    ("detail", "What is wrong and what to do about it."),
    ("message", "Say this to a person."),
    ("pointer", "/title"),
    ("timezone", "Europe/Berlin"),
    ("locale", "en"),
];

/// What stands for a text of this form.
const FORMATS: &[(&str, &str)] = &[
    ("date-time", "2026-11-25T09:00:00Z"),
    ("date", "2026-11-25"),
    ("time", "09:00:00"),
    ("email", "ada@acme.example"),
    ("uri", "https://trackside.example.org"),
    ("uuid", "0197f3c8-d5e4-7b6a-9c1d-2e3f4a5b6c7d"),
];

/// What stands for a text of this pattern, besides ids.
const PATTERNS: &[(&str, &str)] = &[
    ("^[a-z0-9_]{1,32}$", "in_progress"),
    ("^[a-z0-9_]{1,64}$", "size"),
    ("^[a-z0-9_-]{1,64}$", "size"),
    ("^[A-Z]{3}$", "EUR"),
    ("^[A-Z][A-Z0-9]{1,9}$", "WEB"),
    ("^-?[0-9]+(\\.[0-9]+)?$", "12.50"),
    ("^[0-9]{4}-W(0[1-9]|[1-4][0-9]|5[0-3])$", "2026-W48"),
    ("^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$", "09:00"),
    ("^[0-9]+(ms|s|m|h|d|w)$", "15m"),
];

/// The end of every id's pattern, and of every id that is made up here.
const ID: (&str, &str) = ("_[0-7][0-9a-hjkmnp-tv-z]{25}$", "_01kazv5f8e7m6q2r9s4t3w1x0y");

/// The schemas that others refer to.
pub type Schemas = IndexMap<String, SchemaObject>;

/// An example of what a schema describes; `None` when it has no end, or a form that is not known here.
pub fn of(schema: &Value, schemas: &Schemas) -> Option<Value> {
    Sampler { schemas, within: Vec::new() }.value(schema, "")
}

struct Sampler<'a> {
    schemas: &'a Schemas,
    /// The schemas that are being worked on: one that holds itself ends there.
    within: Vec<String>,
}

impl Sampler<'_> {
    fn value(&mut self, schema: &Value, field: &str) -> Option<Value> {
        let Some(object) = schema.as_object() else { return Some(json!({})) };
        let given = object.get("examples").and_then(|all| all.get(0)).or_else(|| object.get("example"));
        let given = given.or_else(|| object.get("const")).or_else(|| object.get("enum").and_then(|all| all.get(0)));
        if let Some(given) = given {
            return Some(given.clone());
        }
        let own = match kind(object) {
            Some("object") => Some(self.object(object)?),
            Some("array") => Some(self.array(object)),
            Some("string") => Some(text(object, field)?.into()),
            Some("integer" | "number") => Some(number(object)),
            Some("boolean") => Some(true.into()),
            Some("null") => Some(Value::Null),
            _ => None,
        };
        let mut parts: Vec<Value> = own.into_iter().collect();
        if let Some(to) = object.get("$ref").and_then(Value::as_str) {
            parts.push(self.reference(to, field)?);
        }
        for part in object.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            parts.push(self.value(part, field)?);
        }
        for choice in ["oneOf", "anyOf"] {
            if let Some(choices) = object.get(choice).and_then(Value::as_array) {
                let mut something =
                    choices.iter().filter(|choice| choice.get("type").is_none_or(|kind| kind != "null"));
                parts.push(something.find_map(|choice| self.value(choice, field))?);
            }
        }
        Some(parts.into_iter().reduce(merged).unwrap_or_else(|| json!({})))
    }

    fn reference(&mut self, to: &str, field: &str) -> Option<Value> {
        let name = to.rsplit('/').next()?;
        if self.within.iter().any(|known| known == name) {
            return None;
        }
        let schemas = self.schemas;
        let schema = schemas.get(name)?.json_schema.as_value();
        self.within.push(name.to_owned());
        let value = self.value(schema, field);
        self.within.pop();
        value
    }

    fn object(&mut self, schema: &Map<String, Value>) -> Option<Value> {
        let required = |name: &str| {
            let names = schema.get("required").and_then(Value::as_array);
            names.is_some_and(|names| names.iter().any(|known| known == name))
        };
        let mut object = Map::new();
        for (name, schema) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            match self.value(schema, name) {
                Some(value) => drop(object.insert(name.clone(), value)),
                None if required(name) => return None,
                None => {}
            }
        }
        Some(object.into())
    }

    fn array(&mut self, schema: &Map<String, Value>) -> Value {
        match schema.get("prefixItems").and_then(Value::as_array) {
            Some(each) => each.iter().filter_map(|item| self.value(item, "")).collect(),
            None => schema.get("items").and_then(|item| self.value(item, "")).into_iter().collect(),
        }
    }
}

/// The type, or the first that is more than null.
fn kind(schema: &Map<String, Value>) -> Option<&str> {
    match schema.get("type")? {
        Value::String(kind) => Some(kind),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
        _ => None,
    }
}

fn text(schema: &Map<String, Value>, field: &str) -> Option<String> {
    let known = |of: &str, table: &[(&str, &str)]| {
        table.iter().find(|(name, _)| *name == of).map(|(_, sample)| (*sample).to_owned())
    };
    if let Some(usual) = schema.get("x-usual").and_then(|usual| usual.get(0)).and_then(Value::as_str) {
        return Some(usual.to_owned());
    }
    if let Some(pattern) = schema.get("pattern").and_then(Value::as_str) {
        let id = pattern.strip_prefix('^').and_then(|rest| rest.strip_suffix(ID.0));
        return id.map(|kind| format!("{kind}{}", ID.1)).or_else(|| known(pattern, PATTERNS));
    }
    if let Some(format) = schema.get("format").and_then(Value::as_str) {
        return known(format, FORMATS);
    }
    let word = WORDS.iter().find(|(end, _)| field.ends_with(end)).map_or("text", |(_, word)| *word);
    let most = schema.get("maxLength").and_then(Value::as_u64).map_or(usize::MAX, |most| most as usize);
    let least = schema.get("minLength").and_then(Value::as_u64).unwrap_or_default() as usize;
    let filled = word.chars().chain(std::iter::repeat_n('x', least.saturating_sub(word.chars().count())));
    Some(filled.take(most).collect())
}

fn number(schema: &Map<String, Value>) -> Value {
    let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
    let least = bound("minimum").or_else(|| bound("exclusiveMinimum").map(|above| above.floor() + 1.0));
    let number = least.map_or(1.0, |least| least.max(1.0)).min(bound("maximum").unwrap_or(f64::MAX));
    // Bounds of whole numbers are whole.
    if number.fract() == 0.0 { json!(number as i64) } else { json!(number) }
}

/// What is one object in parts, put together.
fn merged(one: Value, other: Value) -> Value {
    match (one, other) {
        (Value::Object(mut one), Value::Object(other)) => {
            one.extend(other);
            one.into()
        }
        (_, other) => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(schema: Value) -> Option<Value> {
        of(&schema, &Schemas::new())
    }

    #[test]
    fn an_example_is_what_its_schema_asks_for() {
        let schema = json!({ "type": "object", "required": ["id"], "properties": {
            "id": { "type": "string", "pattern": "^task_[0-7][0-9a-hjkmnp-tv-z]{25}$" },
            "name": { "type": ["string", "null"], "maxLength": 4 },
            "at": { "type": "string", "format": "date" },
            "sizes": { "type": "array", "items": { "type": "integer", "minimum": 3 } },
            "state": { "anyOf": [{ "type": "null" }, { "enum": ["open", "done"] }] },
            "odd": { "type": "string", "pattern": "^o+$" },
        }, "allOf": [{ "type": "object", "properties": { "more": { "const": 7 } } }] });
        let expected = json!({ "id": "task_01kazv5f8e7m6q2r9s4t3w1x0y", "name": "Webs", "at": "2026-11-25", "sizes": [3],
            "state": "open", "more": 7 });
        assert_eq!(sample(schema), Some(expected));
        assert_eq!(sample(json!({ "type": "string", "pattern": "^o+$" })), None);
    }
}

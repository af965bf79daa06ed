//! A field of a JSON Merge Patch ([RFC 7396](https://www.rfc-editor.org/rfc/rfc7396)), which tells absent from null.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::{Error, Result};

/// One field of a merge patch. Declare it with
/// `#[serde(default, skip_serializing_if = "Patch::is_absent")]`: without the default an absent field is an error.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Not named: stays as it is.
    #[default]
    Absent,
    /// `null`: goes away.
    Null,
    /// Becomes this.
    Value(T),
}

impl<T> Patch<T> {
    /// Whether the patch does not name the field.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The new value of a field that may be empty: `None` leaves it, `Some(None)` empties it.
    pub fn optional(self) -> Option<Option<T>> {
        match self {
            Self::Absent => None,
            Self::Null => Some(None),
            Self::Value(value) => Some(Some(value)),
        }
    }

    /// The new value of a field that cannot be empty: `None` leaves it, null is refused.
    pub fn required(self, pointer: &str) -> Result<Option<T>> {
        match self {
            Self::Absent => Ok(None),
            Self::Null => Err(Error::field(pointer, "cannot be null; leave it out to keep it as it is")),
            Self::Value(value) => Ok(Some(value)),
        }
    }

    /// The new value of a field whose empty value is its default (`""`, `[]`): null means that.
    pub fn or_default(self) -> Option<T>
    where
        T: Default,
    {
        match self {
            Self::Absent => None,
            Self::Null => Some(T::default()),
            Self::Value(value) => Some(value),
        }
    }
}

impl<T> From<T> for Patch<T> {
    fn from(value: T) -> Self {
        Self::Value(value)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(match Option::deserialize(from)? {
            Some(value) => Self::Value(value),
            None => Self::Null,
        })
    }
}

impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent | Self::Null => to.serialize_none(),
            Self::Value(value) => value.serialize(to),
        }
    }
}

/// The schema is that of an optional field.
impl<T: JsonSchema> JsonSchema for Patch<T> {
    fn inline_schema() -> bool {
        Option::<T>::inline_schema()
    }
    fn schema_name() -> Cow<'static, str> {
        Option::<T>::schema_name()
    }
    fn schema_id() -> Cow<'static, str> {
        Option::<T>::schema_id()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Option::<T>::json_schema(generator)
    }
}

/// Merges `patch` into `object` as RFC 7396 says: null removes, an object goes deeper, anything else replaces.
pub fn merge(object: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, value) in patch {
        match value {
            Value::Null => {
                object.remove(&name);
            }
            Value::Object(inner) => {
                let mut into = match object.remove(&name) {
                    Some(Value::Object(existing)) => existing,
                    _ => Map::new(),
                };
                merge(&mut into, inner);
                object.insert(name, Value::Object(into));
            }
            value => {
                object.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Deserialize)]
    struct Body {
        #[serde(default)]
        due: Patch<i64>,
    }

    #[test]
    fn absent_is_not_null() {
        let read = |text: &str| serde_json::from_str::<Body>(text).unwrap().due;
        assert_eq!(read("{}"), Patch::Absent);
        assert_eq!(read(r#"{"due": null}"#), Patch::Null);
        assert_eq!(read(r#"{"due": 3}"#), Patch::Value(3));
    }

    #[test]
    fn merges_as_the_examples_of_the_rfc() {
        let cases = [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ];
        for (target, patch, expected) in cases {
            let (Value::Object(mut target), Value::Object(patch)) = (target, patch) else { unreachable!() };
            merge(&mut target, patch);
            assert_eq!(Value::Object(target), expected);
        }
    }
}

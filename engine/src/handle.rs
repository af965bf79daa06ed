//! What a path or an action calls a thing by: its id, or the key that people use.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::{BadId, Id};

/// An id (`task_01h…`) or a key (`WEB-142`). Ids are lower case and keys are upper case, so one is never the other.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Handle<I> {
    /// The id.
    Id(I),
    /// The key. Whether it can be one is not checked: a key that cannot exist is not found.
    Key(String),
}

impl<I: Id> FromStr for Handle<I> {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        match text.strip_prefix(I::PREFIX) {
            Some(rest) if rest.starts_with('_') => text.parse().map(Self::Id),
            _ => Ok(Self::Key(text.to_owned())),
        }
    }
}

impl<I> From<I> for Handle<I>
where
    I: Id,
{
    fn from(id: I) -> Self {
        Self::Id(id)
    }
}

impl<I: fmt::Display> fmt::Display for Handle<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            // Shown in messages: what was asked for may be anything, at any length.
            Self::Key(key) => key.chars().take(64).try_for_each(|letter| write!(f, "{letter}")),
        }
    }
}

impl<I: fmt::Display> Serialize for Handle<I> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Id(id) => to.collect_str(id),
            Self::Key(key) => to.serialize_str(key),
        }
    }
}

impl<'de, I: Id> Deserialize<'de> for Handle<I> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

impl<I> JsonSchema for Handle<I> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Handle".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string", "description": "An id or a key." })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ProjectId, TaskId};

    #[test]
    fn tells_an_id_from_a_key() {
        let id: TaskId = "task_01h455vb4pex5vsknk084sn02q".parse().unwrap();
        assert_eq!("task_01h455vb4pex5vsknk084sn02q".parse(), Ok(Handle::Id(id)));
        assert_eq!("WEB-142".parse::<Handle<TaskId>>(), Ok(Handle::Key("WEB-142".into())));
        assert_eq!("TASK".parse::<Handle<ProjectId>>(), Ok(Handle::Key("TASK".into())));
        assert!("task_nonsense".parse::<Handle<TaskId>>().is_err());
    }
}

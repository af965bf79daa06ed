//! What a path or an action calls a thing by: its id, or the key that people use; and a person by id, or as `me`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::access::Actor;
use crate::ids::{BadId, Id, UserId};
use crate::{Error, Result};

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

/// What a path or a filter calls a person by: an id, or `me` for whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UserHandle {
    /// Whoever asks.
    Me,
    /// The person with this id.
    Id(UserId),
}

/// The word for whoever asks.
const ME: &str = "me";

impl UserHandle {
    /// Who that is when this actor says it.
    ///
    /// # Errors
    /// `denied` for `me` of somebody who is no person.
    pub fn of(self, actor: &Actor) -> Result<UserId> {
        self.said_by(actor.user())
    }

    /// The same, where all that is known of whoever says it is which person it is.
    pub(crate) fn said_by(self, user: Option<UserId>) -> Result<UserId> {
        let nobody = || Error::denied("`me` stands for a person, and no person asks here; give an id");
        match self {
            Self::Id(id) => Ok(id),
            Self::Me => user.ok_or_else(nobody),
        }
    }
}

impl FromStr for UserHandle {
    type Err = BadId;
    fn from_str(text: &str) -> Result<Self, BadId> {
        if text == ME { Ok(Self::Me) } else { text.parse().map(Self::Id) }
    }
}

impl<'de> Deserialize<'de> for UserHandle {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for UserHandle {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "UserHandle".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "The id of a person, or `me`.",
            "pattern": "^(me|user_[0-7][0-9a-hjkmnp-tv-z]{25})$",
        })
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

    #[test]
    fn me_is_whoever_asks() {
        let (ada, bob) = ("user_01h455vb4pex5vsknk084sn02q", "user_01h455vb4pex5vsknk084sn02r");
        let (ada, bob): (UserId, UserId) = (ada.parse().unwrap(), bob.parse().unwrap());
        let handle = |text: &str| text.parse::<UserHandle>().unwrap();
        assert_eq!(handle("me").said_by(Some(ada)).unwrap(), ada);
        assert_eq!(handle(&bob.to_string()).said_by(Some(ada)).unwrap(), bob);
        assert!(handle("me").said_by(None).is_err());
        assert!(
            "Me".parse::<UserHandle>().is_err() && "task_01h455vb4pex5vsknk084sn02q".parse::<UserHandle>().is_err()
        );
    }
}

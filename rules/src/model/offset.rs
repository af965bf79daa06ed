//! How far from a date something happens.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::period::Period;

/// The most working days.
const MOST_DAYS: u32 = 1_000;

/// A length of time, or so many days on which work is done: `36h`, `2d`, `3 working days`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offset {
    /// So long.
    Period(Period),
    /// So many days on which work is done in the task's project.
    WorkingDays(u32),
}

impl FromStr for Offset {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(number) = text.strip_suffix(" working days").or_else(|| text.strip_suffix(" working day")) else {
            return text.parse().map(Self::Period).map_err(|error: String| match text.contains("work") {
                true => format!("`{text}` is no number of working days; write `1 working day` or `3 working days`."),
                false => error,
            });
        };
        match number.parse::<u32>() {
            Ok(days) if (1..=MOST_DAYS).contains(&days) && number.bytes().all(|byte| byte.is_ascii_digit()) => {
                Ok(Self::WorkingDays(days))
            }
            _ => Err(format!("`{text}` must be 1 to {MOST_DAYS} working days.")),
        }
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Period(period) => write!(f, "{period}"),
            Self::WorkingDays(1) => write!(f, "1 working day"),
            Self::WorkingDays(days) => write!(f, "{days} working days"),
        }
    }
}

impl Serialize for Offset {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Offset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'_, str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Offset {
    fn schema_name() -> Cow<'static, str> {
        "Offset".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[0-9]+(ms|s|m|h|d|w| working days?)$",
            "description": "A length of time, or days on which work is done: `36h`, `2d`, `3 working days`.",
        })
    }
}

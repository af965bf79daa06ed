//! Whom a run asks before it goes on, and how many of them must agree.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{period::Period, problem::Problem};

/// Entries of `by`.
const MAX_ENTRIES: usize = 50;
/// People whose agreement may be asked for by number.
const MAX_NEEDED: u32 = 100;
/// The roles that members of a workspace have; the engine's, by a test of its own.
pub const ROLES: &[&str] = &["guest", "viewer", "team_member", "project_manager", "admin"];

/// Whom a run asks before it goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approve {
    /// `user:` with an id or address, `role:` with a role (a default one, or the id or name of one of the workspace's own),
    /// `group:` with an id or name, `oncall:` with the name of a rota (who is on call when it is asked), or `owner`, who owns
    /// the rule.
    /// Templates; one that gives a list asks all of it (`{{ task.assignees }}`).
    pub by: Vec<String>,
    /// How many of them must agree: `any`, `all` or a number; `any` when left out.
    #[serde(default, skip_serializing_if = "Need::is_any")]
    pub need: Need,
    /// What they read; a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Whether who caused the run may agree to it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_self: bool,
    /// How long they have; for ever when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Period>,
}

/// How many of those who are asked must agree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, JsonSchema)]
#[schemars(untagged)]
pub enum Need {
    /// One of them: `"any"`.
    #[default]
    #[schemars(with = "String")]
    Any,
    /// Every one of them: `"all"`.
    #[schemars(with = "String")]
    All,
    /// So many different people.
    Of(u32),
}

impl Need {
    fn is_any(&self) -> bool {
        *self == Self::Any
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::All => f.write_str("all"),
            Self::Of(count) => write!(f, "{count}"),
        }
    }
}

/// What [`Need`]'s `Display` writes.
impl std::str::FromStr for Need {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "any" => Ok(Self::Any),
            "all" => Ok(Self::All),
            other => other.parse().map(Self::Of).map_err(|_| format!("`{other}` is not `any`, `all` or a number")),
        }
    }
}

impl Serialize for Need {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Any => serializer.serialize_str("any"),
            Self::All => serializer.serialize_str("all"),
            Self::Of(count) => serializer.serialize_u32(*count),
        }
    }
}

impl<'de> Deserialize<'de> for Need {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;
        impl de::Visitor<'_> for Words {
            type Value = Need;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`any`, `all` or a number of people")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Need, E> {
                word.parse().map_err(|_| E::unknown_variant(word, &["any", "all"]))
            }

            fn visit_u64<E: de::Error>(self, count: u64) -> Result<Need, E> {
                u32::try_from(count).map(Need::Of).map_err(|_| E::invalid_value(de::Unexpected::Unsigned(count), &self))
            }

            fn visit_i64<E: de::Error>(self, count: i64) -> Result<Need, E> {
                u32::try_from(count).map(Need::Of).map_err(|_| E::invalid_value(de::Unexpected::Signed(count), &self))
            }
        }
        deserializer.deserialize_any(Words)
    }
}

impl Approve {
    /// What is wrong in it by itself; `pointer` leads to it.
    pub(super) fn problems(&self, pointer: &str) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut say = |code: &str, field: &str, message: String| {
            problems.push(Problem::new(code, format!("{pointer}{field}"), message));
        };
        if self.by.is_empty() {
            say("missing", "/by", "Say who may approve.".to_owned());
        }
        if self.by.len() > MAX_ENTRIES {
            say("too_many", "/by", format!("At most {MAX_ENTRIES} entries are allowed; make a group of the people."));
        }
        let people = self.by.iter().all(|entry| is_person(entry));
        match self.need {
            Need::Of(0) => say("too_small", "/need", "At least one must agree.".to_owned()),
            Need::Of(count) if count > MAX_NEEDED => {
                say("too_large", "/need", format!("At most {MAX_NEEDED} can be asked to agree."));
            }
            Need::Of(count) if people && count as usize > self.by.len() => {
                let message = format!("{count} must agree, but only {} are asked.", self.by.len());
                say("unreachable", "/need", message);
            }
            _ => {}
        }
        if self.timeout.is_some_and(|timeout| timeout.0.is_zero()) {
            say("too_small", "/timeout", "Nobody can answer in no time; give them some.".to_owned());
        }
        problems.extend(self.by.iter().enumerate().filter_map(|(index, entry)| {
            let problem = wrong(entry)?;
            Some(problem.under(&format!("{pointer}/by/{index}")))
        }));
        problems
    }
}

/// Whether the entry stands for one person, as far as can be seen.
fn is_person(entry: &str) -> bool {
    !entry.contains("{{") && !entry.starts_with("role:") && !entry.starts_with("group:")
}

/// Why this entry is nobody, whatever the workspace.
fn wrong(entry: &str) -> Option<Problem> {
    if entry.contains("{{") {
        return None;
    }
    let (kind, name) = entry.split_once(':').unwrap_or(("", entry));
    match kind {
        // Whether there is such a role, or group, is known where the rule is saved.
        "user" | "group" | "role" | "oncall" if !name.trim().is_empty() => None,
        "" if name == "owner" || name.contains('@') || name.starts_with("user_") => None,
        _ => {
            let message = format!(
                "`{entry}` is nobody; write `user:` with an id or address, `role:` with a role, `group:` with an id or name, `oncall:` with the name of a rota, or `owner`."
            );
            Some(Problem::new("unknown_approver", "", message).at(1, 1))
        }
    }
}

//! Rotas, as they are stored, shown and asked for.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trackside_rules::Period;

use crate::access::Scoped;
use crate::db::row;
use crate::ids::{RotaId, RotaOverrideId, UserId, WorkspaceId};
use crate::raw::Raw;
use crate::words::words;

/// The longest name, in characters.
pub const MAX_NAME: usize = 100;
/// The most people of a rota.
pub const MAX_PEOPLE: usize = 100;
/// The most rotas of a workspace.
pub const MAX_ROTAS: usize = 100;
/// The most overrides of a rota.
pub const MAX_OVERRIDES: usize = 500;

/// When one takes over from the other: `every` or `rrule`, from `start` on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RotaRotation")]
pub struct Rotation {
    /// The first hand-over: RFC 3339, or without an offset on the clock of the zone. Before it nobody is on call.
    pub start: String,
    /// The zone whose clock counts; `UTC` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tz: Option<String>,
    /// `1w`, `1d`, `12h`. Whole days are counted on the clock of the zone: who takes over at nine does so at nine in summer, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Period>,
    /// A recurrence rule (RFC 5545), at most daily: `FREQ=WEEKLY;BYDAY=MO,TH`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rrule: Option<String>,
}

row! {
    /// A rota.
    #[derive(Debug, Clone, Serialize, JsonSchema)]
    pub struct Rota {
        /// Its id.
        pub id: RotaId,
        /// The workspace it belongs to.
        #[serde(skip)]
        pub workspace_id: WorkspaceId,
        /// Its name: `oncall:<name>` is who is on call.
        pub name: String,
        /// Whose turn comes after whose.
        pub people: Raw<Vec<UserId>>,
        /// When one takes over from the other.
        pub rotation: Raw<Rotation>,
        /// Goes up by one with every change.
        pub version: i64,
        /// Who made it.
        pub created_by: Option<UserId>,
        /// When it was made.
        pub created_at: DateTime<Utc>,
        /// When it last changed.
        pub updated_at: DateTime<Utc>,
    }
}

impl Scoped for Rota {
    fn workspace(&self) -> WorkspaceId {
        self.workspace_id
    }
    fn named(&self) -> (&'static str, String) {
        ("rota", self.id.to_string())
    }
}

/// A rota that is asked for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRota {
    /// 1 to 100 characters, like no other rota's.
    pub name: String,
    /// Whose turn comes after whose: 1 to 100 members of the workspace.
    pub people: Vec<UserId>,
    /// When one takes over from the other.
    pub rotation: Rotation,
}

row! {
    /// Somebody is on call instead for a while.
    #[derive(Debug, Clone, Serialize, JsonSchema)]
    #[schemars(rename = "RotaOverride")]
    pub struct Override {
        /// Its id.
        pub id: RotaOverrideId,
        /// Who.
        #[serde(rename = "user")]
        pub user_id: UserId,
        /// From then on.
        #[serde(rename = "from")]
        pub from_at: DateTime<Utc>,
        /// Up to then.
        #[serde(rename = "to")]
        pub to_at: DateTime<Utc>,
        /// Who said so.
        pub created_by: Option<UserId>,
        /// When they did. Of several for one moment the last counts.
        pub created_at: DateTime<Utc>,
    }
}

/// Who is to be on call instead.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewRotaOverride")]
pub struct NewOverride {
    /// A member of the workspace.
    pub user: UserId,
    /// From then on.
    pub from: DateTime<Utc>,
    /// Up to then; at most a year later.
    pub to: DateTime<Utc>,
}

words! {
    /// What put somebody on call.
    pub enum By {
        /// Their turn.
        Rotation = "rotation",
        /// An override.
        Override = "override",
    }
}

words! {
    /// Why somebody is passed over.
    pub enum Because {
        /// They do not belong to the workspace any more.
        Left = "left",
        /// They are away that whole day.
        Absent = "absent",
    }
}

/// Somebody who is passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "PassedOver")]
pub struct Passed {
    /// Who.
    pub user: UserId,
    /// Why.
    pub because: Because,
}

/// Who is on call at a moment.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OnCall {
    /// The moment.
    pub at: DateTime<Utc>,
    /// Who; null when nobody is.
    pub user: Option<UserId>,
    /// What put them there; null when nobody is.
    pub by: Option<By>,
    /// Since when this turn, or override, goes; null before the first.
    pub since: Option<DateTime<Utc>>,
    /// When it ends; null when it does not.
    pub until: Option<DateTime<Utc>>,
    /// Who would have been, and is not there.
    pub passed: Vec<Passed>,
}

/// When.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnCallQuery {
    /// The moment; now when left out.
    pub at: Option<DateTime<Utc>>,
}

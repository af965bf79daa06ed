//! Entries, as they are asked for, shown and exported.

use std::fmt;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::chain::Said;
use crate::access::Who;
use crate::ids::WorkspaceId;
use crate::raw::Raw;

/// An entry of the audit log.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Entry {
    /// Its number: 1, 2, 3, … in the workspace, without a gap.
    pub seq: i64,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub actor: Raw<Who>,
    /// What was done, such as `role.created`.
    pub action: String,
    /// The id of what it was done to.
    pub subject: String,
    /// More about it, usually `before` and `after`.
    pub detail: Raw<Value>,
    /// The SHA-256 over the entry before it and this one, in hexadecimal digits.
    pub hash: String,
}

/// A line of an export: the very texts that are hashed.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exported {
    /// The workspace.
    pub workspace_id: String,
    /// Its number.
    pub seq: i64,
    /// When it was written, in UTC with six digits of the second.
    pub at: String,
    /// Who did it: a JSON text.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// The id of what it was done to.
    pub subject: String,
    /// More about it: a JSON text.
    pub detail: String,
    /// The hash of the entry before it; zeros for the first.
    pub previous: String,
    /// Its hash.
    pub hash: String,
}

impl Exported {
    pub(super) fn said(&self) -> Said<'_> {
        Said {
            workspace: &self.workspace_id,
            seq: self.seq,
            at: &self.at,
            actor: &self.actor,
            action: &self.action,
            subject: &self.subject,
            detail: &self.detail,
        }
    }
}

/// Which entries are asked for. All of it narrows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Those done by this person (`user_…`, also what rules did in their name), this rule or hook, or by `system`.
    pub actor: Option<String>,
    /// Those with this action, or with `role.*` all about roles.
    pub action: Option<String>,
    /// Those about this thing.
    pub subject: Option<String>,
    /// Those since then.
    pub from: Option<DateTime<Utc>>,
    /// Those before then.
    pub to: Option<DateTime<Utc>>,
}

/// Where the log of a workspace ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The number of its last entry.
    pub seq: i64,
    /// The hash of its last entry, in hexadecimal digits.
    pub hash: String,
}

/// What is wrong with a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The entry does not have the hash that it should, or what it says was changed.
    Changed {
        /// Its number.
        seq: i64,
    },
    /// The entry is not there.
    Missing {
        /// Its number.
        seq: i64,
    },
    /// The log is whole up to the entry, but its head says something else.
    Head {
        /// The last number that is there.
        seq: i64,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { seq } => write!(f, "entry {seq} was changed"),
            Self::Missing { seq } => write!(f, "entry {seq} was removed"),
            Self::Head { seq } => write!(f, "the head of the log does not fit its last entry, {seq}"),
        }
    }
}

/// How the log of a workspace is.
#[derive(Debug, Clone)]
pub struct State {
    /// Whose it is.
    pub workspace: WorkspaceId,
    /// Its head, or the first thing that is wrong with it.
    pub found: Result<Head, Fault>,
}

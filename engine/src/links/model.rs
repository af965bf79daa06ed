//! Links, as they are stored, shown and asked for.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::db::row;
use crate::handle::Handle;
use crate::ids::{ProjectId, TaskId, UserId};
use crate::tasks::TaskStatus;
use crate::words::words;

/// The most links of one task, both ways counted.
pub const MAX_LINKS: i64 = 200;

words! {
    /// What a task has to do with another one.
    pub enum LinkType {
        /// They have to do with each other. It goes both ways.
        RelatesTo = "relates_to",
        /// The other one cannot go on before this one is done.
        Blocks = "blocks",
        /// This one cannot go on before the other one is done.
        IsBlockedBy = "is_blocked_by",
        /// This one says what the other one says already.
        Duplicates = "duplicates",
        /// The other one says what this one says already.
        IsDuplicatedBy = "is_duplicated_by",
        /// This one was made as a copy of the other one.
        Clones = "clones",
        /// The other one was made as a copy of this one.
        IsClonedBy = "is_cloned_by",
        /// The other one is a consequence of this one.
        Causes = "causes",
        /// This one is a consequence of the other one.
        IsCausedBy = "is_caused_by",
    }
}

impl LinkType {
    /// The same link, seen from its other end.
    pub fn inverse(self) -> Self {
        match self {
            Self::RelatesTo => Self::RelatesTo,
            Self::Blocks => Self::IsBlockedBy,
            Self::IsBlockedBy => Self::Blocks,
            Self::Duplicates => Self::IsDuplicatedBy,
            Self::IsDuplicatedBy => Self::Duplicates,
            Self::Clones => Self::IsClonedBy,
            Self::IsClonedBy => Self::Clones,
            Self::Causes => Self::IsCausedBy,
            Self::IsCausedBy => Self::Causes,
        }
    }

    /// Whether it is stored from this end, or as its inverse from the other.
    fn is_stored(self) -> bool {
        matches!(self, Self::RelatesTo | Self::Blocks | Self::Duplicates | Self::Clones | Self::Causes)
    }
}

row! {
    /// A link as it is stored.
    #[derive(Debug, Clone)]
    pub struct Row {
        /// Who does it.
        pub task_id: TaskId,
        /// Whom it is done to.
        pub other_id: TaskId,
        /// What; one that is stored.
        pub kind: LinkType,
        /// Who made it.
        pub created_by: Option<UserId>,
        /// When.
        pub created_at: DateTime<Utc>,
    }
}

impl Row {
    /// The ends and the type as they are stored, of what `task` does to `other`.
    pub(super) fn ends(task: TaskId, other: TaskId, kind: LinkType) -> (TaskId, TaskId, LinkType) {
        if kind == LinkType::RelatesTo {
            return (task.min(other), task.max(other), kind);
        }
        if kind.is_stored() { (task, other, kind) } else { (other, task, kind.inverse()) }
    }
}

row! {
    /// The other end of a link.
    #[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
    pub struct LinkedTask {
        /// Its id.
        pub id: TaskId,
        /// What people call it: `WEB-142`.
        pub key: String,
        /// The project it belongs to.
        #[serde(rename = "project")]
        pub project_id: ProjectId,
        /// What is to be done.
        pub title: String,
        /// How it stands.
        pub status: TaskStatus,
    }
}

/// A link, as the task at one end sees it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Link {
    /// What the task has to do with the other one.
    #[serde(rename = "type")]
    pub kind: LinkType,
    /// The other task.
    pub other: LinkedTask,
    /// Who made the link, or in whose name a rule did; null when the program itself did.
    pub created_by: Option<UserId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// A link that is asked for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLink {
    /// The other task, of the same workspace, by id or key.
    pub other: Handle<TaskId>,
    /// What this task has to do with it.
    #[serde(rename = "type")]
    pub kind: LinkType,
}

//! What is announced when access changes. Only those who may see access get it.

use schemars::JsonSchema;
use serde::Serialize;

use super::model::{Assignment, GroupWithMembers, RoleInfo};
use crate::access::{AccessView, Permission};
use crate::events::EventType;
use crate::ids::ProjectId;
use crate::words::words;

words! {
    /// What happened to a role.
    pub enum RoleChange {
        /// It was made.
        Created = "created",
        /// It changed.
        Updated = "updated",
        /// It was deleted.
        Deleted = "deleted",
    }
}

words! {
    /// What happened to a group.
    pub enum GroupChange {
        /// It was made.
        Created = "created",
        /// Its name or its people changed.
        Updated = "updated",
        /// It was deleted.
        Deleted = "deleted",
    }
}

/// A role changed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RoleChanged<'a> {
    /// The role as it is now, or was.
    pub role: &'a RoleInfo,
    /// What happened.
    pub change: RoleChange,
}

/// A group changed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct GroupChanged<'a> {
    /// The group as it is now, or was.
    pub group: &'a GroupWithMembers,
    /// What happened.
    pub change: GroupChange,
}

/// Something was given to somebody, or taken.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AccessAssigned<'a> {
    /// The assignment.
    pub assignment: &'a Assignment,
    /// The project it holds in.
    #[serde(skip)]
    pub project: Option<ProjectId>,
}

/// An assignment was ended.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AccessEnded<'a> {
    /// The assignment as it was.
    pub assignment: &'a Assignment,
    /// The project it held in.
    #[serde(skip)]
    pub project: Option<ProjectId>,
}

macro_rules! about_access {
    ($($event:ident $kind:literal $summary:literal |$it:ident| $subject:expr, $project:expr;)+) => {$(
        impl EventType for $event<'_> {
            const KIND: &'static str = $kind;
            const SUMMARY: &'static str = $summary;
            const NEEDS: &'static str = AccessView::NAME;
            fn subject(&self) -> String {
                let $it = self;
                $subject
            }
            fn project(&self) -> Option<ProjectId> {
                let $it = self;
                let _ = $it;
                $project
            }
        }
    )+};
}

about_access! {
    AccessAssigned "access.assigned" "A role or a permission was given to somebody, or taken from them."
        |it| it.assignment.id.to_string(), it.project;
    AccessEnded "access.ended" "An assignment was ended." |it| it.assignment.id.to_string(), it.project;
    GroupChanged "access.group_changed" "A group of people was made, changed or deleted."
        |it| it.group.group.id.to_string(), None;
    RoleChanged "access.role_changed" "A role was made, changed or deleted." |it| it.role.id.clone(), None;
}

//! Roles, groups and assignments, as they are stored, shown and asked for.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::{Permissions, Role};
use crate::db::row;
use crate::handle::Handle;
use crate::ids::{AssignmentId, BadId, GroupId, ProjectId, RoleId, RuleId, TaskId, UserId};
use crate::patch::Patch;
use crate::raw::Raw;
use crate::words::words;

/// The most roles of a workspace.
pub const MAX_ROLES: i64 = 200;
/// The most permissions or inherited roles that a role names.
pub const MAX_NAMED: usize = 100;
/// The most groups of a workspace.
pub const MAX_GROUPS: i64 = 1_000;
/// The most people of a group.
pub const MAX_MEMBERS: i64 = 1_000;
/// The most assignments of a person or a group.
pub const MAX_ASSIGNMENTS: i64 = 2_000;
/// The longest description or note, in characters.
pub const MAX_NOTE: usize = 1_000;
/// The longest condition, in bytes.
pub const MAX_CONDITION: usize = 2_000;

words! {
    /// Whether an assignment gives or takes.
    pub enum Effect {
        /// It gives.
        Allow = "allow",
        /// It takes, whatever else gives.
        Deny = "deny",
    }
}

row! {
    /// A role of the workspace's own, as it is stored.
    #[derive(Debug, Clone)]
    pub struct StoredRole {
        /// Its id.
        pub id: RoleId,
        /// Its name.
        pub name: String,
        /// What it is for.
        pub description: String,
        /// What it inherits.
        pub inherits: Raw<Vec<String>>,
        /// What it names itself.
        pub permissions: Raw<Vec<String>>,
        /// Goes up by one with every change.
        pub version: i64,
        /// When it was made.
        pub created_at: DateTime<Utc>,
        /// When it last changed.
        pub updated_at: DateTime<Utc>,
    }
}

/// A role: a default one, or one of the workspace's own.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RoleInfo {
    /// What assignments name it by: the word of a default role, or an id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether it is a default role, which cannot be changed but copied.
    pub built_in: bool,
    /// The roles whose permissions it has as well.
    pub inherits: Vec<String>,
    /// The permissions that it names itself: `task.edit`, `task.*`, `*`.
    pub permissions: Vec<String>,
    /// Every permission it comes to.
    pub effective: Vec<&'static str>,
    /// Goes up by one with every change.
    pub version: i64,
    /// When it was made; absent for a default role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<DateTime<Utc>>,
    /// When it last changed; absent for a default role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<DateTime<Utc>>,
}

impl RoleInfo {
    /// A default role.
    pub fn built_in(role: Role) -> Self {
        let (name, description) = match role {
            Role::Guest => ("Guest", "Belongs here, and sees only what was assigned."),
            Role::Viewer => ("Viewer", "Sees everything but money, and changes nothing."),
            Role::TeamMember => ("Team member", "Works on tasks."),
            Role::ProjectManager => ("Project manager", "Runs projects, their budgets and their rules."),
            Role::Admin => ("Admin", "Everything, also people, access and secrets."),
        };
        let effective = Permissions::of_role(role).names();
        Self {
            id: role.as_str().to_owned(),
            name: name.to_owned(),
            description: description.to_owned(),
            built_in: true,
            inherits: Vec::new(),
            permissions: effective.iter().map(|name| (*name).to_owned()).collect(),
            effective,
            version: 1,
            created_at: None,
            updated_at: None,
        }
    }
}

/// A role that is asked for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewRole {
    /// 1 to 200 characters, once in the workspace.
    #[schemars(length(min = 1, max = 200), required)]
    pub name: String,
    /// What it is for, at most 1,000 characters.
    pub description: String,
    /// Roles whose permissions it has as well: default ones by word, others by id.
    pub inherits: Vec<String>,
    /// `task.edit`, all of a kind (`task.*`), or `*`.
    pub permissions: Vec<String>,
    /// A role to copy: its permissions are put before those named here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
}

/// A change of a role: what is left out stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RolePatch {
    /// 1 to 200 characters, once in the workspace.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub name: Patch<String>,
    /// What it is for; null empties it.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub description: Patch<String>,
    /// All roles it inherits from now on; null ends that.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub inherits: Patch<Vec<String>>,
    /// All permissions it names from now on; null takes them off.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub permissions: Patch<Vec<String>>,
}

row! {
    /// A group of people.
    #[derive(Debug, Clone, Serialize, JsonSchema)]
    pub struct Group {
        /// Its id.
        pub id: GroupId,
        /// What it is called.
        pub name: String,
        /// When it was made.
        pub created_at: DateTime<Utc>,
    }
}

/// What a list of groups can be asked for.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GroupQuery {
    /// Part of the name.
    pub q: Option<String>,
    /// Any of created_at, name; `-` before one turns it round. `created_at` when left out.
    pub sort: Option<String>,
    /// 1 to 200 items; 25 when left out.
    pub limit: Option<i64>,
    /// Rows to pass over, at most 10,000; `cursor` is faster and misses nothing.
    pub offset: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// `true` counts the groups on all pages.
    pub total: bool,
}

/// A group with the people in it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct GroupWithMembers {
    /// The group.
    #[serde(flatten)]
    pub group: Group,
    /// Who is in it, at most 1,000.
    pub members: Vec<UserId>,
}

/// A group that is asked for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewGroup {
    /// 1 to 200 characters, once in the workspace.
    #[schemars(length(min = 1, max = 200), required)]
    pub name: String,
    /// Members of the workspace, at most 1,000.
    pub members: Vec<UserId>,
}

/// A change of a group.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GroupPatch {
    /// 1 to 200 characters, once in the workspace.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub name: Patch<String>,
    /// Members of the workspace to take in; who is in it already stays.
    pub add: Vec<UserId>,
    /// People to take out; who is not in it is no error.
    pub remove: Vec<UserId>,
}

/// Where an assignment holds: it holds for everything in there, too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum On {
    /// On the whole workspace.
    #[default]
    Workspace,
    /// On a project.
    Project(Handle<ProjectId>),
    /// On a task, not on its subtasks.
    Task(TaskId),
    /// On a rule.
    Rule(RuleId),
}

impl FromStr for On {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let refused = |_: BadId| "must be `workspace`, or the id of a project, a task or a rule".to_owned();
        match text {
            "workspace" => Ok(Self::Workspace),
            _ if text.starts_with("task_") => text.parse().map(Self::Task).map_err(refused),
            _ if text.starts_with("rule_") => text.parse().map(Self::Rule).map_err(refused),
            _ => text.parse().map(Self::Project).map_err(refused),
        }
    }
}

impl fmt::Display for On {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workspace => f.write_str("workspace"),
            Self::Project(handle) => handle.fmt(f),
            Self::Task(id) => id.fmt(f),
            Self::Rule(id) => id.fmt(f),
        }
    }
}

row! {
    /// An assignment, as it is stored.
    #[derive(Debug, Clone)]
    pub struct Stored {
        /// Its id.
        pub id: AssignmentId,
        /// Whom it concerns, unless a group.
        pub user_id: Option<UserId>,
        /// Which group it concerns.
        pub group_id: Option<GroupId>,
        /// The role it is about.
        pub role: Option<String>,
        /// The permission it is about, unless a role.
        pub permission: Option<String>,
        /// Whether it gives or takes.
        pub effect: Effect,
        /// The project it holds on, or whose task it holds on.
        pub project_id: Option<ProjectId>,
        /// The task it holds on.
        pub task_id: Option<TaskId>,
        /// The rule it holds on.
        pub rule_id: Option<RuleId>,
        /// From when on.
        pub starts_at: Option<DateTime<Utc>>,
        /// Until when.
        pub ends_at: Option<DateTime<Utc>>,
        /// Only where this holds.
        pub condition: Option<String>,
        /// Why.
        pub note: String,
        /// Who made it.
        pub created_by: Option<UserId>,
        /// When it was made.
        pub created_at: DateTime<Utc>,
    }
}

/// Who may do what where.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Assignment {
    /// Its id.
    pub id: AssignmentId,
    /// Whom it concerns.
    pub user: Option<UserId>,
    /// Which group it concerns.
    pub group: Option<GroupId>,
    /// The role that it gives or takes: a default one's word, or an id.
    pub role: Option<String>,
    /// The permission that it gives or takes.
    pub permission: Option<String>,
    /// Whether it gives or takes.
    pub effect: Effect,
    /// Where: `workspace`, or the id of a project, a task or a rule.
    pub on: String,
    /// From when on.
    pub starts_at: Option<DateTime<Utc>>,
    /// Until when.
    pub ends_at: Option<DateTime<Utc>>,
    /// Only where this expression holds.
    pub condition: Option<String>,
    /// Why.
    pub note: String,
    /// Who made it.
    pub created_by: Option<UserId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl From<Stored> for Assignment {
    fn from(row: Stored) -> Self {
        let on = match (row.rule_id, row.task_id, row.project_id) {
            (Some(rule), _, _) => rule.to_string(),
            (None, Some(task), _) => task.to_string(),
            (None, None, Some(project)) => project.to_string(),
            (None, None, None) => "workspace".to_owned(),
        };
        Self {
            id: row.id,
            user: row.user_id,
            group: row.group_id,
            role: row.role,
            permission: row.permission,
            effect: row.effect,
            on,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            condition: row.condition,
            note: row.note,
            created_by: row.created_by,
            created_at: row.created_at,
        }
    }
}

/// An assignment that is asked for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewAssignment {
    /// A member of the workspace; or else `group`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// A group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupId>,
    /// A role, by its word or id; or else `permission`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// A permission: `task.edit`, all of a kind (`task.*`), or `*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permission: Option<String>,
    /// `allow` when left out. `deny` wins over everything that allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// `workspace` when left out; or a project by id or key, or the id of a task or a rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// From when on; at once when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<DateTime<Utc>>,
    /// Until when, to the second; until it is ended when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<DateTime<Utc>>,
    /// An expression over `actor`, `project`, `task`, `request.address` and `now`: it holds only where this is true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Why, at most 1,000 characters.
    pub note: String,
}

/// Which assignments are asked for.
#[derive(Debug, Clone, Default)]
pub struct AssignmentQuery {
    /// Only those that concern this person directly.
    pub user: Option<UserId>,
    /// Only those that concern this group.
    pub group: Option<GroupId>,
    /// Only those on this place.
    pub on: Option<On>,
}

//! Who may do what. A permission is a type, and the proof of having it is a value that only [`authorize`] makes:
//! a service that takes `&Granted<TaskEdit, Project>` cannot be called by code that forgot to ask.

use std::fmt;
use std::marker::PhantomData;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::actor::Actor;
use crate::ids::WorkspaceId;
use crate::{Error, Result};

/// What a member of a workspace is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees everything, changes nothing.
    Viewer,
    /// Works on tasks.
    TeamMember,
    /// Runs projects and writes rules.
    ProjectManager,
    /// Everything, also people and secrets.
    Admin,
}

impl Role {
    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::TeamMember => "team_member",
            Self::ProjectManager => "project_manager",
            Self::Admin => "admin",
        }
    }
}

/// Reads the stored word; an unknown one is the least of the roles.
impl From<&str> for Role {
    fn from(word: &str) -> Self {
        match word {
            "admin" => Self::Admin,
            "project_manager" => Self::ProjectManager,
            "team_member" => Self::TeamMember,
            _ => Self::Viewer,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that may be allowed, as a type.
pub trait Permission: Send + Sync + 'static {
    /// `resource.action`, as scopes and messages name it.
    const NAME: &'static str;
    /// The least role that has it.
    const LEAST: Role;
}

macro_rules! permissions {
    ($($type:ident $name:literal $least:ident;)+) => {
        $(
            #[doc = concat!("The permission `", $name, "`.")]
            #[derive(Debug, Clone, Copy)]
            pub struct $type;
            impl Permission for $type {
                const NAME: &'static str = $name;
                const LEAST: Role = Role::$least;
            }
        )+
        /// Every permission by name, with the least role that has it: the table in the docs is made of it.
        pub const ALL: &[(&str, Role)] = &[$(($name, Role::$least)),+];
    };
}

permissions! {
    AuditView "audit.view" Admin;
    CommentModerate "comment.moderate" ProjectManager;
    ConnectionManage "connection.manage" Admin;
    ConnectionUse "connection.use" ProjectManager;
    EventView "event.view" Viewer;
    HookManage "hook.manage" ProjectManager;
    HookView "hook.view" ProjectManager;
    MemberManage "member.manage" Admin;
    MemberView "member.view" Viewer;
    MilestoneEdit "milestone.edit" ProjectManager;
    MilestoneView "milestone.view" Viewer;
    NotificationSend "notification.send" TeamMember;
    OperationsManage "operations.manage" Admin;
    ProfileEdit "profile.edit" Viewer;
    ProjectCreate "project.create" ProjectManager;
    ProjectDelete "project.delete" Admin;
    ProjectEdit "project.edit" ProjectManager;
    ProjectView "project.view" Viewer;
    RuleEdit "rule.edit" ProjectManager;
    RuleRun "rule.run" ProjectManager;
    RuleView "rule.view" Viewer;
    RunManage "run.manage" ProjectManager;
    RunView "run.view" Viewer;
    SessionManage "session.manage" Viewer;
    TaskComment "task.comment" TeamMember;
    TaskCreate "task.create" TeamMember;
    TaskDelete "task.delete" ProjectManager;
    TaskEdit "task.edit" TeamMember;
    TaskView "task.view" Viewer;
    TimeLog "time.log" TeamMember;
    TimeManage "time.manage" ProjectManager;
    TimeView "time.view" Viewer;
    TokenCreate "token.create" Viewer;
}

/// Something that belongs to one workspace.
pub trait Scoped {
    /// The workspace that it belongs to.
    fn workspace(&self) -> WorkspaceId;
    /// What it is called in messages (`task`), and its id: what a stranger asked for and must not learn about.
    fn named(&self) -> (&'static str, String);
}

/// A workspace as a whole, for what belongs to no smaller thing (`rule.edit`, `project.create`).
#[derive(Debug, Clone, Copy)]
pub struct Workspace(pub WorkspaceId);

impl Scoped for Workspace {
    fn workspace(&self) -> WorkspaceId {
        self.0
    }
    fn named(&self) -> (&'static str, String) {
        ("workspace", self.0.to_string())
    }
}

/// The proof that somebody may do `P` to this resource.
#[derive(Debug, Clone)]
pub struct Granted<P, R> {
    resource: R,
    proof: PhantomData<P>,
}

impl<P, R> Granted<P, R> {
    /// What the permission is for.
    pub fn resource(&self) -> &R {
        &self.resource
    }

    /// What the permission was for.
    pub fn into_resource(self) -> R {
        self.resource
    }
}

/// The only way to a [`Granted`]. A resource of another workspace answers "not found", never "not allowed":
/// that it exists is already something a stranger must not learn.
pub fn authorize<P: Permission, R: Scoped>(actor: &Actor, resource: R) -> Result<Granted<P, R>> {
    if resource.workspace() != actor.workspace {
        let (what, id) = resource.named();
        return Err(Error::not_found(what, id));
    }
    if actor.role < P::LEAST {
        return Err(Error::denied(format!(
            "`{}` needs the role {} or higher; you are {}. Ask an administrator of the workspace.",
            P::NAME,
            P::LEAST,
            actor.role
        )));
    }
    if !actor.scope_allows(P::NAME) {
        return Err(Error::denied(format!(
            "this token's scopes do not include `{}`; make a token that has it",
            P::NAME
        )));
    }
    Ok(Granted { resource, proof: PhantomData })
}

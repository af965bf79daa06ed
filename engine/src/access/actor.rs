//! Who acts.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::permissions::{self, Granted, Permission, Role, Scoped, Workspace};
use crate::Result;
use crate::ids::{HookId, RuleId, UserId, WorkspaceId};

/// What kind of actor, as events record it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Who {
    /// A person, or a token of theirs.
    User {
        /// The person.
        id: UserId,
    },
    /// A rule, with the rights of its owner.
    Rule {
        /// The rule.
        id: RuleId,
        /// Its owner.
        owner: UserId,
    },
    /// A webhook that came in.
    Hook {
        /// The endpoint that received it.
        id: HookId,
    },
    /// Trackside itself.
    System,
}

/// Who acts, where, and with which rights: resolved once per request or step.
#[derive(Debug, Clone)]
pub struct Actor {
    /// Who.
    pub who: Who,
    /// In which workspace. Nothing of another one is reachable.
    pub workspace: WorkspaceId,
    /// With which role there.
    pub role: Role,
    /// What the token is limited to; `None` is no limit beyond the role. `task.*` covers every action on tasks.
    pub scopes: Option<Arc<[String]>>,
}

impl Actor {
    /// A hook that received something: it may do nothing but leave its event.
    pub fn hook(id: HookId, workspace: WorkspaceId) -> Self {
        Self { who: Who::Hook { id }, workspace, role: Role::Viewer, scopes: None }
    }

    /// Trackside itself, in one workspace.
    pub fn system(workspace: WorkspaceId) -> Self {
        Self { who: Who::System, workspace, role: Role::Admin, scopes: None }
    }

    /// The person who acts or in whose name it is done.
    pub fn user(&self) -> Option<UserId> {
        match self.who {
            Who::User { id } | Who::Rule { owner: id, .. } => Some(id),
            Who::Hook { .. } | Who::System => None,
        }
    }

    /// Whether the token's scopes, if it has any, cover this permission.
    pub fn scope_allows(&self, permission: &str) -> bool {
        self.scopes.as_ref().is_none_or(|scopes| {
            scopes.iter().any(|scope| match scope.strip_suffix(".*") {
                Some(resource) => permission.split('.').next() == Some(resource),
                None => scope == permission || scope == "*",
            })
        })
    }

    /// The proof that this actor may do `P` to `resource`.
    pub fn may<P: Permission, R: Scoped>(&self, resource: R) -> Result<Granted<P, R>> {
        permissions::authorize(self, resource)
    }

    /// The proof that this actor may do `P` in its workspace.
    pub fn may_here<P: Permission>(&self) -> Result<Granted<P, Workspace>> {
        self.may(Workspace(self.workspace))
    }
}

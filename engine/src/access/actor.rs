//! Who acts.

use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use serde_json::{Map, Value, json};

use super::permissions::{self, Granted, Permission, Permissions, Resource, Role, Workspace};
use super::reach::Reach;
use super::rights::{Place, Question, Reason, Rights, Weighed};
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
    /// What the role and assignments come to.
    pub rights: Rights,
    /// When the rights were asked for: assignments begin and end.
    pub at: DateTime<Utc>,
    /// What proved who it is.
    pub proof: Proof,
    /// Where the request came from, if it came from outside.
    pub address: Option<IpAddr>,
}

/// What proves who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Nothing had to: it acts from inside, as rules and hooks do.
    Inside,
    /// Somebody has signed in.
    Session {
        /// When the access token ends, and is renewed.
        until: Option<DateTime<Utc>>,
    },
    /// A program was given a personal token.
    Token {
        /// When it ends, if it does.
        until: Option<DateTime<Utc>>,
    },
}

impl Proof {
    /// When it ends by itself.
    pub fn until(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Inside => None,
            Self::Session { until } | Self::Token { until } => until,
        }
    }
}

impl Actor {
    /// Somebody with a default role and nothing besides.
    pub fn with_role(who: Who, workspace: WorkspaceId, role: Role) -> Self {
        let rights = Rights::of_role(role);
        // Without assignments no moment matters.
        Self {
            who,
            workspace,
            role,
            scopes: None,
            rights,
            at: DateTime::UNIX_EPOCH,
            proof: Proof::Inside,
            address: None,
        }
    }

    /// A hook that received something: it may do nothing but leave its event.
    pub fn hook(id: HookId, workspace: WorkspaceId) -> Self {
        Self::with_role(Who::Hook { id }, workspace, Role::Guest)
    }

    /// Trackside itself, in one workspace.
    pub fn system(workspace: WorkspaceId) -> Self {
        Self::with_role(Who::System, workspace, Role::Admin)
    }

    /// The person who acts or in whose name it is done.
    pub fn user(&self) -> Option<UserId> {
        match self.who {
            Who::User { id } | Who::Rule { owner: id, .. } => Some(id),
            Who::Hook { .. } | Who::System => None,
        }
    }

    /// When what this actor may do changes next by itself: an assignment begins or ends, or the token ends. Whoever goes on
    /// for longer than one request asks again then.
    pub fn changes_at(&self) -> Option<DateTime<Utc>> {
        self.rights.changes_after(self.at).into_iter().chain(self.proof.until()).min()
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
    pub fn may<P: Permission, R: Resource>(&self, resource: R) -> Result<Granted<P, R::Subject>> {
        permissions::authorize(self, resource)
    }

    /// The proof that this actor may do `P` in all of its workspace.
    pub fn may_here<P: Permission>(&self) -> Result<Granted<P, Workspace>> {
        self.may(Workspace(self.workspace))
    }

    /// The proof for a list: where in its workspace this actor may do `P`.
    pub fn may_somewhere<P: Permission>(&self) -> Result<Granted<P, Reach>> {
        permissions::reach(self)
    }

    /// Whether this actor certainly may, everywhere, whatever `other` may anywhere.
    pub fn covers(&self, other: &Self) -> bool {
        other.rights.most().beyond(self.rights.least()) == Permissions::default()
    }

    /// Whether a permission holds at a place, and why or why not. Scopes are not asked.
    pub(crate) fn decide(
        &self,
        bit: u32,
        place: &Place,
        facts: &dyn Fn() -> Map<String, Value>,
    ) -> Result<Reason, Reason> {
        self.rights.decide(&Question { bit, place, at: self.at, facts: &|| self.beside(facts()) })
    }

    /// The same, with every assignment that was weighed.
    pub(crate) fn weigh(
        &self,
        bit: u32,
        place: &Place,
        facts: &dyn Fn() -> Map<String, Value>,
    ) -> (Result<Reason, Reason>, Vec<Weighed>) {
        let question = Question { bit, place, at: self.at, facts: &|| self.beside(facts()) };
        (self.rights.decide(&question), self.rights.weigh(&question))
    }

    /// What conditions see, with who asks and from where.
    fn beside(&self, mut facts: Map<String, Value>) -> Map<String, Value> {
        facts.insert("actor".into(), json!({ "id": self.user(), "role": self.role }));
        facts.insert("request".into(), json!({ "address": self.address }));
        facts
    }

    /// Those of the permissions that this actor has at a place for a time or under a condition only, by name.
    pub(crate) fn passing(&self, place: &Place, permissions: Permissions) -> Vec<&'static str> {
        let lasts = |bit| {
            // At the end of time what has an end is over; without facts no condition gives anything.
            let question = Question { bit, place, at: DateTime::<Utc>::MAX_UTC, facts: &Map::new };
            self.rights.decide(&question).is_ok()
        };
        let passes = |name: &&'static str| !permissions::bit(name).is_some_and(lasts);
        permissions.names().into_iter().filter(passes).collect()
    }

    /// Those of the permissions that this actor does not have at a place, by name.
    pub(crate) fn lacking(&self, place: &Place, permissions: Permissions) -> Vec<&'static str> {
        let lacks = |name: &&'static str| {
            let has = |bit| self.decide(bit, place, &Map::new).is_ok();
            !self.scope_allows(name) || !permissions::bit(name).is_some_and(has)
        };
        permissions.names().into_iter().filter(lacks).collect()
    }
}

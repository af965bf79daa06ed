//! What rules may do with access, with their owner's rights: nobody gives by a rule what they do not have.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::{Assignment, Effect, NewAssignment};
use super::service;
use crate::Result;
use crate::access::AccessManage;
use crate::actions::{self, Internal, Undo};
use crate::cx::Cx;
use crate::db::Tx;
use crate::ids::{AssignmentId, GroupId, UserId};

/// `access.assign`.
pub struct Assign;

/// What `access.assign` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignInput {
    /// A member of the workspace; or else `group`.
    pub user: Option<UserId>,
    /// A group.
    pub group: Option<GroupId>,
    /// A role, by its word or id; or else `permission`.
    pub role: Option<String>,
    /// A permission.
    pub permission: Option<String>,
    /// `allow` when left out.
    pub effect: Option<Effect>,
    /// `workspace` when left out; or a project by id or key, or the id of a task or a rule.
    pub on: Option<String>,
    /// From when on.
    pub starts_at: Option<DateTime<Utc>>,
    /// Until when.
    pub ends_at: Option<DateTime<Utc>>,
    /// Why.
    #[serde(default)]
    pub note: String,
}

impl Internal for Assign {
    const NAME: &'static str = "access.assign";
    const SUMMARY: &'static str = "Gives a role or a permission to somebody, for a time if wanted, or takes it.";
    const EFFECT: actions::Effect =
        actions::Effect { reads: &["members", "groups", "roles"], writes: &["access"], undo: Undo::Remove };
    const CAUSES: &'static [&'static str] = &["access.assigned"];
    type Needs = AccessManage;
    type Input = AssignInput;
    type Output = Assignment;

    async fn perform(tx: &mut Tx, cx: &Cx, input: AssignInput) -> Result<Assignment> {
        let AssignInput { user, group, role, permission, effect, on, starts_at, ends_at, note } = input;
        let new =
            NewAssignment { user, group, role, permission, effect, on, starts_at, ends_at, condition: None, note };
        service::assign(tx, cx, new).await
    }
}

/// `access.end`.
pub struct End;

/// What `access.end` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndInput {
    /// The assignment.
    pub assignment: AssignmentId,
}

/// What `access.end` gives.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Ended {
    /// The assignment that was ended.
    pub assignment: AssignmentId,
}

impl Internal for End {
    const NAME: &'static str = "access.end";
    const SUMMARY: &'static str = "Ends an assignment.";
    const EFFECT: actions::Effect = actions::Effect { reads: &["access"], writes: &["access"], undo: Undo::Remake };
    const CAUSES: &'static [&'static str] = &["access.ended"];
    type Needs = AccessManage;
    type Input = EndInput;
    type Output = Ended;

    async fn perform(tx: &mut Tx, cx: &Cx, input: EndInput) -> Result<Ended> {
        service::end(tx, cx, input.assignment).await?;
        Ok(Ended { assignment: input.assignment })
    }
}

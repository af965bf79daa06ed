//! Why somebody may do something, or may not: the judgement itself, with everything that was weighed.

use schemars::JsonSchema;
use serde::Serialize;

use super::model::On;
use super::{roles, service};
use crate::access::rights::{Outcome, Reason};
use crate::access::{self, AccessView, Place, Role, Scoped};
use crate::cx::Cx;
use crate::db::Rx;
use crate::handle::Handle;
use crate::ids::{AssignmentId, Id as _, UserId};
use crate::{Error, Result, projects, rules};

/// The answer to `GET /access/explain`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Explanation {
    /// Whether they may.
    pub allowed: bool,
    /// Who.
    pub user: UserId,
    /// Their default role here.
    pub role: Role,
    /// What they would do.
    pub action: String,
    /// Where: `workspace`, or the id of a project, a task or a rule.
    pub object: String,
    /// What decides: `role` (their default role gives it), `assignment`, or `nothing` (nothing gives it).
    pub because: &'static str,
    /// The assignment that decides, if one does.
    pub assignment: Option<AssignmentId>,
    /// Every assignment that is about this, and what came of it.
    pub weighed: Vec<Weight>,
}

/// An assignment that was weighed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Weight {
    /// The assignment.
    pub assignment: AssignmentId,
    /// `allow` or `deny`.
    pub effect: &'static str,
    /// `counts`, `not_yet`, `ended`, `condition_false` or `condition_unknown` (it failed, or asks for what this place does
    /// not have; then it allows nothing and denies what it denies).
    pub outcome: &'static str,
}

/// Explains. One's own rights anybody may ask for, other people's who may `access.view`.
///
/// # Errors
/// `member_not_found`, `invalid_fields` for an unknown action, and what the object answers to whom it does not exist for.
pub async fn explain(rx: &mut Rx, cx: &Cx, user: Option<UserId>, action: &str, object: &str) -> Result<Explanation> {
    let own = cx.actor.user();
    let user = user.or(own).ok_or_else(|| Error::field("/user", "name a member of the workspace"))?;
    if own != Some(user) {
        cx.actor.may_here::<AccessView>()?;
    }
    let bit = access::bit(action).ok_or_else(|| {
        Error::field("/action", format!("`{}` is no single permission; one is `task.edit`", roles::shown(action)))
    })?;
    let actor = service::as_member(rx, cx, user).await?;
    let on: On = object.parse().map_err(|message: String| Error::field("/object", message))?;
    let workspace = cx.actor.workspace;
    // Who asks must see what they ask about.
    let (place, facts, object) = match on {
        On::Workspace => (Place::Workspace, serde_json::Map::new(), "workspace".to_owned()),
        On::Project(handle) => {
            let project = projects::service::find(rx, workspace, &handle).await?;
            let project = cx.actor.may::<access::ProjectView, _>(project)?.into_resource();
            (project.place(), project.facts(), project.id.to_string())
        }
        On::Task(id) => {
            let found = projects::service::find_of_task(rx, workspace, &Handle::Id(id)).await?;
            cx.actor.may::<access::TaskView, _>(found.clone())?;
            let facts = projects::facts(&found.project, &found.task);
            (Place::Task(found.project.id, id.uuid()), facts, id.to_string())
        }
        On::Rule(id) => {
            let rule = rules::service::find(rx, workspace, id).await?;
            let rule = cx.actor.may::<access::RuleView, _>(rule)?.into_resource();
            (rule.place(), rule.facts(), rule.id.to_string())
        }
    };
    let (verdict, weighed) = actor.weigh(bit, &place, &|| facts.clone());
    let (allowed, reason) = match verdict {
        Ok(reason) => (true, reason),
        Err(reason) => (false, reason),
    };
    let (because, assignment) = match reason {
        Reason::Role(_) => ("role", None),
        Reason::Assignment(id) => ("assignment", Some(id)),
        Reason::Nothing => ("nothing", None),
    };
    let weighed = weighed
        .into_iter()
        .map(|(assignment, denies, outcome)| Weight {
            assignment,
            effect: if denies { "deny" } else { "allow" },
            outcome: match outcome {
                Outcome::Counts => "counts",
                Outcome::NotYet => "not_yet",
                Outcome::Ended => "ended",
                Outcome::ConditionFalse => "condition_false",
                Outcome::ConditionUnknown => "condition_unknown",
            },
        })
        .collect();
    let action = action.to_owned();
    Ok(Explanation { allowed, user, role: actor.role, action, object, because, assignment, weighed })
}

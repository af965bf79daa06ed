//! The people of a project: whoever has a role on it by an assignment of their own, without an end or a condition. What
//! else lets people in (groups, roles in the workspace, assignments for a while) is seen at `/access/explain`.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::{Effect, NewAssignment, Stored};
use super::service;
use super::store::{self, Narrow};
use crate::access::permissions::{Granted, ProjectView};
use crate::cx::Cx;
use crate::db::{Rx, Tx};
use crate::ids::{ProjectId, UserId, WorkspaceId};
use crate::projects::Project;
use crate::{Error, Result};

/// The most people that a list shows.
pub const MAX_SHOWN: i64 = 1_000;

/// Somebody of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ProjectMember {
    /// Who.
    pub user: UserId,
    /// The role on the project: the word of a default one, or an id.
    pub role: String,
    /// Who gave it.
    pub created_by: Option<UserId>,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

/// What somebody is to be in a project.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProjectRole {
    /// A role: the word of a default one, or an id.
    pub role: String,
}

/// The people of a project, in the order they came; at most [`MAX_SHOWN`].
pub async fn list(rx: &mut Rx, may: &Granted<ProjectView, Project>) -> Result<Vec<ProjectMember>> {
    let project = may.resource();
    let rows = plain(rx, project.workspace_id, project.id, None).await?;
    Ok(rows.into_iter().filter_map(member).collect())
}

/// Makes somebody of the workspace a member of the project with this role, in place of another they had.
///
/// Whoever runs the project may do so, and gives and takes no more than they have there themselves.
///
/// # Errors
/// As [`service::assign`].
pub async fn put(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<ProjectView, Project>,
    user: UserId,
    new: ProjectRole,
) -> Result<ProjectMember> {
    let project = may.resource();
    service::may_share(cx, project)?;
    // Before it is looked at what they have: of two at the same moment the later one replaces the earlier.
    store::lock(tx, project.workspace_id).await?;
    let before = plain(tx, project.workspace_id, project.id, Some(user)).await?;
    if let [one] = before.as_slice()
        && one.role.as_ref() == Some(&new.role)
        && let Some(member) = member(one.clone())
    {
        return Ok(member);
    }
    let wanted = NewAssignment {
        user: Some(user),
        role: Some(new.role.clone()),
        on: Some(project.id.to_string()),
        ..NewAssignment::default()
    };
    let made = service::assign_in(tx, cx, project, wanted).await?;
    for old in before {
        service::end_in(tx, cx, project, old).await?;
    }
    Ok(ProjectMember { user, role: new.role, created_by: made.created_by, created_at: made.created_at })
}

/// Ends that somebody is a member of the project; one who is none is not found.
pub async fn remove(tx: &mut Tx, cx: &Cx, may: &Granted<ProjectView, Project>, user: UserId) -> Result<()> {
    let project = may.resource();
    service::may_share(cx, project)?;
    store::lock(tx, project.workspace_id).await?;
    let before = plain(tx, project.workspace_id, project.id, Some(user)).await?;
    if before.is_empty() {
        return Err(Error::not_found("project_member", user));
    }
    for old in before {
        service::end_in(tx, cx, project, old).await?;
    }
    Ok(())
}

fn member(row: Stored) -> Option<ProjectMember> {
    Some(ProjectMember { user: row.user_id?, role: row.role?, created_by: row.created_by, created_at: row.created_at })
}

/// The assignments that make people members.
async fn plain(rx: &mut Rx, workspace: WorkspaceId, project: ProjectId, user: Option<UserId>) -> Result<Vec<Stored>> {
    let narrow = Narrow { user, project: Some(project), ..Narrow::default() };
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let rows = store::list(rx, workspace, narrow, after, 200).await?;
        let more = rows.len() == 200;
        after = rows.last().map(|row| row.id);
        found.extend(rows.into_iter().filter(|row| {
            let held = row.starts_at.is_none() && row.ends_at.is_none() && row.condition.is_none();
            held && row.user_id.is_some() && row.role.is_some() && row.task_id.is_none() && row.effect == Effect::Allow
        }));
        if !more || i64::try_from(found.len()).is_ok_and(|count| count >= MAX_SHOWN) {
            return Ok(found);
        }
    }
}

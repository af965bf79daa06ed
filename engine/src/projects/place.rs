//! Where something holds that belongs to the whole workspace or to one of its projects: rates, variables, secrets.

use std::collections::HashSet;

use super::Project;
use super::service::find;
use crate::access::Actor;
use crate::access::permissions::{Granted, Permission, Workspace};
use crate::cx::Cx;
use crate::db::Rx;
use crate::handle::Handle;
use crate::ids::{ProjectId, WorkspaceId};
use crate::{Class, Result};

/// Where it holds, with the proof that the actor may do `P` there.
#[expect(clippy::large_enum_variant, reason = "one at a time, and never kept")]
pub enum Place<P> {
    /// In the whole workspace.
    Workspace(Granted<P, Workspace>),
    /// In a project.
    Project(Granted<P, Project>),
}

impl<P> Place<P> {
    /// The workspace.
    pub fn workspace(&self) -> WorkspaceId {
        match self {
            Self::Workspace(may) => may.resource().0,
            Self::Project(may) => may.resource().workspace_id,
        }
    }

    /// The project, if it is one.
    pub fn project(&self) -> Option<ProjectId> {
        match self {
            Self::Workspace(_) => None,
            Self::Project(may) => Some(may.resource().id),
        }
    }

    /// The project's key, if it is one.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Workspace(_) => None,
            Self::Project(may) => Some(&may.resource().key),
        }
    }
}

/// Asks for `P` on this project, or with none on the workspace.
///
/// # Errors
/// `project_not_found`, `denied`.
pub async fn place<P: Permission>(rx: &mut Rx, cx: &Cx, project: Option<&Handle<ProjectId>>) -> Result<Place<P>> {
    match project {
        None => Ok(Place::Workspace(cx.actor.may_here()?)),
        Some(handle) => {
            let project = find(rx, cx.actor.workspace, handle).await?;
            Ok(Place::Project(cx.actor.may(project)?))
        }
    }
}

/// Those of some projects on which the actor may do `P`.
///
/// # Errors
/// Those of the database.
pub(crate) async fn those_with<P: Permission>(
    rx: &mut Rx,
    actor: &Actor,
    projects: impl Iterator<Item = ProjectId>,
) -> Result<HashSet<ProjectId>> {
    let mut may = HashSet::new();
    for id in projects.collect::<HashSet<_>>() {
        let project = match find(rx, actor.workspace, &Handle::Id(id)).await {
            Ok(project) => project,
            Err(error) if error.class == Class::NotFound => continue,
            Err(error) => return Err(error),
        };
        if actor.may::<P, _>(project).is_ok() {
            may.insert(id);
        }
    }
    Ok(may)
}

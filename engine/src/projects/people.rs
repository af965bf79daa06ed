//! People as rules name them: `role:team_member`, `group:Backend`, `task.assignees`, an address.

use serde_json::Value;
use trackside_rules::model::ROLES;

use super::{members, service};
use crate::access::permissions::{ProjectView, TaskView};
use crate::cx::Cx;
use crate::db::Rx;
use crate::handle::Handle;
use crate::ids::{ProjectId, TaskId, UserId, WorkspaceId};
use crate::tasks::Task;
use crate::{Class, Error, Result, grants, rotas, tasks};

/// What words such as `task.assignees` and `project.owner` are about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// The task.
    pub task: Option<TaskId>,
    /// The project; that of the task when there is none.
    pub project: Option<ProjectId>,
}

impl About {
    /// What the facts of an event are about.
    pub(crate) fn of(facts: &Value) -> Self {
        let id = |name: &str| facts[name]["id"].as_str();
        Self { task: id("task").and_then(|id| id.parse().ok()), project: id("project").and_then(|id| id.parse().ok()) }
    }

    /// The project and the task, as far as they are still there.
    pub(crate) async fn there(
        &self,
        rx: &mut Rx,
        workspace: WorkspaceId,
    ) -> Result<(Option<ProjectId>, Option<TaskId>)> {
        if let Some(task) = self.task {
            match service::find_of_task(rx, workspace, &Handle::Id(task)).await {
                Ok(found) => return Ok((Some(found.project.id), Some(task))),
                Err(error) if error.class == Class::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        let Some(project) = self.project else { return Ok((None, None)) };
        match service::find(rx, workspace, &Handle::Id(project)).await {
            Ok(found) => Ok((Some(found.id), None)),
            Err(error) if error.class == Class::NotFound => Ok((None, None)),
            Err(error) => Err(error),
        }
    }

    async fn task(&self, rx: &mut Rx, cx: &Cx) -> Result<Option<Task>> {
        let Some(task) = self.task.map(Handle::Id) else { return Ok(None) };
        let found = match service::find_of_task(rx, cx.actor.workspace, &task).await {
            Ok(found) => cx.actor.may::<TaskView, _>(found)?,
            Err(error) if error.class == Class::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        tasks::service::find_in(rx, &found, &task).await.map(Some)
    }

    async fn owner(&self, rx: &mut Rx, cx: &Cx) -> Result<Option<UserId>> {
        let workspace = cx.actor.workspace;
        let found = match (&self.task, self.project) {
            (_, Some(project)) => service::find(rx, workspace, &Handle::Id(project)).await,
            (Some(task), None) => service::find_of_task(rx, workspace, &Handle::Id(*task)).await.map(|of| of.project),
            (None, None) => return Ok(None),
        };
        match found {
            Ok(project) => Ok(Some(cx.actor.may::<ProjectView, _>(project)?.resource().owner_id)),
            Err(error) if error.class == Class::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The people behind what a rule calls them, each once, in the order of the names. `about` is what the words `task.…` and
/// `project.owner` mean; who they are is asked now. A person who is named by id is not looked up: that is for the caller.
///
/// # Errors
/// `invalid_fields` with the place of a name that means nobody.
pub(crate) async fn named(rx: &mut Rx, cx: &Cx, pointer: &str, names: &[String], about: &About) -> Result<Vec<UserId>> {
    let workspace = cx.actor.workspace;
    let (mut people, mut known) = (Vec::new(), None);
    for (at, name) in names.iter().enumerate() {
        let at = format!("{pointer}/{at}");
        let unknown = || unknown(&at, name);
        let (kind, rest) = name.split_once(':').unwrap_or(("user", name.as_str()));
        match (kind, rest) {
            ("role", role) => {
                // An unknown word must not be read as the least role: that would tell the wrong people.
                let role = ROLES.iter().find(|known| **known == role).ok_or_else(unknown)?;
                people.extend(members::by_role(rx, workspace, &[(*role).to_owned()]).await?);
            }
            ("group", group) => {
                let group = grants::groups::named(rx, workspace, group).await?.ok_or_else(unknown)?;
                people.extend(grants::groups::people(rx, workspace, group).await?);
            }
            ("oncall", rota) => people.push(rotas::service::named(rx, workspace, rota, cx.now()).await?),
            ("user", "owner") => people.push(cx.actor.user().ok_or_else(unknown)?),
            ("user", "project.owner") => {
                people.push(about.owner(rx, cx).await?.ok_or_else(|| nothing(&at, name, "project"))?);
            }
            ("user", word @ ("task.assignees" | "task.watchers" | "task.created_by")) => {
                let task = match &known {
                    Some(task) => task,
                    None => known.insert(about.task(rx, cx).await?.ok_or_else(|| nothing(&at, name, "task"))?),
                };
                let of_task = match word {
                    "task.assignees" => task.assignees.read()?,
                    "task.watchers" => task.watchers.read()?,
                    _ => task.created_by.into_iter().collect(),
                };
                // Somebody who has left since still stands there.
                let there = members::among(rx, workspace, &of_task).await?;
                people.extend(of_task.into_iter().filter(|user| there.contains(user)));
            }
            ("user", address) if address.contains('@') => {
                let found = members::by_email(rx, workspace, &[address.to_lowercase()]).await?;
                let (user, _) =
                    found.first().ok_or_else(|| Error::field(&at, format!("{address} is no member's address")))?;
                people.push(*user);
            }
            ("user", id) => people.push(id.parse().map_err(|_| unknown())?),
            _ => return Err(unknown()),
        }
    }
    let mut seen = std::collections::HashSet::new();
    people.retain(|user| seen.insert(*user));
    Ok(people)
}

fn unknown(at: &str, name: &str) -> Error {
    let shown: String = name.chars().take(64).collect();
    Error::field(
        at,
        format!(
            "`{shown}` is nobody; give a user id, a member's address, `role:` with a role, `group:` with a name or id, \
             `oncall:` with the name of a rota, `owner` for the rule's owner, `project.owner`, `task.assignees`, `task.watchers` or `task.created_by`"
        ),
    )
}

fn nothing(at: &str, name: &str, what: &str) -> Error {
    Error::field(at, format!("`{name}` is nobody, because the run is about no {what} that is there"))
}

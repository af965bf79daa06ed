//! Labels over many tasks: which there are, and giving one another name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::events::LabelRenamed;
use super::{limits, store};
use crate::Result;
use crate::access::{Granted, ProjectEdit, TaskView, Workspace};
use crate::cx::Cx;
use crate::db::{Rx, Tx, row};
use crate::events::emit;
use crate::ids::{ProjectId, WorkspaceId};
use crate::paging::{Cursor, Page, PageRequest, bad_cursor};
use crate::projects::{self, Project, ProjectRef};

row! {
    /// A label, and how many tasks have it.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct Label {
        /// The label.
        pub label: String,
        /// How many tasks have it.
        pub tasks: i64,
    }
}

/// Another name for a label.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Renaming {
    /// The label that tasks have.
    pub from: String,
    /// The label that they have instead; one that they have besides stays one. Null takes the label off.
    pub to: Option<String>,
}

/// What renaming a label changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Renamed {
    /// How many tasks.
    pub tasks: usize,
}

/// The labels of all of a workspace's tasks in their order, those that begin with `prefix`.
pub async fn list(
    rx: &mut Rx,
    may: &Granted<TaskView, Workspace>,
    prefix: Option<&str>,
    page: &PageRequest,
) -> Result<Page<Label>> {
    read(rx, may.resource().0, None, prefix, page).await
}

/// The same of one project's tasks.
pub async fn of_project(
    rx: &mut Rx,
    may: &Granted<TaskView, Project>,
    prefix: Option<&str>,
    page: &PageRequest,
) -> Result<Page<Label>> {
    read(rx, may.resource().workspace_id, Some(may.resource().id), prefix, page).await
}

async fn read(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: Option<ProjectId>,
    prefix: Option<&str>,
    page: &PageRequest,
) -> Result<Page<Label>> {
    let limit = page.limit()?;
    let after = match &page.cursor {
        None => String::new(),
        Some(text) => match Cursor::decode(text, "label")?.values.as_slice() {
            [Value::String(label)] => label.clone(),
            _ => return Err(bad_cursor()),
        },
    };
    let rows = store::list_labels(rx, workspace, project, prefix.unwrap_or_default(), &after, limit + 1).await?;
    Ok(Page::cut(rows, limit, |last| Cursor { sort: "label".into(), values: vec![last.label.clone().into()] }))
}

/// Gives a label of a project's tasks another name, or takes it off. Each is a change of the task; one event tells of all.
pub async fn rename(tx: &mut Tx, cx: &Cx, may: &Granted<ProjectEdit, Project>, renaming: Renaming) -> Result<Renamed> {
    let Renaming { from, to } = renaming;
    limits::label("/from", &from)?;
    to.as_deref().map_or(Ok(()), |to| limits::label("/to", to))?;
    let project = projects::service::lock(tx, may.resource()).await?;
    projects::service::refuse_archived(&project)?;
    if to.as_ref() == Some(&from) {
        return Ok(Renamed { tasks: 0 });
    }
    let held = store::list_labelled(tx, project.workspace_id, project.id, &from).await?;
    for (task, labels) in &held {
        let mut after: Vec<String> = Vec::new();
        for label in labels.read()? {
            let label = if label == from { to.clone() } else { Some(label) };
            after.extend(label.filter(|label| !after.contains(label)));
        }
        store::relabel(tx, project.workspace_id, *task, &after, cx.now()).await?;
    }
    if !held.is_empty() {
        let (project, tasks) = (&ProjectRef::from(&project), held.len());
        emit(tx, cx, &LabelRenamed { project, from: &from, to: to.as_deref(), tasks }).await?;
    }
    Ok(Renamed { tasks: held.len() })
}

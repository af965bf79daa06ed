//! Subtasks: a task may have a parent, in the same project, without going in a circle.

use super::model::Task;
use super::store;
use crate::access::{Granted, Permission};
use crate::db::Rx;
use crate::handle::Handle;
use crate::ids::TaskId;
use crate::projects::Project;
use crate::{Error, Result};

/// How many levels a tree of tasks may have.
pub const MAX_DEPTH: i64 = 32;

/// The parent that `handle` names, if `child` (none for a new task) may be put under it. The project's row is locked,
/// so nobody else moves a task of the project meanwhile.
pub(super) async fn parent<P: Permission>(
    rx: &mut Rx,
    may: &Granted<P, Project>,
    child: Option<&Task>,
    handle: &Handle<TaskId>,
) -> Result<TaskId> {
    let project = may.resource();
    let workspace = project.workspace_id;
    let parent = store::find(rx, workspace, handle)
        .await?
        .filter(|parent| parent.project_id == project.id && super::sight::covered(may, parent))
        .ok_or_else(|| Error::field("/parent", format!("there is no task {handle} in the project {}", project.key)))?;
    let above = store::list_ancestors(rx, workspace, parent.id).await?;
    if let Some(child) = child.filter(|child| above.contains(&(child.id,))) {
        let message =
            format!("{} is {} itself or a part of it; a task cannot be a part of itself", parent.key, child.key);
        return Err(Error::field("/parent", message));
    }
    let below = match child {
        Some(child) => store::height(rx, workspace, child.id).await?,
        None => 1,
    };
    let above = i64::try_from(above.len()).unwrap_or(i64::MAX);
    if above.saturating_add(below) > MAX_DEPTH {
        return Err(Error::field("/parent", format!("the tree of tasks would have more than {MAX_DEPTH} levels")));
    }
    Ok(parent.id)
}

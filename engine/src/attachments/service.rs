//! The public verbs of attachments but the one that takes a file in, which is [`arrive`](super::arrive)'s.

use super::events::TaskAttachmentRemoved;
use super::model::Attachment;
use super::store;
use crate::access::{Granted, Sight, TaskEdit, TaskView};
use crate::cx::Cx;
use crate::db::{Rx, Tx};
use crate::events::emit;
use crate::files::FileKey;
use crate::handle::Handle;
use crate::ids::{AttachmentId, TaskId, WorkspaceId};
use crate::paging::{Cursor, Page, PageRequest};
use crate::projects::{self, Project, ProjectOfTask, ProjectRef};
use crate::{Error, Result, tasks};

/// The project that an attachment belongs to: what a permission on it is asked for.
pub async fn project_of(rx: &mut Rx, workspace: WorkspaceId, id: AttachmentId) -> Result<ProjectOfTask> {
    let file = store::find(rx, workspace, id).await?.ok_or_else(|| Error::not_found("attachment", id))?;
    projects::service::find_of_task(rx, workspace, &file.task_id.into()).await
}

/// One attachment, and where its bytes lie.
pub async fn find(rx: &mut Rx, may: &Granted<TaskView, Project>, id: AttachmentId) -> Result<(Attachment, FileKey)> {
    let workspace = may.resource().workspace_id;
    let file = store::find(rx, workspace, id).await?.ok_or_else(|| Error::not_found("attachment", id))?;
    tasks::service::find_in(rx, may, &file.task_id.into()).await?;
    Ok((file, FileKey { workspace, id }))
}

/// A task's attachments, oldest first.
pub async fn list(
    rx: &mut Rx,
    may: &(impl Sight + Sync),
    task: &Handle<TaskId>,
    page: &PageRequest,
) -> Result<Page<Attachment>> {
    let limit = page.limit()?;
    let task = tasks::service::find(rx, may, task).await?;
    let rows = store::list(rx, may.workspace(), task.id, page.after()?, limit + 1).await?;
    Ok(Page::cut(rows, limit, |last| Cursor::of_id(last.id)))
}

/// Takes a file off its task. Its bytes go soon after ([`sweep`](super::sweep)).
pub async fn remove(tx: &mut Tx, cx: &Cx, may: &Granted<TaskEdit, Project>, id: AttachmentId) -> Result<()> {
    let project = may.resource();
    let file = store::find_for_update(tx, project.workspace_id, id).await?;
    let file = file.ok_or_else(|| Error::not_found("attachment", id))?;
    let task = tasks::service::find_in(tx, may, &file.task_id.into()).await?;
    store::remove(tx, project.workspace_id, id).await?;
    let project = ProjectRef::from(project);
    emit(tx, cx, &TaskAttachmentRemoved { task: &task, project: &project, attachment: &file }).await?;
    Ok(())
}

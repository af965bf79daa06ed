//! What tasks tell analytics, in the transaction of their change.

use super::store;
use crate::Result;
use crate::cx::Cx;
use crate::db::Tx;
use crate::ids::WorkspaceId;
use crate::projects::Project;
use crate::tasks::Task;

/// A task was made.
pub(crate) async fn began(tx: &mut Tx, workspace: WorkspaceId, task: &Task) -> Result<()> {
    store::insert(tx, workspace, task).await
}

/// A task's status changed.
pub(crate) async fn moved(tx: &mut Tx, workspace: WorkspaceId, task: &Task) -> Result<()> {
    store::end(tx, task).await?;
    store::insert(tx, workspace, task).await
}

/// A project's workflow changed, and with it how tasks stand, or what that means.
pub(crate) async fn moved_many(tx: &mut Tx, cx: &Cx, project: &Project) -> Result<()> {
    store::follow(tx, project.workspace_id, project.id, cx.now()).await
}

//! Who belongs to a workspace.

use super::permissions::Role;
use super::store;
use crate::Result;
use crate::db::Rx;
use crate::ids::{UserId, WorkspaceId};

/// What somebody is here; nothing when they do not belong here.
pub async fn role(rx: &mut Rx, workspace: WorkspaceId, user: UserId) -> Result<Option<Role>> {
    store::role(rx, workspace, user).await
}

/// The first of `users` that does not belong to the workspace.
pub async fn stranger(rx: &mut Rx, workspace: WorkspaceId, users: &[UserId]) -> Result<Option<UserId>> {
    let members = store::among_members(rx, workspace, users).await?;
    Ok(users.iter().copied().find(|user| !members.contains(user)))
}

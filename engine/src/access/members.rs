//! Who belongs to a workspace.

use super::model::Member;
use super::permissions::{Granted, MemberView, Workspace};
use super::store;
use crate::Result;
use crate::db::Rx;
use crate::ids::{UserId, WorkspaceId};

/// A page of the members, in the order in which they became known.
pub async fn list(
    rx: &mut Rx,
    may: &Granted<MemberView, Workspace>,
    after: Option<UserId>,
    limit: i64,
) -> Result<Vec<Member>> {
    store::list_members(rx, may.resource().0, after, limit).await
}

/// The first of `users` that does not belong to the workspace.
pub async fn stranger(rx: &mut Rx, workspace: WorkspaceId, users: &[UserId]) -> Result<Option<UserId>> {
    let members = store::among_members(rx, workspace, users).await?;
    Ok(users.iter().copied().find(|user| !members.contains(user)))
}

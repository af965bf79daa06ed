//! For which workspace the database is asked.
//!
//! Who runs [`within`] a workspace sees and changes nothing of any other on PostgreSQL, whatever the statements say:
//! row-level security stands behind them (see [`walls`](super::walls)). Whatever runs outside is the program itself
//! (dispatcher, queue, sign-in) and sees everything. On SQLite, where no such thing exists, it changes nothing.
//!
//! A scope holds for the future it is given and for what that awaits, not for tasks that it starts. So a cache that all
//! workspaces share must be filled by a task of its own, or [`everywhere`].

use std::future::Future;

use uuid::Uuid;

use crate::ids::{Id as _, WorkspaceId};
use crate::{Error, Result};

tokio::task_local! {
    static TENANT: Option<Uuid>;
}

/// Runs `future` for one workspace.
pub fn within<F: Future>(workspace: WorkspaceId, future: F) -> impl Future<Output = F::Output> {
    TENANT.scope(Some(workspace.uuid()), future)
}

/// Runs `future` for the program itself, also from [`within`] a workspace: for what belongs to several of them.
pub fn everywhere<F: Future>(future: F) -> impl Future<Output = F::Output> {
    TENANT.scope(None, future)
}

/// Calls `poll` for one workspace; for what is polled by others, such as the body of an answer.
pub fn poll_within<T>(workspace: WorkspaceId, poll: impl FnOnce() -> T) -> T {
    TENANT.sync_scope(Some(workspace.uuid()), poll)
}

/// Refuses to go on [`within`] a workspace: for a question whose answer would be another one there.
///
/// # Errors
/// An internal error; a fault of ours.
pub fn must_see_all() -> Result<()> {
    match current() {
        None => Ok(()),
        Some(_) => Err(Error::internal("This is asked for all workspaces; ask it everywhere.")),
    }
}

/// The workspace of the future that runs now.
pub(super) fn current() -> Option<Uuid> {
    TENANT.try_with(|tenant| *tenant).ok().flatten()
}

/// Begins a transaction on PostgreSQL and says for whom, in one round trip. The setting ends with the transaction, so that
/// it never reaches the next user of the connection.
pub(super) fn begin(tenant: Uuid) -> String {
    format!("begin; set local {SETTING} = '{tenant}'")
}

/// What the policies look at.
pub(super) const SETTING: &str = "trackside.workspace";

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_scope_holds_for_what_is_awaited_and_no_further() {
        let one = WorkspaceId::from_uuid(Uuid::from_u128(1));
        let two = WorkspaceId::from_uuid(Uuid::from_u128(2));
        assert_eq!(current(), None);
        let inner = within(one, async {
            assert_eq!(current(), Some(one.uuid()));
            within(two, async { assert_eq!(current(), Some(two.uuid())) }).await;
            everywhere(async { assert_eq!(current(), None) }).await;
            let spawned = tokio::spawn(async { current() }).await.unwrap();
            assert_eq!(spawned, None);
            current()
        });
        assert_eq!(inner.await, Some(one.uuid()));
        assert_eq!(poll_within(two, current), Some(two.uuid()));
        assert_eq!(current(), None);
    }
}

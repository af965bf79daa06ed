//! The sessions of a person, seen and ended one by one.

use super::model::Session;
use super::permissions::{Granted, SessionManage, Workspace};
use super::store;
use crate::cx::Cx;
use crate::db::{Rx, Signal, Tx};
use crate::ids::{SessionId, UserId};
use crate::{Error, Result};

/// The sessions of the person who acts that go on in this workspace, oldest first.
pub async fn list(rx: &mut Rx, cx: &Cx, may: &Granted<SessionManage, Workspace>) -> Result<Vec<Session>> {
    store::list_sessions(rx, person(cx)?, may.resource().0, cx.now()).await
}

/// Ends a session of the person who acts; its next request is refused.
///
/// # Errors
/// `session_not_found`, also for other people's and for one that has ended.
pub async fn end(tx: &mut Tx, cx: &Cx, may: &Granted<SessionManage, Workspace>, id: SessionId) -> Result<()> {
    let ended = store::end_own_session(tx, (may.resource().0, person(cx)?), id, cx.now(), "ended_by_owner").await?;
    tx.wake(Signal::Access);
    if ended { Ok(()) } else { Err(Error::not_found("session", id)) }
}

fn person(cx: &Cx) -> Result<UserId> {
    cx.actor.user().ok_or_else(|| Error::denied("Only a person has sessions; sign in as one."))
}

//! How far the administrators of a workspace may go with somebody's way of signing in. A person is the same in every
//! workspace: who could set their password in one would be let into all. So they may only with somebody who belongs to no
//! other workspace; those of the first workspace, who run the installation, may with all of its members.

use super::membership;
use super::model::{Member, MemberKind, MemberState};
use super::permissions::{Granted, MemberManage, Workspace};
use super::store;
use crate::cx::Cx;
use crate::db::Rx;
use crate::ids::UserId;
use crate::{Error, Result, db};

/// Refuses what is not for these administrators to do.
///
/// # Errors
/// `member_not_found`, `member_inactive`, `denied`.
pub(super) async fn check(
    rx: &mut Rx,
    cx: &Cx,
    may: &Granted<MemberManage, Workspace>,
    user: UserId,
) -> Result<Member> {
    // Within a workspace, the first one and the others would not be seen.
    db::must_see_all()?;
    let workspace = may.resource().0;
    let member = membership::find(rx, workspace, user).await?;
    if member.kind != MemberKind::Person {
        return Err(Error::denied("A service account does not sign in; make or revoke its tokens instead."));
    }
    if member.state != MemberState::Active {
        return Err(Error::conflict("member_inactive", "This member is not active; reactivate or invite them first."));
    }
    membership::within(cx, member.role)?;
    let runs_it = store::first_of_all(rx).await? == Some(workspace);
    if !runs_it && membership::is_elsewhere(rx, workspace, user).await? {
        return Err(Error::denied(
            "This person belongs to other workspaces too, so how they sign in is theirs to change, or an operator's.",
        ));
    }
    Ok(member)
}

//! The public verbs on people, workspaces and memberships.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::actor::{Actor, Proof, Who};
use super::load;
use super::model::{self, Me, NewUser, User, WorkspaceInfo};
use super::permissions::{Granted, MemberManage, OperationsManage, Role, Workspace};
use super::{membership, store};
use crate::cx::{Cx, Source};
use crate::db::{Rx, Signal, Tx};
use crate::ids::{AssignmentId, Id as _, UserId, WorkspaceId};
use crate::{Error, Result, approvals, audit, db, events, rules};

/// Somebody who acts in the name of a member, with the member's rights now; nobody when they are no member.
pub async fn acting(
    rx: &mut Rx,
    who: Who,
    workspace: WorkspaceId,
    member: UserId,
    at: DateTime<Utc>,
) -> Result<Option<Actor>> {
    let Some((role, stamp)) = store::membership(rx, workspace, member).await? else { return Ok(None) };
    let rights = load::rights(rx, workspace, member, role, stamp).await?;
    Ok(Some(Actor { who, workspace, role, scopes: None, rights, at, proof: Proof::Inside, address: None }))
}

/// Each of `users` who is a member, with the rights they have now; in no order.
pub async fn acting_all(
    rx: &mut Rx,
    workspace: WorkspaceId,
    users: &[UserId],
    at: DateTime<Utc>,
) -> Result<Vec<(UserId, Actor)>> {
    let mut actors = Vec::with_capacity(users.len());
    for (id, role, stamp) in store::memberships(rx, workspace, users).await? {
        let rights = load::rights(rx, workspace, id, role, stamp).await?;
        let (who, proof) = (Who::User { id }, Proof::Inside);
        actors.push((id, Actor { who, workspace, role, scopes: None, rights, at, proof, address: None }));
    }
    Ok(actors)
}

/// Says that who may do what has changed in a workspace: the next question anybody asks is answered by what is there now.
pub async fn changed(tx: &mut Tx, cx: &Cx, workspace: WorkspaceId) -> Result<()> {
    store::stamp(tx, workspace, cx.new_id::<AssignmentId>().uuid()).await?;
    moved(tx, cx, workspace).await
}

/// Says that somebody's membership has changed: sockets and rules ask anew, and what is to be approved is looked at.
pub(super) async fn moved(tx: &mut Tx, cx: &Cx, workspace: WorkspaceId) -> Result<()> {
    rules::service::reread(tx).await?;
    tx.wake(Signal::Access);
    approvals::review::ask(tx, cx.source(), workspace).await
}

/// Who the actor is, and where.
///
/// # Errors
/// `denied` for one that is no person.
pub async fn me(rx: &mut Rx, actor: &Actor) -> Result<Me> {
    let user = actor.user().ok_or_else(|| Error::denied("Only a person can ask who they are."))?;
    let found = store::find_user(rx, user).await?.ok_or_else(|| Error::not_found("user", user))?;
    let position = events::service::head(rx).await?;
    let workspace = store::find_workspace(rx, actor.workspace).await?;
    Ok(Me {
        user: found,
        workspace: workspace.ok_or_else(|| Error::not_found("workspace", actor.workspace))?,
        role: actor.role,
        email_verified_at: super::addresses::proved_at(rx, user).await?,
        profile: super::profile::find(rx, user).await?,
        scopes: actor.scopes.as_ref().map(|scopes| scopes.to_vec()),
        position,
    })
}

/// Refuses whoever does not run this installation. Anybody can make a workspace and be an administrator there; what is
/// shared by all workspaces is left to the administrators of the first one, which the set-up made. Ask it
/// [`everywhere`](crate::db::everywhere).
///
/// # Errors
/// `denied`.
pub async fn must_operate(rx: &mut Rx, may: &Granted<OperationsManage, Workspace>) -> Result<()> {
    // Within a workspace, it would be the first one that can be seen.
    db::must_see_all()?;
    if store::first_of_all(rx).await? == Some(may.resource().0) {
        return Ok(());
    }
    Err(Error::denied(
        "Queues are shared by all workspaces; only an administrator of the first workspace can look after them.",
    ))
}

/// Makes a workspace and its owner an administrator there. Whoever can sign in may; nothing of any other is touched.
///
/// # Errors
/// `invalid_fields`.
pub async fn create_workspace(tx: &mut Tx, cx: &Cx, name: &str, owner: UserId) -> Result<WorkspaceInfo> {
    insert_workspace(tx, cx.source(), model::name("/name", name)?, owner).await
}

/// Adds a person who is known to the workspace.
///
/// # Errors
/// `already_member`, `member_inactive`.
pub async fn add_member(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<MemberManage, Workspace>,
    user: UserId,
    role: Role,
) -> Result<()> {
    membership::join(tx, cx, (may.resource().0, user), role, None).await.map(drop)
}

/// Makes a person known, in no workspace yet. Their password was hashed before.
///
/// # Errors
/// `email_taken`, `invalid_fields`.
pub async fn create_user(tx: &mut Tx, cx: &Cx, _may: &Granted<MemberManage, Workspace>, new: &NewUser) -> Result<User> {
    let new = NewUser {
        email: model::email(&new.email)?,
        name: model::name("/name", &new.name)?,
        password: new.password.clone(),
    };
    insert_user(tx, cx.source(), &new).await
}

pub(super) async fn insert_user(tx: &mut Tx, source: &Source, new: &NewUser) -> Result<User> {
    let user = User { id: source.new_id(), email: new.email.clone(), name: new.name.clone(), created_at: source.now() };
    if store::insert_user(tx, &user, new.password.as_str()).await? {
        return Ok(user);
    }
    Err(Error::conflict("email_taken", "Somebody has this e-mail address already; sign in with it, or use another."))
}

pub(super) async fn insert_workspace(
    tx: &mut Tx,
    source: &Source,
    name: String,
    owner: UserId,
) -> Result<WorkspaceInfo> {
    let workspace = WorkspaceInfo { id: source.new_id(), name, created_at: source.now() };
    store::insert_workspace(tx, &workspace).await?;
    store::insert_member(tx, workspace.id, owner, Role::Admin, workspace.created_at).await?;
    let founder = Actor { who: Who::User { id: owner }, ..Actor::system(workspace.id) };
    let detail = json!({ "before": null, "after": { "name": workspace.name, "owner": owner, "role": Role::Admin } });
    audit::service::record(tx, &source.cx(founder), "workspace.created", &workspace.id.to_string(), &detail).await?;
    Ok(workspace)
}

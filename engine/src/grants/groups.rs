//! The verbs on groups.

use super::events::{GroupChange, GroupChanged};
use super::model::{Group, GroupPatch, GroupQuery, GroupWithMembers, MAX_GROUPS, MAX_MEMBERS, NewGroup};
use super::{service, store};
use crate::access::{self, AccessManage, AccessView, Granted, Workspace, members};
use crate::cx::Cx;
use crate::db::{Rx, Tx};
use crate::events::emit;
use crate::ids::{GroupId, UserId, WorkspaceId};
use crate::paging::Page;
use crate::{Error, Result};

/// The groups of a workspace.
pub async fn list(rx: &mut Rx, may: &Granted<AccessView, Workspace>, query: &GroupQuery) -> Result<Page<Group>> {
    store::page_of_groups(rx, may.resource().0, query).await
}

/// One group with its people.
pub async fn find(rx: &mut Rx, may: &Granted<AccessView, Workspace>, id: GroupId) -> Result<GroupWithMembers> {
    read(rx, may.resource().0, id).await
}

/// The group that somebody calls by its id or name.
pub(crate) async fn named(rx: &mut Rx, workspace: WorkspaceId, name: &str) -> Result<Option<GroupId>> {
    match name.parse() {
        Ok(id) => Ok(store::find_group(rx, workspace, id).await?.map(|group| group.id)),
        Err(_) => store::group_named(rx, workspace, name).await,
    }
}

/// The names of groups, at most 500.
pub(crate) async fn names(rx: &mut Rx, workspace: WorkspaceId) -> Result<Vec<String>> {
    store::group_names(rx, workspace).await
}

/// The people of a group.
pub(crate) async fn people(rx: &mut Rx, workspace: WorkspaceId, id: GroupId) -> Result<Vec<UserId>> {
    store::members(rx, workspace, id).await
}

async fn read(rx: &mut Rx, workspace: WorkspaceId, id: GroupId) -> Result<GroupWithMembers> {
    let group = store::find_group(rx, workspace, id).await?.ok_or_else(|| Error::not_found("group", id))?;
    Ok(GroupWithMembers { group, members: store::members(rx, workspace, id).await? })
}

/// Makes a group.
///
/// # Errors
/// `invalid_fields`; `group_name_taken`, `too_many_groups`.
pub async fn create(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<AccessManage, Workspace>,
    new: NewGroup,
) -> Result<GroupWithMembers> {
    let workspace = may.resource().0;
    store::lock(tx, workspace).await?;
    let group = Group { id: cx.new_id(), name: access::name("/name", &new.name)?, created_at: cx.now() };
    if store::count_groups(tx, workspace).await? >= MAX_GROUPS {
        let detail = format!("a workspace has at most {MAX_GROUPS} groups; delete one that nobody needs");
        return Err(Error::conflict("too_many_groups", detail));
    }
    refuse_taken(tx, workspace, &group).await?;
    check_people(tx, workspace, "/members", &new.members).await?;
    store::insert_group(tx, workspace, &group).await?;
    store::add_members(tx, workspace, group.id, &new.members, cx.now()).await?;
    let group = read(tx, workspace, group.id).await?;
    changed(tx, cx, workspace, None, Some(group)).await
}

/// Changes a group: its name, and who is in it.
///
/// # Errors
/// Those of [`create`]; `group_not_found`, and `too_many_members`.
pub async fn update(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<AccessManage, Workspace>,
    id: GroupId,
    patch: GroupPatch,
) -> Result<GroupWithMembers> {
    let workspace = may.resource().0;
    store::lock(tx, workspace).await?;
    let before = read(tx, workspace, id).await?;
    if let Some(name) = patch.name.required("/name")? {
        let group = Group { name: access::name("/name", &name)?, ..before.group.clone() };
        refuse_taken(tx, workspace, &group).await?;
        store::rename_group(tx, workspace, id, &group.name).await?;
    }
    check_people(tx, workspace, "/add", &patch.add).await?;
    // Whoever is taken in gets what the group has: nobody hands on more than they have.
    if patch.add.iter().any(|user| !before.members.contains(user)) {
        service::refuse_group_beyond(tx, cx, workspace, id).await?;
    }
    store::add_members(tx, workspace, id, &patch.add, cx.now()).await?;
    store::remove_members(tx, workspace, id, &patch.remove).await?;
    let after = read(tx, workspace, id).await?;
    if after.members.len() as i64 > MAX_MEMBERS {
        let detail = format!("a group has at most {MAX_MEMBERS} people; make another");
        return Err(Error::conflict("too_many_members", detail));
    }
    if after.members == before.members && after.group.name == before.group.name {
        return Ok(after);
    }
    changed(tx, cx, workspace, Some(before), Some(after)).await
}

/// Deletes a group, and ends what was assigned to it.
pub async fn delete(tx: &mut Tx, cx: &Cx, may: &Granted<AccessManage, Workspace>, id: GroupId) -> Result<()> {
    let workspace = may.resource().0;
    store::lock(tx, workspace).await?;
    let before = read(tx, workspace, id).await?;
    // What takes something from its people would be lifted from them.
    service::refuse_group_beyond(tx, cx, workspace, id).await?;
    store::delete_group(tx, workspace, id).await?;
    changed(tx, cx, workspace, Some(before), None).await.map(drop)
}

async fn check_people(rx: &mut Rx, workspace: WorkspaceId, pointer: &str, people: &[UserId]) -> Result<()> {
    if people.len() as i64 > MAX_MEMBERS {
        return Err(Error::field(pointer, format!("must be at most {MAX_MEMBERS}")));
    }
    let Some(stranger) = members::stranger(rx, workspace, people).await? else { return Ok(()) };
    let place = people.iter().position(|user| *user == stranger).unwrap_or_default();
    Err(Error::field(format!("{pointer}/{place}"), format!("{stranger} is not a member of this workspace")))
}

async fn refuse_taken(rx: &mut Rx, workspace: WorkspaceId, group: &Group) -> Result<()> {
    if store::group_named(rx, workspace, &group.name).await?.is_none_or(|other| other == group.id) {
        return Ok(());
    }
    let message = format!("another group is called {}; choose another name", group.name);
    Err(Error::conflict("group_name_taken", message.clone()).and_field("/name", message))
}

async fn changed(
    tx: &mut Tx,
    cx: &Cx,
    workspace: WorkspaceId,
    before: Option<GroupWithMembers>,
    after: Option<GroupWithMembers>,
) -> Result<GroupWithMembers> {
    access::service::changed(tx, cx, workspace).await?;
    let (change, action) = match (&before, &after) {
        (None, _) => (GroupChange::Created, "group.created"),
        (Some(_), Some(_)) => (GroupChange::Updated, "group.updated"),
        (Some(_), None) => (GroupChange::Deleted, "group.deleted"),
    };
    let Some(group) = after.as_ref().or(before.as_ref()).cloned() else {
        return Err(Error::internal("A group changed from nothing to nothing."));
    };
    service::record(tx, cx, action, &group.group.id.to_string(), &before, &after).await?;
    emit(tx, cx, &GroupChanged { group: &group, change }).await?;
    Ok(group)
}

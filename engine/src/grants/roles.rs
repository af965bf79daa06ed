//! The verbs on roles.

use super::events::{RoleChange, RoleChanged};
use super::model::{MAX_NAMED, MAX_NOTE, MAX_ROLES, NewRole, RoleInfo, RolePatch, StoredRole};
use super::{service, store};
use crate::access::load::{MAX_DEPTH, Roles};
use crate::access::{self, AccessManage, AccessView, Granted, Permissions, Role, Workspace};
use crate::cx::Cx;
use crate::db::{Rx, Tx};
use crate::events::emit;
use crate::ids::{RoleId, WorkspaceId};
use crate::raw::Raw;
use crate::{Error, Result};

/// Every role: the default ones, the least first, and then the workspace's own, oldest first.
pub async fn list(rx: &mut Rx, may: &Granted<AccessView, Workspace>) -> Result<Vec<RoleInfo>> {
    let workspace = may.resource().0;
    let (stored, known) = (store::list_roles(rx, workspace).await?, Roles::read(rx, workspace).await?);
    let own = stored.into_iter().map(|role| info(role, &known));
    Role::ALL.into_iter().map(|role| Ok(RoleInfo::built_in(role))).chain(own).collect()
}

/// One role, by its word or id.
pub async fn find(rx: &mut Rx, may: &Granted<AccessView, Workspace>, id: &str) -> Result<RoleInfo> {
    let roles = list(rx, may).await?;
    roles.into_iter().find(|role| role.id == id).ok_or_else(|| Error::not_found("role", shown(id)))
}

/// The role of the workspace's own that somebody calls by its id or name.
pub(crate) async fn called(rx: &mut Rx, workspace: WorkspaceId, name: &str) -> Result<Option<RoleId>> {
    match name.parse::<RoleId>() {
        Ok(id) => Ok(store::list_roles(rx, workspace).await?.iter().any(|role| role.id == id).then_some(id)),
        Err(_) => store::role_named(rx, workspace, name).await,
    }
}

/// What the roles of the workspace's own are called.
pub(crate) async fn names(rx: &mut Rx, workspace: WorkspaceId) -> Result<Vec<String>> {
    Ok(store::list_roles(rx, workspace).await?.into_iter().map(|role| role.name).collect())
}

/// Makes a role.
///
/// # Errors
/// `invalid_fields`; `role_name_taken`, `too_many_roles`; `denied` for permissions beyond one's own.
pub async fn create(tx: &mut Tx, cx: &Cx, may: &Granted<AccessManage, Workspace>, new: NewRole) -> Result<RoleInfo> {
    let workspace = may.resource().0;
    store::lock(tx, workspace).await?;
    let known = Roles::read(tx, workspace).await?;
    let mut permissions = match &new.template {
        Some(template) => {
            named(tx, workspace, template).await.map_err(|error| at("/template", error))?;
            known.of(template).names().into_iter().map(str::to_owned).collect()
        }
        None => Vec::new(),
    };
    permissions.extend(new.permissions);
    let now = cx.now();
    let role = StoredRole {
        id: cx.new_id(),
        name: access::name("/name", &new.name)?,
        description: service::note("/description", new.description, MAX_NOTE)?,
        inherits: Raw::of(&inherits(tx, workspace, new.inherits).await?)?,
        permissions: Raw::of(&listed(permissions)?)?,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    if store::list_roles(tx, workspace).await?.len() as i64 >= MAX_ROLES {
        let detail = format!("a workspace has at most {MAX_ROLES} roles; delete one that nobody needs");
        return Err(Error::conflict("too_many_roles", detail));
    }
    refuse_taken(tx, workspace, &role).await?;
    store::insert_role(tx, workspace, &role).await?;
    changed(tx, cx, workspace, None, Some(role)).await
}

/// Changes a role; whoever has it has what it is now.
///
/// # Errors
/// Those of [`create`]; `role_not_found`, `stale`, and `role_cycle` when it would inherit from itself in the end.
pub async fn update(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<AccessManage, Workspace>,
    id: RoleId,
    expected: Option<i64>,
    patch: RolePatch,
) -> Result<RoleInfo> {
    let workspace = may.resource().0;
    store::lock(tx, workspace).await?;
    let before = store::lock_role(tx, workspace, id).await?.ok_or_else(|| Error::not_found("role", id))?;
    if let Some(expected) = expected.filter(|expected| *expected != before.version) {
        let detail = format!(
            "you saw version {expected} of the role {}, which is at version {}; read it again and repeat your change",
            before.name, before.version
        );
        return Err(Error::stale(detail));
    }
    let mut role = before.clone();
    if let Some(name) = patch.name.required("/name")? {
        role.name = access::name("/name", &name)?;
    }
    if let Some(description) = patch.description.or_default() {
        role.description = service::note("/description", description, MAX_NOTE)?;
    }
    if let Some(wanted) = patch.inherits.or_default() {
        let wanted = inherits(tx, workspace, wanted).await?;
        refuse_circle(tx, workspace, &before, &wanted).await?;
        role.inherits = Raw::of(&wanted)?;
    }
    if let Some(wanted) = patch.permissions.or_default() {
        role.permissions = Raw::of(&listed(wanted)?)?;
    }
    let same = |one: &StoredRole, other: &StoredRole| {
        (&one.name, &one.description, one.inherits.text(), one.permissions.text())
            == (&other.name, &other.description, other.inherits.text(), other.permissions.text())
    };
    if same(&before, &role) {
        return info(role, &Roles::read(tx, workspace).await?);
    }
    role.version += 1;
    role.updated_at = cx.now();
    refuse_taken(tx, workspace, &role).await?;
    store::update_role(tx, workspace, &role).await?;
    changed(tx, cx, workspace, Some(before), Some(role)).await
}

/// Deletes a role that nobody has and none inherits.
///
/// # Errors
/// `role_not_found`, `role_in_use`.
pub async fn delete(tx: &mut Tx, cx: &Cx, may: &Granted<AccessManage, Workspace>, id: RoleId) -> Result<()> {
    let workspace = may.resource().0;
    store::lock(tx, workspace).await?;
    let role = store::lock_role(tx, workspace, id).await?.ok_or_else(|| Error::not_found("role", id))?;
    let (word, mut heirs) = (id.to_string(), Vec::new());
    for other in store::list_roles(tx, workspace).await? {
        if other.inherits.read()?.contains(&word) {
            heirs.push(other.name);
        }
    }
    let assigned = store::count_with_role(tx, workspace, &word).await?;
    if assigned > 0 || !heirs.is_empty() {
        let detail = if heirs.is_empty() {
            format!("{} stands in {assigned} assignments; end them first", role.name)
        } else {
            format!("{} is inherited by {}; take it out there first", role.name, heirs.join(", "))
        };
        return Err(Error::conflict("role_in_use", detail));
    }
    store::delete_role(tx, workspace, id).await?;
    changed(tx, cx, workspace, Some(role.clone()), None).await.map(drop)
}

/// Whether this names a default role.
pub fn is_built_in(role: &str) -> bool {
    Role::ALL.iter().any(|known| known.as_str() == role)
}

/// Refuses a role that is none of this workspace's.
pub(super) async fn named(rx: &mut Rx, workspace: WorkspaceId, role: &str) -> Result<()> {
    let built_in = is_built_in(role);
    let own = match role.parse::<RoleId>() {
        Ok(id) if !built_in => store::list_roles(rx, workspace).await?.iter().any(|role| role.id == id),
        _ => false,
    };
    if built_in || own {
        return Ok(());
    }
    let known = Role::ALL.map(Role::as_str).join(", ");
    let detail = format!("`{}` is no role here; use {known}, or the id of a role of this workspace", shown(role));
    Err(Error::invalid("unknown_role", detail))
}

pub(super) fn at(pointer: impl Into<String>, error: Error) -> Error {
    Error::field(pointer, error.detail.clone())
}

pub(super) fn shown(text: &str) -> String {
    text.chars().take(64).collect()
}

async fn inherits(rx: &mut Rx, workspace: WorkspaceId, wanted: Vec<String>) -> Result<Vec<String>> {
    let mut kept: Vec<String> = Vec::new();
    for (place, role) in wanted.into_iter().enumerate() {
        let pointer = format!("/inherits/{place}");
        if place >= MAX_NAMED {
            return Err(Error::field("/inherits", format!("must be at most {MAX_NAMED}")));
        }
        named(rx, workspace, &role).await.map_err(|error| at(pointer, error))?;
        if !kept.contains(&role) {
            kept.push(role);
        }
    }
    Ok(kept)
}

fn listed(wanted: Vec<String>) -> Result<Vec<String>> {
    let mut kept: Vec<String> = Vec::new();
    for (place, name) in wanted.into_iter().enumerate() {
        permission(&format!("/permissions/{place}"), &name)?;
        if !kept.contains(&name) {
            kept.push(name);
        }
        if kept.len() > MAX_NAMED {
            return Err(Error::field("/permissions", format!("must be at most {MAX_NAMED}")));
        }
    }
    Ok(kept)
}

/// What a permission's name stands for.
pub(super) fn permission(pointer: &str, name: &str) -> Result<Permissions> {
    Permissions::named(name).ok_or_else(|| {
        let known: Vec<_> = access::ALL.iter().map(|(name, _)| *name).collect();
        let alike = alike(name, &known);
        Error::field(pointer, format!("`{}` is no permission; {alike}", shown(name)))
    })
}

fn alike(name: &str, known: &[&str]) -> String {
    let kind = name.split('.').next().unwrap_or_default();
    let alike: Vec<_> = known.iter().filter(|known| known.split('.').next() == Some(kind)).copied().collect();
    if alike.is_empty() {
        return "GET /roles lists them all in the role `admin`".to_owned();
    }
    format!("of `{kind}` there are {}", alike.join(", "))
}

async fn refuse_taken(rx: &mut Rx, workspace: WorkspaceId, role: &StoredRole) -> Result<()> {
    let other = store::role_named(rx, workspace, &role.name).await?.filter(|other| *other != role.id);
    let default = Role::ALL.iter().any(|known| known.as_str().eq_ignore_ascii_case(&role.name));
    if other.is_none() && !default {
        return Ok(());
    }
    let message = format!("another role is called {}; choose another name", role.name);
    Err(Error::conflict("role_name_taken", message.clone()).and_field("/name", message))
}

async fn refuse_circle(rx: &mut Rx, workspace: WorkspaceId, role: &StoredRole, wanted: &[String]) -> Result<()> {
    let known = Roles::read(rx, workspace).await?;
    for (place, inherited) in wanted.iter().enumerate() {
        let pointer = format!("/inherits/{place}");
        if known.leads(inherited, role.id) {
            let message = format!("{inherited} inherits from {} itself; roles cannot go in a circle", role.name);
            return Err(Error::conflict("role_cycle", message.clone()).and_field(pointer, message));
        }
    }
    Ok(())
}

/// Announces a change of a role, and refuses what one may not give.
async fn changed(
    tx: &mut Tx,
    cx: &Cx,
    workspace: WorkspaceId,
    before: Option<StoredRole>,
    after: Option<StoredRole>,
) -> Result<RoleInfo> {
    let known = Roles::read(tx, workspace).await?;
    if let Some(role) = &after {
        let word = role.id.to_string();
        service::refuse_beyond(cx, &crate::access::Place::Workspace, known.of(&word))?;
        if known.depth(&word) > MAX_DEPTH {
            let detail = format!("roles inherit at most {MAX_DEPTH} deep; name the permissions instead");
            return Err(Error::field("/inherits", detail));
        }
    }
    access::service::changed(tx, cx, workspace).await?;
    let (change, action) = match (&before, &after) {
        (None, _) => (RoleChange::Created, "role.created"),
        (Some(_), Some(_)) => (RoleChange::Updated, "role.updated"),
        (Some(_), None) => (RoleChange::Deleted, "role.deleted"),
    };
    let before = before.map(|role| info(role, &known)).transpose()?;
    let after = after.map(|role| info(role, &known)).transpose()?;
    let Some(role) = after.as_ref().or(before.as_ref()).cloned() else {
        return Err(Error::internal("A role changed from nothing to nothing."));
    };
    service::record(tx, cx, action, &role.id, &before, &after).await?;
    emit(tx, cx, &RoleChanged { role: &role, change }).await?;
    Ok(role)
}

fn info(role: StoredRole, known: &Roles) -> Result<RoleInfo> {
    let id = role.id.to_string();
    Ok(RoleInfo {
        effective: known.of(&id).names(),
        id,
        name: role.name,
        description: role.description,
        built_in: false,
        inherits: role.inherits.read()?,
        permissions: role.permissions.read()?,
        version: role.version,
        created_at: Some(role.created_at),
        updated_at: Some(role.updated_at),
    })
}

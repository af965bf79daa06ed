//! The public verbs of secrets. One for a project wants the permission on that project, any other on the workspace:
//! [`place`](crate::projects::place) asks for it.

use std::collections::{BTreeMap, HashMap};

use serde_json::json;

use super::model::{MAX_SECRET, MAX_SECRETS, MIN_SECRET, SecretInfo};
use super::store;
use crate::access::{SecretManage, SecretUse};
use crate::cx::Cx;
use crate::db::{Rx, Tx};
use crate::ids::{ProjectId, SecretId, WorkspaceId};
use crate::paging::{Cursor, Page, PageRequest};
use crate::projects::place::{self, Place};
use crate::variables::checked_name;
use crate::vault::{Secret, Vault};
use crate::{Error, Result, audit};

/// The secrets of a project, or of the workspace with those of all its projects, in the order in which they were set first.
///
/// # Errors
/// `invalid_parameter`, `invalid_cursor`.
pub async fn list(rx: &mut Rx, cx: &Cx, place: &Place<SecretUse>, page: &PageRequest) -> Result<Page<SecretInfo>> {
    let limit = page.limit()?;
    let rows = store::list(rx, place.workspace(), place.project(), page.after()?, limit + 1).await?;
    let mut page = Page::cut(rows, limit, |last| Cursor::of_id(last.id));
    // What belongs to a project on which the actor may not do this is not there for them.
    let places =
        place::those_with::<SecretUse>(rx, &cx.actor, page.items.iter().filter_map(|item| item.project_id)).await?;
    page.items.retain(|item| item.project_id.is_none_or(|project| places.contains(&project)));
    Ok(page)
}

/// One secret of just this place, without its value.
///
/// # Errors
/// `secret_not_found`.
pub async fn find(rx: &mut Rx, place: &Place<SecretUse>, name: &str) -> Result<SecretInfo> {
    let found = store::find(rx, place.workspace(), place.project(), name).await?;
    found.ok_or_else(|| missing(place, name))
}

/// Sets a secret, whether there was one or not.
///
/// # Errors
/// `invalid_name`, `invalid_fields`, `too_many_secrets`.
pub async fn set(
    tx: &mut Tx,
    cx: &Cx,
    vault: &Vault,
    place: &Place<SecretManage>,
    name: &str,
    value: &Secret,
) -> Result<SecretInfo> {
    let name = checked_name(name)?;
    let length = value.reveal().len();
    if !(MIN_SECRET..=MAX_SECRET).contains(&length) {
        let message = format!(
            "must be {MIN_SECRET} to {MAX_SECRET} bytes: a shorter text would be masked wherever it stands by chance; make it a variable if it is none to hide"
        );
        return Err(Error::field("/value", message));
    }
    if value.reveal().trim().len() != length || value.reveal().contains('\0') {
        return Err(Error::field("/value", "must not begin or end with space or a line break, or hold U+0000"));
    }
    let (workspace, project) = (place.workspace(), place.project());
    let info = |id: SecretId| SecretInfo {
        id,
        name: name.to_owned(),
        project_id: project,
        project_key: place.key().map(str::to_owned),
        set_by: cx.actor.user(),
        set_at: cx.now(),
    };
    let mut known = store::find(tx, workspace, project, name).await?;
    if known.is_none() {
        if store::count(tx, workspace, project).await? >= MAX_SECRETS {
            let detail = format!("there are {MAX_SECRETS} secrets here, the most there may be; delete some first");
            return Err(Error::conflict("too_many_secrets", detail));
        }
        let new = info(cx.new_id());
        if store::insert(tx, workspace, &new, &seal(vault, new.id, value)?).await? {
            noted(tx, cx, place, "secret.set", name).await?;
            return Ok(new);
        }
        // Of several who set it first at one moment all but one find it there.
        known = store::find(tx, workspace, project, name).await?;
    }
    let changed = info(known.ok_or_else(|| missing(place, name))?.id);
    store::update(tx, workspace, &changed, &seal(vault, changed.id, value)?).await?;
    noted(tx, cx, place, "secret.set", name).await?;
    Ok(changed)
}

/// Deletes a secret. Steps that name it fail from now on, unless the workspace has one of the same name.
///
/// # Errors
/// `secret_not_found`.
pub async fn delete(tx: &mut Tx, cx: &Cx, place: &Place<SecretManage>, name: &str) -> Result<()> {
    if !store::delete(tx, place.workspace(), place.project(), name).await? {
        return Err(missing(place, name));
    }
    noted(tx, cx, place, "secret.deleted", name).await
}

/// The secrets of these names as a project has them, for the runner alone; those that are not there are left out.
///
/// # Errors
/// `secret_key_mismatch`, `sealed_damaged`.
pub async fn reveal(
    rx: &mut Rx,
    vault: &Vault,
    workspace: WorkspaceId,
    project: Option<ProjectId>,
    names: &[String],
) -> Result<BTreeMap<String, Secret>> {
    let mut rows = store::sealed(rx, workspace, project, names).await?;
    // A project's come last and hide the workspace's.
    rows.sort_by_key(|(_, _, project, _)| project.is_some());
    rows.into_iter().map(|(id, name, _, sealed)| Ok((name, vault.open_text(&context(id), &sealed)?))).collect()
}

/// In which places each name is set; null is the workspace itself.
pub(crate) async fn places(rx: &mut Rx, workspace: WorkspaceId) -> Result<HashMap<String, Vec<Option<ProjectId>>>> {
    let mut places = HashMap::<String, Vec<Option<ProjectId>>>::new();
    for (name, project) in store::places(rx, workspace).await? {
        places.entry(name).or_default().push(project);
    }
    Ok(places)
}

async fn noted(tx: &mut Tx, cx: &Cx, place: &Place<SecretManage>, what: &'static str, name: &str) -> Result<()> {
    audit::service::record(tx, cx, what, name, &json!({ "name": name, "project": place.project() })).await
}

fn seal(vault: &Vault, id: SecretId, value: &Secret) -> Result<Vec<u8>> {
    vault.seal(&context(id), value.reveal().as_bytes())
}

fn context(id: SecretId) -> String {
    format!("secret:{id}")
}

fn missing<P>(place: &Place<P>, name: &str) -> Error {
    let shown: String = name.chars().take(64).collect();
    match place.key() {
        None => Error::not_found("secret", format!("`{shown}` of the workspace itself")),
        Some(key) => Error::not_found("secret", format!("`{shown}` of the project {key}")),
    }
}

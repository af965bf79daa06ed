//! The public verbs of views. Whoever may see tasks keeps views; sharing one wants `view.share` on what it is shared with.

use serde_json::{Map, Value};

use super::events::{ViewCreated, ViewDeleted, ViewRef, ViewUpdated};
use super::model::{Layout, MAX_NAME, MAX_OPTIONS, MAX_VIEWS, NewView, Sharing, View, ViewPatch};
use super::store;
use crate::access::{Granted, ProjectView, Reach, Sight as _, TaskView, ViewShare};
use crate::checks;
use crate::cx::Cx;
use crate::db::{Rx, Tx};
use crate::events::emit;
use crate::handle::Handle;
use crate::ids::{ProjectId, UserId, ViewId};
use crate::paging::{Cursor, Page, PageRequest};
use crate::patch::Patch;
use crate::projects;
use crate::raw::Raw;
use crate::tasks::TaskFilter;
use crate::{Error, Result};

/// One's own views and those that others share, oldest first.
pub async fn list(rx: &mut Rx, cx: &Cx, may: &Granted<TaskView, Reach>, page: &PageRequest) -> Result<Page<View>> {
    let limit = page.limit()?;
    let rows = store::list(rx, may.workspace(), cx.actor.user(), page.after()?, limit + 1).await?;
    let mut page = Page::cut(rows, limit, |last: &View| Cursor::of_id(last.id));
    // A page may be shorter for it: what others share with projects that are not seen is left out.
    let mut seen = Vec::with_capacity(page.items.len());
    for view in page.items {
        if sees(rx, cx, &view).await? {
            seen.push(view);
        }
    }
    page.items = seen;
    Ok(page)
}

/// A view that is one's own or shared.
pub async fn get(rx: &mut Rx, cx: &Cx, may: &Granted<TaskView, Reach>, id: ViewId) -> Result<View> {
    let found = store::find(rx, may.workspace(), id).await?;
    let view = found.ok_or_else(|| Error::not_found("view", id))?;
    visible(rx, cx, view).await
}

/// Saves a view.
pub async fn create(tx: &mut Tx, cx: &Cx, may: &Granted<TaskView, Reach>, new: NewView) -> Result<View> {
    let workspace = may.workspace();
    let owner = person(cx)?;
    checks::name("/name", &new.name, MAX_NAME)?;
    let query = checked(cx, &new.query)?;
    let options = options(new.options)?;
    let sharing = new.shared.unwrap_or(Sharing::Private);
    let project_id = share(tx, cx, sharing, new.project.as_ref()).await?;
    if store::count(tx, workspace, owner).await? >= MAX_VIEWS {
        return Err(Error::conflict(
            "too_many_views",
            format!("you have {MAX_VIEWS} views, the most; delete one first"),
        ));
    }
    let now = cx.now();
    let view = View {
        id: cx.new_id(),
        workspace_id: workspace,
        owner_id: owner,
        name: new.name,
        query,
        layout: new.layout.unwrap_or(Layout::List),
        options,
        sharing,
        project_id,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    store::insert(tx, &view).await?;
    emit(tx, cx, &ViewCreated { view: ViewRef::from(&view) }).await?;
    Ok(view)
}

/// Changes one's own view. `expected` is the version that was seen; another one now is refused as stale.
pub async fn update(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<TaskView, Reach>,
    id: ViewId,
    expected: Option<i64>,
    patch: ViewPatch,
) -> Result<View> {
    let mut view = lock(tx, cx, may, id, expected).await?;
    let before = view.clone();
    if let Some(name) = patch.name.required("/name")? {
        checks::name("/name", &name, MAX_NAME)?;
        view.name = name;
    }
    if let Some(query) = patch.query.required("/query")? {
        view.query = checked(cx, &query)?;
    }
    if let Some(layout) = patch.layout.required("/layout")? {
        view.layout = layout;
    }
    if let Some(fields) = patch.options.or_default() {
        view.options = options(fields)?;
    }
    if !patch.shared.is_absent() || !patch.project.is_absent() {
        view.sharing = patch.shared.required("/shared")?.unwrap_or(view.sharing);
        let project = match patch.project {
            Patch::Value(handle) => Some(handle),
            Patch::Null => None,
            Patch::Absent => view.project_id.filter(|_| view.sharing == Sharing::Project).map(Handle::Id),
        };
        view.project_id = share(tx, cx, view.sharing, project.as_ref()).await?;
    }
    let same = |one: &View, other: &View| serde_json::to_string(one).ok() == serde_json::to_string(other).ok();
    if same(&before, &view) {
        return Ok(view);
    }
    view.version += 1;
    view.updated_at = cx.now();
    store::update(tx, &view).await?;
    emit(tx, cx, &ViewUpdated { view: ViewRef::from(&view) }).await?;
    Ok(view)
}

/// Deletes one's own view.
pub async fn delete(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<TaskView, Reach>,
    id: ViewId,
    expected: Option<i64>,
) -> Result<()> {
    let view = lock(tx, cx, may, id, expected).await?;
    store::delete(tx, view.workspace_id, id).await?;
    emit(tx, cx, &ViewDeleted { view: ViewRef::from(&view) }).await?;
    Ok(())
}

/// One's own view as it is now; nobody else changes it until the transaction ends.
async fn lock(tx: &mut Tx, cx: &Cx, may: &Granted<TaskView, Reach>, id: ViewId, expected: Option<i64>) -> Result<View> {
    let found = store::find_for_update(tx, may.workspace(), id).await?;
    let view = found.ok_or_else(|| Error::not_found("view", id))?;
    let view = visible(tx, cx, view).await?;
    if cx.actor.user() != Some(view.owner_id) {
        return Err(Error::denied("only its owner changes a view; save one of your own with the same query"));
    }
    match expected.filter(|expected| *expected != view.version) {
        Some(expected) => Err(Error::stale(format!(
            "you saw version {expected} of this view, which is at version {} since {}; read it again and repeat your change",
            view.version,
            view.updated_at.to_rfc3339(),
        ))),
        None => Ok(view),
    }
}

/// Passes on a view that the actor may see; another one is not found.
async fn visible(rx: &mut Rx, cx: &Cx, view: View) -> Result<View> {
    if sees(rx, cx, &view).await? { Ok(view) } else { Err(Error::not_found("view", view.id)) }
}

async fn sees(rx: &mut Rx, cx: &Cx, view: &View) -> Result<bool> {
    if cx.actor.user() == Some(view.owner_id) {
        return Ok(true);
    }
    match (view.sharing, view.project_id) {
        (Sharing::Workspace, _) => Ok(true),
        (Sharing::Project, Some(project)) => {
            let project = projects::service::find(rx, view.workspace_id, &Handle::Id(project)).await?;
            Ok(cx.actor.may::<ProjectView, _>(project).is_ok())
        }
        _ => Ok(false),
    }
}

/// Checks that the actor may share so, and with what; answers the project.
async fn share(
    rx: &mut Rx,
    cx: &Cx,
    sharing: Sharing,
    project: Option<&Handle<ProjectId>>,
) -> Result<Option<ProjectId>> {
    match (sharing, project) {
        (Sharing::Private, None) => Ok(None),
        (Sharing::Workspace, None) => cx.actor.may_here::<ViewShare>().map(|_| None),
        (Sharing::Project, Some(handle)) => {
            let found = projects::service::find(rx, cx.actor.workspace, handle).await;
            let project = found.map_err(|error| Error::field("/project", error.detail.clone()))?;
            Ok(Some(cx.actor.may::<ViewShare, _>(project)?.resource().id))
        }
        (Sharing::Project, None) => Err(Error::field("/project", "is missing: name the project it is shared with")),
        (_, Some(_)) => Err(Error::field("/project", "goes only with `shared`: `project`; leave it out")),
    }
}

fn checked(cx: &Cx, query: &TaskFilter) -> Result<String> {
    query.query("/query", true, cx.actor.user())?;
    Ok(query.text())
}

fn options(options: Map<String, Value>) -> Result<Raw<Map<String, Value>>> {
    let options = Raw::of(&options)?;
    checks::text("/options", options.text(), MAX_OPTIONS)?;
    if options.text().contains("\\u0000") {
        return Err(Error::field("/options", "must not contain the character U+0000"));
    }
    Ok(options)
}

fn person(cx: &Cx) -> Result<UserId> {
    cx.actor.user().ok_or_else(|| Error::denied("only a person can do this; sign in as one"))
}

//! `/roles`: the default roles, and the workspace's own.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use serde_json::json;
use trackside_engine::Error;
use trackside_engine::db::Tx;
use trackside_engine::grants::{NewRole, RoleInfo, RolePatch, roles};
use trackside_engine::ids::RoleId;
use trackside_engine::paging::Page;

use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, IfMatch, Json};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let new = json!({ "name": "Contractor", "inherits": ["viewer"], "permissions": ["task.comment", "task.edit"] });
    let change = json!({ "permissions": ["task.*"] });
    ApiRouter::new()
        .api_route(
            "/roles",
            get_with(list, doc("listRoles", "List the default roles and the workspace's own, with what they come to"))
                .post_with(create, doc_with("createRole", "Make a role", new)),
        )
        .api_route(
            "/roles/{id}",
            get_with(find, doc("getRole", "Get a role, by the word of a default one or by id"))
                .patch_with(update, doc_with("updateRole", "Change a role", change))
                .delete_with(delete, doc("deleteRole", "Delete a role that nobody has")),
        )
}

/// All of them on one page: a workspace has at most 200.
async fn list(State(app): State<App>, Auth(cx): Auth) -> Result<Answer<Page<RoleInfo>>> {
    let may = cx.actor.may_here()?;
    let mut rx = app.db.read().await?;
    let items = roles::list(&mut rx, &may).await?;
    Ok(Answer::new(Page { items, next_cursor: None, total: None }))
}

async fn create(State(app): State<App>, Auth(cx): Auth, Json(new): Json<NewRole>) -> Result<Created<RoleInfo>> {
    let may = cx.actor.may_here()?;
    let role = app.db.write(async move |tx: &mut Tx| roles::create(tx, &cx, &may, new).await).await?;
    let version = role.version;
    Ok(Answer::new(role).at(version))
}

async fn find(State(app): State<App>, Auth(cx): Auth, At(id): At<String>) -> Result<Answer<RoleInfo>> {
    let may = cx.actor.may_here()?;
    let mut rx = app.db.read().await?;
    let role = roles::find(&mut rx, &may, &id).await?;
    let version = role.version;
    Ok(Answer::new(role).at(version))
}

async fn update(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<String>,
    IfMatch(seen): IfMatch,
    Json(patch): Json<RolePatch>,
) -> Result<Answer<RoleInfo>> {
    let (may, id) = (cx.actor.may_here()?, own(&id)?);
    let role = app.db.write(async move |tx: &mut Tx| roles::update(tx, &cx, &may, id, seen, patch).await).await?;
    let version = role.version;
    Ok(Answer::new(role).at(version))
}

async fn delete(State(app): State<App>, Auth(cx): Auth, At(id): At<String>) -> Result<Done> {
    let (may, id) = (cx.actor.may_here()?, own(&id)?);
    app.db.write(async move |tx: &mut Tx| roles::delete(tx, &cx, &may, id).await).await?;
    Ok(Done)
}

/// The id of a role that can be changed.
fn own(id: &str) -> Result<RoleId, Error> {
    if roles::is_built_in(id) {
        let detail =
            format!("{id} is a default role, which stays as it is; make one of your own with it as `template`");
        return Err(Error::conflict("role_built_in", detail));
    }
    id.parse().map_err(|_| Error::not_found("role", id.chars().take(64).collect::<String>()))
}

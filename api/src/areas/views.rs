//! `/views`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use serde_json::json;
use trackside_engine::db::Tx;
use trackside_engine::ids::ViewId;
use trackside_engine::paging::Page;
use trackside_engine::views::{NewView, View, ViewPatch, service};

use super::PageQuery;
use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, IfMatch, Json, Query};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let new = json!({ "name": "Urgent", "query": "priority=critical,high&status=todo&sort=due_at", "layout": "board" });
    let change = json!({ "query": { "priority": ["critical"], "sort": "due_at" }, "shared": "private" });
    ApiRouter::new()
        .api_route(
            "/views",
            get_with(list, doc("listViews", "List one's own saved views and those that are shared, oldest first"))
                .post_with(create, doc_with("createView", "Save a view of tasks", new)),
        )
        .api_route(
            "/views/{id}",
            get_with(find, doc("getView", "Get a saved view"))
                .patch_with(update, doc_with("updateView", "Change one's own view", change))
                .delete_with(delete, doc("deleteView", "Delete one's own view")),
        )
}

async fn list(State(app): State<App>, Auth(cx): Auth, Query(page): Query<PageQuery>) -> Result<Answer<Page<View>>> {
    let may = cx.actor.may_somewhere()?;
    let mut rx = app.db.read().await?;
    Ok(Answer::new(service::list(&mut rx, &cx, &may, &page.into()).await?))
}

async fn create(State(app): State<App>, Auth(cx): Auth, Json(new): Json<NewView>) -> Result<Created<View>> {
    let may = cx.actor.may_somewhere()?;
    let view = app.db.write(async move |tx: &mut Tx| service::create(tx, &cx, &may, new).await).await?;
    let version = view.version;
    Ok(Answer::new(view).at(version))
}

async fn find(State(app): State<App>, Auth(cx): Auth, At(id): At<ViewId>) -> Result<Answer<View>> {
    let may = cx.actor.may_somewhere()?;
    let mut rx = app.db.read().await?;
    let view = service::get(&mut rx, &cx, &may, id).await?;
    let version = view.version;
    Ok(Answer::new(view).at(version))
}

async fn update(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<ViewId>,
    IfMatch(seen): IfMatch,
    Json(patch): Json<ViewPatch>,
) -> Result<Answer<View>> {
    let may = cx.actor.may_somewhere()?;
    let view = app.db.write(async move |tx: &mut Tx| service::update(tx, &cx, &may, id, seen, patch).await).await?;
    let version = view.version;
    Ok(Answer::new(view).at(version))
}

async fn delete(State(app): State<App>, Auth(cx): Auth, At(id): At<ViewId>, IfMatch(seen): IfMatch) -> Result<Done> {
    let may = cx.actor.may_somewhere()?;
    app.db.write(async move |tx: &mut Tx| service::delete(tx, &cx, &may, id, seen).await).await?;
    Ok(Done)
}

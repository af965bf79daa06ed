//! `/groups`: people who are given things together.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use serde_json::json;
use trackside_engine::db::Tx;
use trackside_engine::grants::{Group, GroupPatch, GroupQuery, GroupWithMembers, NewGroup, groups};
use trackside_engine::ids::GroupId;
use trackside_engine::paging::Page;

use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, Json, Query};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let new = json!({ "name": "On call", "members": [] });
    let change = json!({ "add": [], "remove": [] });
    ApiRouter::new()
        .api_route(
            "/groups",
            get_with(list, doc("listGroups", "List groups, sorted"))
                .post_with(create, doc_with("createGroup", "Make a group", new)),
        )
        .api_route(
            "/groups/{id}",
            get_with(find, doc("getGroup", "Get a group with its people"))
                .patch_with(update, doc_with("updateGroup", "Rename a group, take people in or out", change))
                .delete_with(delete, doc("deleteGroup", "Delete a group and end what was assigned to it")),
        )
}

async fn list(State(app): State<App>, Auth(cx): Auth, Query(query): Query<GroupQuery>) -> Result<Answer<Page<Group>>> {
    let may = cx.actor.may_here()?;
    let mut rx = app.db.read().await?;
    Ok(Answer::new(groups::list(&mut rx, &may, &query).await?))
}

async fn create(
    State(app): State<App>,
    Auth(cx): Auth,
    Json(new): Json<NewGroup>,
) -> Result<Created<GroupWithMembers>> {
    let may = cx.actor.may_here()?;
    Ok(Answer::new(app.db.write(async move |tx: &mut Tx| groups::create(tx, &cx, &may, new).await).await?))
}

async fn find(State(app): State<App>, Auth(cx): Auth, At(id): At<GroupId>) -> Result<Answer<GroupWithMembers>> {
    let may = cx.actor.may_here()?;
    let mut rx = app.db.read().await?;
    Ok(Answer::new(groups::find(&mut rx, &may, id).await?))
}

async fn update(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<GroupId>,
    Json(patch): Json<GroupPatch>,
) -> Result<Answer<GroupWithMembers>> {
    let may = cx.actor.may_here()?;
    Ok(Answer::new(app.db.write(async move |tx: &mut Tx| groups::update(tx, &cx, &may, id, patch).await).await?))
}

async fn delete(State(app): State<App>, Auth(cx): Auth, At(id): At<GroupId>) -> Result<Done> {
    let may = cx.actor.may_here()?;
    app.db.write(async move |tx: &mut Tx| groups::delete(tx, &cx, &may, id).await).await?;
    Ok(Done)
}

//! `/tasks/{id}/links`.

use aide::axum::ApiRouter;
use aide::axum::routing::{delete_with, get_with};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use trackside_engine::access::TaskView;
use trackside_engine::db::Tx;
use trackside_engine::handle::Handle;
use trackside_engine::ids::TaskId;
use trackside_engine::links::{Link, LinkType, NewLink, service};
use trackside_engine::paging::Page;
use trackside_engine::projects;

use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, Json, Other, Query};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let new = json!({ "other": "WEB-1", "type": "blocks" });
    ApiRouter::new()
        .api_route(
            "/tasks/{id}/links",
            get_with(list, doc("listLinks", "List what a task is linked with, in the order it was linked"))
                .post_with(create, doc_with("createLink", "Link a task with another", new)),
        )
        .api_route(
            "/tasks/{id}/links/{other}",
            delete_with(delete, doc("deleteLink", "Take the links between two tasks away")),
        )
}

/// Which of the links between the two.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Which {
    /// Only the one of this type, as the task sees it; every one when left out.
    #[serde(rename = "type")]
    kind: Option<LinkType>,
}

/// All of them on one page: a task has at most 200.
async fn list(State(app): State<App>, Auth(cx): Auth, At(id): At<Handle<TaskId>>) -> Result<Answer<Page<Link>>> {
    let may = cx.actor.may_somewhere::<TaskView>()?;
    let mut rx = app.db.read().await?;
    let items = service::list(&mut rx, &may, &id).await?;
    Ok(Answer::new(Page { items, next_cursor: None, total: None }))
}

async fn create(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<TaskId>>,
    Json(new): Json<NewLink>,
) -> Result<Created<Link>> {
    let link = async move |tx: &mut Tx| {
        let project = projects::service::find_of_task(tx, cx.actor.workspace, &id).await?;
        service::link(tx, &cx, &cx.actor.may(project)?, &id, new).await
    };
    Ok(Answer::new(app.db.write(link).await?))
}

async fn delete(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<TaskId>>,
    Other(other): Other<Handle<TaskId>>,
    Query(which): Query<Which>,
) -> Result<Done> {
    let unlink = async move |tx: &mut Tx| {
        let project = projects::service::find_of_task(tx, cx.actor.workspace, &id).await?;
        service::unlink(tx, &cx, &cx.actor.may(project)?, &id, &other, which.kind).await
    };
    app.db.write(unlink).await?;
    Ok(Done)
}

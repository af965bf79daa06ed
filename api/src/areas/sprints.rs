//! `/projects/{id}/sprints` and `/sprints/{id}`.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use trackside_engine::access::SprintView;
use trackside_engine::db::Tx;
use trackside_engine::handle::Handle;
use trackside_engine::ids::{ProjectId, SprintId};
use trackside_engine::paging::{Page, PageRequest};
use trackside_engine::projects;
use trackside_engine::sprints::{CloseSprint, Closed, NewSprint, Sprint, SprintPatch, SprintState, service};

use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, IfMatch, Json, MaybeJson, Query};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let new = json!({ "name": "Sprint 7", "goal": "Payments work", "starts_at": "2026-09-01T07:00:00Z", "ends_at": "2026-09-14T16:00:00Z" });
    let change = json!({ "goal": "Payments work, refunds too" });
    let close = json!({ "move_to": null });
    ApiRouter::new()
        .api_route(
            "/projects/{id}/sprints",
            get_with(list, doc("listSprints", "List a project's sprints, oldest first"))
                .post_with(create, doc_with("createSprint", "Plan a sprint", new)),
        )
        .api_route(
            "/sprints/{id}",
            get_with(find, doc("getSprint", "Get a sprint"))
                .patch_with(update, doc_with("updateSprint", "Change a sprint", change))
                .delete_with(delete, doc("deleteSprint", "Delete a sprint that is not active; its tasks stay")),
        )
        .api_route("/sprints/{id}/start", post_with(start, doc("startSprint", "Start a planned sprint")))
        .api_route(
            "/sprints/{id}/close",
            post_with(end, doc_with("closeSprint", "Close the active sprint and move what is still to be done", close)),
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// Only those in this state.
    state: Option<SprintState>,
    /// 1 to 200 items; 25 when left out.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

async fn list(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    Query(query): Query<ListQuery>,
) -> Result<Answer<Page<Sprint>>> {
    let page = PageRequest { limit: query.limit, cursor: query.cursor };
    let mut rx = app.db.read().await?;
    let project = projects::service::find(&mut rx, cx.actor.workspace, &id).await?;
    let may = cx.actor.may::<SprintView, _>(project)?;
    Ok(Answer::new(service::list(&mut rx, &may, query.state, &page).await?))
}

async fn create(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    Json(new): Json<NewSprint>,
) -> Result<Created<Sprint>> {
    let create = async move |tx: &mut Tx| {
        let project = projects::service::find(tx, cx.actor.workspace, &id).await?;
        service::create(tx, &cx, &cx.actor.may(project)?, new).await
    };
    let sprint = app.db.write(create).await?;
    let version = sprint.version;
    Ok(Answer::new(sprint).at(version))
}

async fn find(State(app): State<App>, Auth(cx): Auth, At(id): At<SprintId>) -> Result<Answer<Sprint>> {
    let mut rx = app.db.read().await?;
    let project = service::project_of(&mut rx, cx.actor.workspace, id).await?;
    let sprint = service::get(&mut rx, &cx.actor.may::<SprintView, _>(project)?, id).await?;
    let version = sprint.version;
    Ok(Answer::new(sprint).at(version))
}

async fn update(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<SprintId>,
    IfMatch(seen): IfMatch,
    Json(patch): Json<SprintPatch>,
) -> Result<Answer<Sprint>> {
    let change = async move |tx: &mut Tx| {
        let project = service::project_of(tx, cx.actor.workspace, id).await?;
        service::update(tx, &cx, &cx.actor.may(project)?, id, seen, patch).await
    };
    let sprint = app.db.write(change).await?;
    let version = sprint.version;
    Ok(Answer::new(sprint).at(version))
}

async fn delete(State(app): State<App>, Auth(cx): Auth, At(id): At<SprintId>, IfMatch(seen): IfMatch) -> Result<Done> {
    let delete = async move |tx: &mut Tx| {
        let project = service::project_of(tx, cx.actor.workspace, id).await?;
        service::delete(tx, &cx, &cx.actor.may(project)?, id, seen).await
    };
    app.db.write(delete).await?;
    Ok(Done)
}

async fn start(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<SprintId>,
    IfMatch(seen): IfMatch,
) -> Result<Answer<Sprint>> {
    let start = async move |tx: &mut Tx| {
        let project = service::project_of(tx, cx.actor.workspace, id).await?;
        service::start(tx, &cx, &cx.actor.may(project)?, id, seen).await
    };
    let sprint = app.db.write(start).await?;
    let version = sprint.version;
    Ok(Answer::new(sprint).at(version))
}

async fn end(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<SprintId>,
    IfMatch(seen): IfMatch,
    MaybeJson(how): MaybeJson<CloseSprint>,
) -> Result<Answer<Closed>> {
    let close = async move |tx: &mut Tx| {
        let project = service::project_of(tx, cx.actor.workspace, id).await?;
        service::close(tx, &cx, &cx.actor.may(project)?, id, seen, how).await
    };
    let closed = app.db.write(close).await?;
    let version = closed.sprint.version;
    Ok(Answer::new(closed).at(version))
}

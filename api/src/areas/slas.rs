//! `/slas`, and `/tasks/{id}/slas`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use serde_json::json;
use trackside_engine::access::{SlaView, TaskView};
use trackside_engine::db::Tx;
use trackside_engine::handle::Handle;
use trackside_engine::ids::{SlaId, TaskId};
use trackside_engine::paging::Page;
use trackside_engine::projects;
use trackside_engine::slas::{Policy, Report, ReportQuery, Sla, SlaQuery, TaskTimer, examine, service};

use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, IfMatch, Json, Query};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let new = json!({ "name": "Bugs are fixed", "filter": "task.type == \"bug\"", "pause": "task.status == \"blocked\"",
        "targets": { "critical": "4h", "high": "8h", "default": "40h" }, "warn": { "percent": 75 },
        "notify": { "warned": ["assignees"], "breached": ["assignees", "project.owner"] } });
    ApiRouter::new()
        .api_route(
            "/slas",
            get_with(list, doc("listSlas", "List how soon things are to be done"))
                .post_with(create, doc_with("createSla", "Say how soon tasks are to be done", new.clone())),
        )
        .api_route(
            "/slas/{id}",
            get_with(find, doc("getSla", "Get an SLA policy"))
                .put_with(replace, doc_with("replaceSla", "Say an SLA policy anew; its timers are reckoned by it", new))
                .delete_with(delete, doc("deleteSla", "Delete an SLA policy with its timers")),
        )
        .api_route("/slas/{id}/report", get_with(report, doc("getSlaReport", "How an SLA policy was kept")))
        .api_route("/tasks/{id}/slas", get_with(of_task, doc("listTaskSlas", "List the SLA timers of a task")))
}

async fn list(State(app): State<App>, Auth(cx): Auth, Query(query): Query<SlaQuery>) -> Result<Answer<Page<Sla>>> {
    let mut rx = app.db.read().await?;
    let items = service::list(&mut rx, &cx.actor, &query).await?;
    Ok(Answer::new(Page { items, next_cursor: None, total: None }))
}

async fn create(State(app): State<App>, Auth(cx): Auth, Json(policy): Json<Policy>) -> Result<Created<Sla>> {
    examine(&app.library, &policy)?;
    let sla = app.db.write(async move |tx: &mut Tx| service::create(tx, &cx, policy).await).await?;
    let version = sla.version;
    Ok(Answer::new(sla).at(version))
}

async fn find(State(app): State<App>, Auth(cx): Auth, At(id): At<SlaId>) -> Result<Answer<Sla>> {
    let mut rx = app.db.read().await?;
    let sla = service::get(&cx.actor.may::<SlaView, _>(service::find(&mut rx, cx.actor.workspace, id).await?)?)?;
    let version = sla.version;
    Ok(Answer::new(sla).at(version))
}

async fn replace(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<SlaId>,
    IfMatch(seen): IfMatch,
    Json(policy): Json<Policy>,
) -> Result<Answer<Sla>> {
    examine(&app.library, &policy)?;
    let replace = async move |tx: &mut Tx| {
        let known = service::find(tx, cx.actor.workspace, id).await?;
        service::replace(tx, &cx, &cx.actor.may(known)?, seen, policy).await
    };
    let sla = app.db.write(replace).await?;
    let version = sla.version;
    Ok(Answer::new(sla).at(version))
}

async fn delete(State(app): State<App>, Auth(cx): Auth, At(id): At<SlaId>, IfMatch(seen): IfMatch) -> Result<Done> {
    let delete = async move |tx: &mut Tx| {
        let known = service::find(tx, cx.actor.workspace, id).await?;
        service::delete(tx, &cx, &cx.actor.may(known)?, seen).await
    };
    app.db.write(delete).await?;
    Ok(Done)
}

async fn report(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<SlaId>,
    Query(query): Query<ReportQuery>,
) -> Result<Answer<Report>> {
    let mut rx = app.db.read().await?;
    let may = cx.actor.may::<SlaView, _>(service::find(&mut rx, cx.actor.workspace, id).await?)?;
    Ok(Answer::new(service::report(&mut rx, &cx, &may, &query).await?))
}

async fn of_task(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<TaskId>>,
) -> Result<Answer<Page<TaskTimer>>> {
    let mut rx = app.db.read().await?;
    let found = projects::service::find_of_task(&mut rx, cx.actor.workspace, &id).await?;
    let task = found.task.id;
    let items = service::of_task(&mut rx, &cx, &cx.actor.may::<TaskView, _>(found)?, task).await?;
    Ok(Answer::new(Page { items, next_cursor: None, total: None }))
}

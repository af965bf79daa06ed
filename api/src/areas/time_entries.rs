//! `/time-entries`, `/timer`, and what people do with them on `/tasks/{id}`.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use serde_json::json;
use trackside_engine::access::TimeView;
use trackside_engine::db::Tx;
use trackside_engine::handle::Handle;
use trackside_engine::ids::{TaskId, TimeEntryId};
use trackside_engine::paging::Page;
use trackside_engine::projects;
use trackside_engine::time_entries::{
    LoggedTime, NewTimeEntry, NewTimer, StopTimer, TaskTime, TimeEntry, TimeEntryPatch, TimerStarted, TimerState,
    service, timers,
};

use super::PageQuery;
use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, IfMatch, Json, MaybeJson, Person, Query};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let new = json!({ "started_at": "2026-11-25T09:00:00Z", "minutes": 90, "note": "Found it", "billable": true });
    let change = json!({ "minutes": 75 });
    let (start, stop) = (json!({ "note": "Looking for it" }), json!({ "note": "Found it" }));
    ApiRouter::new()
        .api_route(
            "/tasks/{id}/time",
            get_with(of_task, doc("getTaskTime", "Get how long a task took and was to take")),
        )
        .api_route(
            "/tasks/{id}/time-entries",
            get_with(list, doc("listTimeEntries", "List the time spent on a task, in the order it was logged"))
                .post_with(log, doc_with("logTime", "Log time on a task", new)),
        )
        .api_route(
            "/tasks/{id}/timer/start",
            post_with(start_timer, doc_with("startTimer", "Start one's timer on a task; one that ran stops", start)),
        )
        .api_route(
            "/tasks/{id}/timer/stop",
            post_with(stop_timer, doc_with("stopTimer", "Stop one's timer on a task", stop)),
        )
        .api_route("/timer", get_with(own_timer, doc("getTimer", "Get one's own timer")))
        .api_route(
            "/time-entries/{id}",
            get_with(find, doc("getTimeEntry", "Get a time entry"))
                .patch_with(update, doc_with("updateTimeEntry", "Change a time entry", change))
                .delete_with(delete, doc("deleteTimeEntry", "Delete a time entry")),
        )
}

async fn of_task(State(app): State<App>, Auth(cx): Auth, At(id): At<Handle<TaskId>>) -> Result<Answer<TaskTime>> {
    let mut rx = app.db.read().await?;
    let project = projects::service::find_of_task(&mut rx, cx.actor.workspace, &id).await?;
    Ok(Answer::new(service::of_task(&mut rx, &cx.actor.may(project)?, &id).await?))
}

async fn list(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<TaskId>>,
    Query(page): Query<PageQuery>,
) -> Result<Answer<Page<TimeEntry>>> {
    let mut rx = app.db.read().await?;
    let project = projects::service::find_of_task(&mut rx, cx.actor.workspace, &id).await?;
    Ok(Answer::new(service::list(&mut rx, &cx.actor.may(project)?, &id, &page.into()).await?))
}

async fn log(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<TaskId>>,
    Json(new): Json<NewTimeEntry>,
) -> Result<Created<LoggedTime>> {
    let log = async move |tx: &mut Tx| {
        let project = projects::service::find_of_task(tx, cx.actor.workspace, &id).await?;
        service::log(tx, &cx, &cx.actor.may(project)?, &id, new).await
    };
    let logged = app.db.write(log).await?;
    let version = logged.entry.version;
    Ok(Answer::new(logged).at(version))
}

async fn start_timer(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<TaskId>>,
    MaybeJson(new): MaybeJson<NewTimer>,
) -> Result<Created<TimerStarted>> {
    let start = async move |tx: &mut Tx| {
        let project = projects::service::find_of_task(tx, cx.actor.workspace, &id).await?;
        timers::start(tx, &cx, &cx.actor.may(project)?, &id, new).await
    };
    Ok(Answer::new(app.db.write(start).await?))
}

async fn stop_timer(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<TaskId>>,
    MaybeJson(how): MaybeJson<StopTimer>,
) -> Result<Answer<LoggedTime>> {
    let stop = async move |tx: &mut Tx| {
        let project = projects::service::find_of_task(tx, cx.actor.workspace, &id).await?;
        timers::stop(tx, &cx, &cx.actor.may(project)?, &id, how).await
    };
    let stopped = app.db.write(stop).await?;
    let version = stopped.entry.version;
    Ok(Answer::new(stopped).at(version))
}

async fn own_timer(State(app): State<App>, Person(cx, _): Person) -> Result<Answer<TimerState>> {
    let may = cx.actor.may_here::<TimeView>()?;
    let mut rx = app.db.read().await?;
    Ok(Answer::new(timers::own(&mut rx, &cx, &may).await?))
}

async fn find(State(app): State<App>, Auth(cx): Auth, At(id): At<TimeEntryId>) -> Result<Answer<TimeEntry>> {
    let mut rx = app.db.read().await?;
    let project = service::project_of(&mut rx, cx.actor.workspace, id).await?;
    let entry = service::find(&mut rx, &cx.actor.may(project)?, id).await?;
    let version = entry.version;
    Ok(Answer::new(entry).at(version))
}

async fn update(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<TimeEntryId>,
    IfMatch(seen): IfMatch,
    Json(patch): Json<TimeEntryPatch>,
) -> Result<Answer<LoggedTime>> {
    let change = async move |tx: &mut Tx| {
        let project = service::project_of(tx, cx.actor.workspace, id).await?;
        service::update(tx, &cx, &cx.actor.may(project)?, id, seen, patch).await
    };
    let changed = app.db.write(change).await?;
    let version = changed.entry.version;
    Ok(Answer::new(changed).at(version))
}

async fn delete(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<TimeEntryId>,
    IfMatch(seen): IfMatch,
) -> Result<Done> {
    let delete = async move |tx: &mut Tx| {
        let project = service::project_of(tx, cx.actor.workspace, id).await?;
        service::delete(tx, &cx, &cx.actor.may(project)?, id, seen).await
    };
    app.db.write(delete).await?;
    Ok(Done)
}

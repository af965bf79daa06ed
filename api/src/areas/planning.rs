//! `/tasks/{id}/dependencies`, `/tasks/{id}/schedule`, `/projects/{id}/timeline` and baselines.

use aide::axum::ApiRouter;
use aide::axum::routing::{delete_with, get_with};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use trackside_engine::access::TaskView;
use trackside_engine::db::{Rx, Tx};
use trackside_engine::handle::Handle;
use trackside_engine::ids::{BaselineId, ProjectId, TaskId};
use trackside_engine::paging::Page;
use trackside_engine::planning::{
    Baseline, Dependency, DependencyType, NewBaseline, NewDependency, NewSchedule, TaskSchedule, Timeline, baselines,
    schedules, service,
};
use trackside_engine::{Cx, projects};

use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, IfMatch, Json, Predecessor, Query};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let new = json!({ "predecessor": "WEB-1", "type": "FS", "lag": 480 });
    let schedule = json!({ "constraint": "start_no_earlier_than", "constraint_at": "2026-03-09T09:00:00Z", "duration": 960, "progress": 25,
        "actual_start": "2026-03-09T09:00:00Z" });
    let baseline = json!({ "name": "As agreed" });
    ApiRouter::new()
        .api_route(
            "/tasks/{id}/schedule",
            get_with(schedule_of, doc("getSchedule", "Get what a task says about its time beyond its own dates"))
                .put_with(set_schedule, doc_with("setSchedule", "Say all about a task's time anew", schedule)),
        )
        .api_route(
            "/projects/{id}/baselines",
            get_with(list_baselines, doc("listBaselines", "List the baselines of a project, oldest first")).post_with(
                create_baseline,
                doc_with("createBaseline", "Keep the dates of a project's tasks", baseline),
            ),
        )
        .api_route(
            "/baselines/{id}",
            get_with(find_baseline, doc("getBaseline", "Get a baseline"))
                .delete_with(delete_baseline, doc("deleteBaseline", "Delete a baseline")),
        )
        .api_route(
            "/tasks/{id}/dependencies",
            get_with(list, doc("listDependencies", "List what a task waits for, in the order it was added"))
                .post_with(create, doc_with("createDependency", "Make a task wait for another", new)),
        )
        .api_route(
            "/tasks/{id}/dependencies/{predecessor}",
            delete_with(delete, doc("deleteDependency", "End that a task waits for another")),
        )
        .api_route(
            "/projects/{id}/timeline",
            get_with(timeline, doc("getTimeline", "Get when the tasks of a project can and must happen")),
        )
}

/// Which of the dependencies on a predecessor.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Which {
    /// Only the one of this type; every one when left out.
    #[serde(rename = "type")]
    kind: Option<DependencyType>,
}

/// All of them on one page: a task has at most 200.
async fn list(State(app): State<App>, Auth(cx): Auth, At(id): At<Handle<TaskId>>) -> Result<Answer<Page<Dependency>>> {
    let may = cx.actor.may_somewhere::<TaskView>()?;
    let mut rx = app.db.read().await?;
    let items = service::dependencies(&mut rx, &may, &id).await?;
    Ok(Answer::new(Page { items, next_cursor: None, total: None }))
}

async fn create(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<TaskId>>,
    Json(new): Json<NewDependency>,
) -> Result<Created<Dependency>> {
    let depend = async move |tx: &mut Tx| {
        let project = projects::service::find_of_task(tx, cx.actor.workspace, &id).await?;
        service::depend(tx, &cx, &cx.actor.may(project)?, &id, new).await
    };
    Ok(Answer::new(app.db.write(depend).await?))
}

async fn delete(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<TaskId>>,
    Predecessor(predecessor): Predecessor<Handle<TaskId>>,
    Query(which): Query<Which>,
) -> Result<Done> {
    let release = async move |tx: &mut Tx| {
        let project = projects::service::find_of_task(tx, cx.actor.workspace, &id).await?;
        service::release(tx, &cx, &cx.actor.may(project)?, &id, &predecessor, which.kind).await
    };
    app.db.write(release).await?;
    Ok(Done)
}

/// What to compare a timeline with.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Compared {
    /// A baseline of the project: each task then tells how far it is from it.
    baseline: Option<BaselineId>,
}

async fn timeline(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    Query(compared): Query<Compared>,
) -> Result<Answer<Timeline>> {
    Ok(Answer::new(scan(app, cx, id, compared.baseline).await?))
}

/// A whole project is much to read and to compute: aside from where short requests wait.
async fn scan(app: App, cx: Cx, id: Handle<ProjectId>, baseline: Option<BaselineId>) -> Result<Timeline> {
    let read = async move |rx: &mut Rx| {
        let project = projects::service::find(rx, cx.actor.workspace, &id).await?;
        service::timeline(rx, &cx.actor.may::<TaskView, _>(project)?, baseline).await
    };
    Ok(app.db.scan(read).await?)
}

async fn schedule_of(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<TaskId>>,
) -> Result<Answer<TaskSchedule>> {
    let may = cx.actor.may_somewhere::<TaskView>()?;
    let mut rx = app.db.read().await?;
    let schedule = schedules::find(&mut rx, &may, &id).await?;
    let version = schedule.version;
    Ok(Answer::new(schedule).at(version))
}

async fn set_schedule(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<TaskId>>,
    IfMatch(seen): IfMatch,
    Json(new): Json<NewSchedule>,
) -> Result<Answer<TaskSchedule>> {
    let set = async move |tx: &mut Tx| {
        let project = projects::service::find_of_task(tx, cx.actor.workspace, &id).await?;
        schedules::set(tx, &cx, &cx.actor.may(project)?, &id, seen, new).await
    };
    let schedule = app.db.write(set).await?;
    let version = schedule.version;
    Ok(Answer::new(schedule).at(version))
}

/// All of them on one page: a project has at most 20.
async fn list_baselines(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
) -> Result<Answer<Page<Baseline>>> {
    let mut rx = app.db.read().await?;
    let project = projects::service::find(&mut rx, cx.actor.workspace, &id).await?;
    let items = baselines::list(&mut rx, &cx.actor.may(project)?).await?;
    Ok(Answer::new(Page { items, next_cursor: None, total: None }))
}

async fn create_baseline(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    Json(new): Json<NewBaseline>,
) -> Result<Created<Baseline>> {
    let may = {
        let mut rx = app.db.read().await?;
        cx.actor.may(projects::service::find(&mut rx, cx.actor.workspace, &id).await?)?
    };
    baselines::check(&new)?;
    let timeline = scan(app.clone(), cx.clone(), id, None).await?;
    let dates = baselines::dates(&timeline)?;
    let create = async move |tx: &mut Tx| baselines::create(tx, &cx, &may, new, timeline.items.len(), &dates).await;
    Ok(Answer::new(app.db.write(create).await?))
}

async fn find_baseline(State(app): State<App>, Auth(cx): Auth, At(id): At<BaselineId>) -> Result<Answer<Baseline>> {
    let mut rx = app.db.read().await?;
    let baseline = baselines::find(&mut rx, cx.actor.workspace, id).await?;
    let project = projects::service::find(&mut rx, cx.actor.workspace, &Handle::Id(baseline.project_id)).await?;
    cx.actor.may::<TaskView, _>(project)?;
    Ok(Answer::new(baseline))
}

async fn delete_baseline(State(app): State<App>, Auth(cx): Auth, At(id): At<BaselineId>) -> Result<Done> {
    let delete = async move |tx: &mut Tx| {
        let baseline = baselines::find(tx, cx.actor.workspace, id).await?;
        let project = projects::service::find(tx, cx.actor.workspace, &Handle::Id(baseline.project_id)).await?;
        baselines::delete(tx, &cx, &cx.actor.may(project)?, id).await
    };
    app.db.write(delete).await?;
    Ok(Done)
}

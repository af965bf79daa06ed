//! `/tasks/{id}/dependencies` and `/projects/{id}/timeline`.

use aide::axum::ApiRouter;
use aide::axum::routing::{delete_with, get_with};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use trackside_engine::access::TaskView;
use trackside_engine::db::{Rx, Tx};
use trackside_engine::handle::Handle;
use trackside_engine::ids::{ProjectId, TaskId};
use trackside_engine::paging::Page;
use trackside_engine::planning::{Dependency, DependencyType, NewDependency, Timeline, service};
use trackside_engine::projects;

use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, Json, Predecessor, Query};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let new = json!({ "predecessor": "WEB-1", "type": "FS", "lag": 480 });
    ApiRouter::new()
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
    let may = cx.actor.may_here()?;
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

async fn timeline(State(app): State<App>, Auth(cx): Auth, At(id): At<Handle<ProjectId>>) -> Result<Answer<Timeline>> {
    // A whole project is much to read and to compute: aside from where short requests wait.
    let read = async move |rx: &mut Rx| {
        let project = projects::service::find(rx, cx.actor.workspace, &id).await?;
        service::timeline(rx, &cx.actor.may::<TaskView, _>(project)?).await
    };
    Ok(Answer::new(app.db.scan(read).await?))
}

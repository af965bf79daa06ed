//! `/tasks`, and `/projects/{id}/tasks` to make one.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use aide::openapi::ReferenceOr;
use aide::transform::TransformOperation;
use axum::extract::State;
use serde_json::json;
use trackside_engine::access::TaskView;
use trackside_engine::db::Tx;
use trackside_engine::handle::{Handle, UserHandle};
use trackside_engine::ids::{ProjectId, TaskId};
use trackside_engine::paging::Page;
use trackside_engine::projects;
use trackside_engine::tasks::{NewTask, PARAMETERS, Task, TaskPatch, TaskQuery, service, watchers};

use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, IfMatch, IfNoneMatch, Json, Pairs, Whom};
use crate::openapi::{self, doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let new = json!({ "title": "Card payments fail", "type": "bug", "priority": "high", "labels": ["billing"] });
    let change = json!({ "status": "in_progress", "due_at": null });
    ApiRouter::new()
        .api_route("/projects/{id}/tasks", post_with(create, doc_with("createTask", "Make a task", new)))
        .api_route("/tasks", get_with(list, document_list))
        .api_route(
            "/tasks/{id}",
            get_with(find, doc("getTask", "Get a task"))
                .patch_with(update, doc_with("updateTask", "Change a task", change))
                .delete_with(delete, doc("deleteTask", "Delete a task with its comments")),
        )
        .api_route(
            "/tasks/{id}/watchers/{user}",
            post_with(watch, doc("watchTask", "Make somebody watch a task"))
                .delete_with(unwatch, doc("unwatchTask", "End that somebody watches a task")),
        )
}

fn document_list(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    let mut operation = doc("listTasks", "List tasks, filtered and sorted")(operation);
    for (name, about) in PARAMETERS {
        let schema = schemars::json_schema!({ "type": "string" });
        let header = openapi::query(name, about, schema);
        operation.inner_mut().parameters.push(ReferenceOr::Item(header));
    }
    operation
}

async fn create(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    Json(new): Json<NewTask>,
) -> Result<Created<Task>> {
    let create = async move |tx: &mut Tx| {
        let project = projects::service::find(tx, cx.actor.workspace, &id).await?;
        service::create(tx, &cx, &cx.actor.may(project)?, new).await
    };
    let task = app.db.write(create).await?;
    let version = task.version;
    Ok(Answer::new(task).at(version))
}

async fn list(State(app): State<App>, Auth(cx): Auth, Pairs(pairs): Pairs) -> Result<Answer<Page<Task>>> {
    let may = cx.actor.may_somewhere::<TaskView>()?;
    let pairs = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let query = TaskQuery::parse(pairs, cx.actor.user())?;
    let mut rx = app.db.read().await?;
    Ok(Answer::new(service::list(&mut rx, &may, &query).await?))
}

async fn find(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<TaskId>>,
    seen: IfNoneMatch,
) -> Result<Answer<Task>> {
    let may = cx.actor.may_somewhere::<TaskView>()?;
    let mut rx = app.db.read().await?;
    let task = service::find(&mut rx, &may, &id).await?;
    let version = task.version;
    Ok(Answer::new(task).at(version).unless(&seen))
}

async fn update(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<TaskId>>,
    IfMatch(seen): IfMatch,
    Json(patch): Json<TaskPatch>,
) -> Result<Answer<Task>> {
    let change = async move |tx: &mut Tx| {
        let project = projects::service::find_of_task(tx, cx.actor.workspace, &id).await?;
        service::update(tx, &cx, &cx.actor.may(project)?, &id, seen, patch).await
    };
    let task = app.db.write(change).await?;
    let version = task.version;
    Ok(Answer::new(task).at(version))
}

async fn delete(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<TaskId>>,
    IfMatch(seen): IfMatch,
) -> Result<Done> {
    let delete = async move |tx: &mut Tx| {
        let project = projects::service::find_of_task(tx, cx.actor.workspace, &id).await?;
        service::delete(tx, &cx, &cx.actor.may(project)?, &id, seen).await
    };
    app.db.write(delete).await?;
    Ok(Done)
}

/// Everyone may watch; whoever may edit the task says it of others.
async fn watch(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<TaskId>>,
    Whom(user): Whom<UserHandle>,
) -> Result<Answer<Task>> {
    let user = user.of(&cx.actor)?;
    let task = app.db.write(async move |tx| watchers::watch(tx, &cx, &id, user).await).await?;
    let version = task.version;
    Ok(Answer::new(task).at(version))
}

async fn unwatch(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<TaskId>>,
    Whom(user): Whom<UserHandle>,
) -> Result<Done> {
    let user = user.of(&cx.actor)?;
    app.db.write(async move |tx| watchers::unwatch(tx, &cx, &id, user).await.map(drop)).await?;
    Ok(Done)
}

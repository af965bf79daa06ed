//! `/projects/{id}/workflow` and `/projects/{id}/types`.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, patch_with};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use trackside_engine::access::TaskView;
use trackside_engine::db::Tx;
use trackside_engine::handle::Handle;
use trackside_engine::ids::ProjectId;
use trackside_engine::paging::Page;
use trackside_engine::projects;
use trackside_engine::tasks::TaskType;
use trackside_engine::workflow::{NewType, NewWorkflow, TypeInfo, TypePatch, Workflow, service};

use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, IfMatch, Json, Query, TypeKey};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let workflow = json!({
        "statuses": [
            { "key": "todo", "name": "To do", "category": "todo" },
            { "key": "testing", "name": "Testing", "category": "in_progress" },
            { "key": "shipped", "name": "Shipped", "category": "done" }
        ],
        "transitions": [{ "from": "todo", "to": "testing" }, { "from": "testing", "to": "shipped" }, { "from": "testing", "to": "todo" }],
        "initial": "todo",
        "replace": { "completed": "shipped" }
    });
    let new = json!({ "key": "incident", "name": "Incident" });
    ApiRouter::new()
        .api_route(
            "/projects/{id}/workflow",
            get_with(find, doc("getWorkflow", "Get the statuses of a project's tasks and the ways between them"))
                .put_with(put, doc_with("setWorkflow", "Give a project another workflow", workflow)),
        )
        .api_route(
            "/projects/{id}/types",
            get_with(list, doc("listTypes", "List the types of a project's tasks"))
                .post_with(create, doc_with("createType", "Give a project another type", new)),
        )
        .api_route(
            "/projects/{id}/types/{type}",
            patch_with(update, doc_with("updateType", "Change a type of a project's own", json!({ "name": "Outage" })))
                .delete_with(delete, doc("deleteType", "Delete a type of a project's own")),
        )
}

async fn find(State(app): State<App>, Auth(cx): Auth, At(id): At<Handle<ProjectId>>) -> Result<Answer<Workflow>> {
    let mut rx = app.db.read().await?;
    let project = projects::service::find(&mut rx, cx.actor.workspace, &id).await?;
    let may = cx.actor.may::<TaskView, _>(project)?;
    Ok(Answer::new(service::workflow(&may)?).at(may.resource().setup))
}

async fn put(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    IfMatch(seen): IfMatch,
    Json(new): Json<NewWorkflow>,
) -> Result<Answer<Workflow>> {
    let put = async move |tx: &mut Tx| {
        let project = projects::service::find(tx, cx.actor.workspace, &id).await?;
        service::set_workflow(tx, &cx, &cx.actor.may(project)?, seen, new).await
    };
    let (workflow, state) = app.db.write(put).await?;
    Ok(Answer::new(workflow).at(state))
}

/// All of them on one page: a project has at most 50 of its own.
async fn list(State(app): State<App>, Auth(cx): Auth, At(id): At<Handle<ProjectId>>) -> Result<Answer<Page<TypeInfo>>> {
    let mut rx = app.db.read().await?;
    let project = projects::service::find(&mut rx, cx.actor.workspace, &id).await?;
    let items = service::types(&cx.actor.may::<TaskView, _>(project)?)?;
    Ok(Answer::new(Page { items, next_cursor: None, total: None }))
}

async fn create(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    Json(new): Json<NewType>,
) -> Result<Created<TypeInfo>> {
    let create = async move |tx: &mut Tx| {
        let project = projects::service::find(tx, cx.actor.workspace, &id).await?;
        service::create_type(tx, &cx, &cx.actor.may(project)?, new).await
    };
    Ok(Answer::new(app.db.write(create).await?))
}

async fn update(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    TypeKey(key): TypeKey<String>,
    Json(patch): Json<TypePatch>,
) -> Result<Answer<TypeInfo>> {
    let change = async move |tx: &mut Tx| {
        let project = projects::service::find(tx, cx.actor.workspace, &id).await?;
        service::update_type(tx, &cx, &cx.actor.may(project)?, &key, patch).await
    };
    Ok(Answer::new(app.db.write(change).await?))
}

/// What tasks of a type that goes away become.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Instead {
    /// Another type of the project. Without it, a type that tasks have stays.
    replacement: Option<TaskType>,
}

async fn delete(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    TypeKey(key): TypeKey<String>,
    Query(instead): Query<Instead>,
) -> Result<Done> {
    let delete = async move |tx: &mut Tx| {
        let project = projects::service::find(tx, cx.actor.workspace, &id).await?;
        service::delete_type(tx, &cx, &cx.actor.may(project)?, &key, instead.replacement).await
    };
    app.db.write(delete).await?;
    Ok(Done)
}

//! `/projects/{id}/task-templates` and `/task-templates/{id}`.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use serde_json::json;
use trackside_engine::access::TaskTemplateView;
use trackside_engine::db::Tx;
use trackside_engine::handle::Handle;
use trackside_engine::ids::{ProjectId, TaskTemplateId};
use trackside_engine::paging::Page;
use trackside_engine::projects;
use trackside_engine::task_templates::{Applied, Apply, NewTemplate, TaskTemplate, TemplatePatch, service};

use super::PageQuery;
use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, IfMatch, Json, Query};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let new = json!({ "name": "New customer", "task": { "title": "Set up {{ customer }}", "assignees": ["project_owner"], "due_in": "5d",
        "checklist": ["Contract signed"], "subtasks": [{ "title": "Make an account for {{ customer }}", "due_in": "1d" }] } });
    let change = json!({ "name": "New client" });
    let apply_with = json!({ "variables": { "customer": "Acme" }, "start": "2026-09-01T08:00:00Z" });
    ApiRouter::new()
        .api_route(
            "/projects/{id}/task-templates",
            get_with(list, doc("listTaskTemplates", "List a project's task templates, oldest first"))
                .post_with(create, doc_with("createTaskTemplate", "Make a task template", new)),
        )
        .api_route(
            "/task-templates/{id}",
            get_with(find, doc("getTaskTemplate", "Get a task template"))
                .patch_with(update, doc_with("updateTaskTemplate", "Change a task template", change))
                .delete_with(delete, doc("deleteTaskTemplate", "Delete a task template that is not used")),
        )
        .api_route(
            "/task-templates/{id}/apply",
            post_with(apply, doc_with("applyTaskTemplate", "Make the tasks of a template, all of them", apply_with)),
        )
}

async fn list(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    Query(page): Query<PageQuery>,
) -> Result<Answer<Page<TaskTemplate>>> {
    let mut rx = app.db.read().await?;
    let project = projects::service::find(&mut rx, cx.actor.workspace, &id).await?;
    let may = cx.actor.may::<TaskTemplateView, _>(project)?;
    Ok(Answer::new(service::list(&mut rx, &may, &page.into()).await?))
}

async fn create(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    Json(new): Json<NewTemplate>,
) -> Result<Created<TaskTemplate>> {
    let create = async move |tx: &mut Tx| {
        let project = projects::service::find(tx, cx.actor.workspace, &id).await?;
        service::create(tx, &cx, &cx.actor.may(project)?, new).await
    };
    let template = app.db.write(create).await?;
    let version = template.version;
    Ok(Answer::new(template).at(version))
}

async fn find(State(app): State<App>, Auth(cx): Auth, At(id): At<TaskTemplateId>) -> Result<Answer<TaskTemplate>> {
    let mut rx = app.db.read().await?;
    let project = service::project_of(&mut rx, cx.actor.workspace, id).await?;
    let template = service::get(&mut rx, &cx.actor.may::<TaskTemplateView, _>(project)?, id).await?;
    let version = template.version;
    Ok(Answer::new(template).at(version))
}

async fn update(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<TaskTemplateId>,
    IfMatch(seen): IfMatch,
    Json(patch): Json<TemplatePatch>,
) -> Result<Answer<TaskTemplate>> {
    let change = async move |tx: &mut Tx| {
        let project = service::project_of(tx, cx.actor.workspace, id).await?;
        service::update(tx, &cx, &cx.actor.may(project)?, id, seen, patch).await
    };
    let template = app.db.write(change).await?;
    let version = template.version;
    Ok(Answer::new(template).at(version))
}

async fn delete(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<TaskTemplateId>,
    IfMatch(seen): IfMatch,
) -> Result<Done> {
    let delete = async move |tx: &mut Tx| {
        let project = service::project_of(tx, cx.actor.workspace, id).await?;
        service::delete(tx, &cx, &cx.actor.may(project)?, id, seen).await
    };
    app.db.write(delete).await?;
    Ok(Done)
}

async fn apply(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<TaskTemplateId>,
    Json(how): Json<Apply>,
) -> Result<Created<Applied>> {
    let apply = async move |tx: &mut Tx| {
        let project = service::project_of(tx, cx.actor.workspace, id).await?;
        service::apply(tx, &cx, &cx.actor.may(project)?, id, how).await
    };
    Ok(Answer::new(app.db.write(apply).await?))
}

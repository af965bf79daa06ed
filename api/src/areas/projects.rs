//! `/projects`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use serde_json::json;
use trackside_engine::handle::Handle;
use trackside_engine::ids::ProjectId;
use trackside_engine::paging::Page;
use trackside_engine::projects::{NewProject, Project, ProjectPatch, service};

use super::PageQuery;
use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, IfMatch, Json, Query};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let new = json!({ "key": "WEB", "name": "Website" });
    let change = json!({ "status": "on_hold" });
    ApiRouter::new()
        .api_route(
            "/projects",
            get_with(list, doc("listProjects", "List projects, oldest first"))
                .post_with(create, doc_with("createProject", "Make a project", new)),
        )
        .api_route(
            "/projects/{id}",
            get_with(find, doc("getProject", "Get a project"))
                .patch_with(update, doc_with("updateProject", "Change a project", change))
                .delete_with(delete, doc("deleteProject", "Delete a project with its tasks")),
        )
}

async fn list(State(app): State<App>, Auth(cx): Auth, Query(page): Query<PageQuery>) -> Result<Answer<Page<Project>>> {
    let may = cx.actor.may_somewhere()?;
    let mut rx = app.db.read().await?;
    Ok(Answer::new(service::list(&mut rx, &may, &page.into()).await?))
}

async fn create(State(app): State<App>, Auth(cx): Auth, Json(new): Json<NewProject>) -> Result<Created<Project>> {
    let may = cx.actor.may_here()?;
    let project = app.db.write(async move |tx| service::create(tx, &cx, &may, new).await).await?;
    let version = project.version;
    Ok(Answer::new(project).at(version))
}

async fn find(State(app): State<App>, Auth(cx): Auth, At(id): At<Handle<ProjectId>>) -> Result<Answer<Project>> {
    let mut rx = app.db.read().await?;
    let project = service::find(&mut rx, cx.actor.workspace, &id).await?;
    let project = cx.actor.may::<trackside_engine::access::ProjectView, _>(project)?.into_resource();
    let version = project.version;
    Ok(Answer::new(project).at(version))
}

async fn update(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    IfMatch(seen): IfMatch,
    Json(patch): Json<ProjectPatch>,
) -> Result<Answer<Project>> {
    let change = async move |tx: &mut trackside_engine::db::Tx| {
        let project = service::find(tx, cx.actor.workspace, &id).await?;
        service::update(tx, &cx, &cx.actor.may(project)?, seen, patch).await
    };
    let project = app.db.write(change).await?;
    let version = project.version;
    Ok(Answer::new(project).at(version))
}

async fn delete(State(app): State<App>, Auth(cx): Auth, At(id): At<Handle<ProjectId>>) -> Result<Done> {
    let delete = async move |tx: &mut trackside_engine::db::Tx| {
        let project = service::find(tx, cx.actor.workspace, &id).await?;
        service::delete(tx, &cx, &cx.actor.may(project)?).await
    };
    app.db.write(delete).await?;
    Ok(Done)
}

//! `/projects`.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with, put_with};
use axum::extract::State;
use serde_json::json;
use trackside_engine::access::{ProjectCreate, ProjectView};
use trackside_engine::db::Tx;
use trackside_engine::grants::{ProjectMember, ProjectRole, project_members};
use trackside_engine::handle::{Handle, UserHandle};
use trackside_engine::ids::ProjectId;
use trackside_engine::paging::Page;
use trackside_engine::projects::copy::{self, CopyProject};
use trackside_engine::projects::{NewProject, Project, ProjectPatch, ProjectQuery, service};

use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, IfMatch, Json, Query, Whom};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let new = json!({ "key": "WEB", "name": "Website" });
    let change = json!({ "status": "on_hold" });
    let role = json!({ "role": "team_member" });
    let copied =
        json!({ "key": "APP", "name": "App", "start_at": "2026-09-01T08:00:00Z", "include": ["tasks", "milestones"] });
    ApiRouter::new()
        .api_route(
            "/projects",
            get_with(list, doc("listProjects", "List projects, filtered and sorted"))
                .post_with(create, doc_with("createProject", "Make a project", new)),
        )
        .api_route(
            "/projects/{id}",
            get_with(find, doc("getProject", "Get a project"))
                .patch_with(update, doc_with("updateProject", "Change a project", change))
                .delete_with(delete, doc("deleteProject", "Delete a project with its tasks")),
        )
        .api_route(
            "/projects/{id}/archive",
            post_with(archive, doc("archiveProject", "Put a project away: it is only read from then on")),
        )
        .api_route(
            "/projects/{id}/unarchive",
            post_with(unarchive, doc("unarchiveProject", "Take an archived project up again, as active")),
        )
        .api_route(
            "/projects/{id}/members",
            get_with(members, doc("listProjectMembers", "List who has a role on a project of their own")),
        )
        .api_route(
            "/projects/{id}/members/{user}",
            put_with(put_member, doc_with("putProjectMember", "Give somebody a role on a project", role))
                .delete_with(remove_member, doc("removeProjectMember", "Take somebody's role on a project")),
        )
        .api_route(
            "/projects/{id}/copy",
            post_with(copy, doc_with("copyProject", "Copy a project with its tasks and what hangs on them", copied)),
        )
}

async fn list(
    State(app): State<App>,
    Auth(cx): Auth,
    Query(query): Query<ProjectQuery>,
) -> Result<Answer<Page<Project>>> {
    let may = cx.actor.may_somewhere()?;
    let mut rx = app.db.read().await?;
    Ok(Answer::new(service::list(&mut rx, &may, &query).await?))
}

async fn create(State(app): State<App>, Auth(cx): Auth, Json(new): Json<NewProject>) -> Result<Created<Project>> {
    let may = cx.actor.may_here::<ProjectCreate>()?;
    let create = async move |tx: &mut Tx| {
        let Some(template) = &new.template else { return service::create(tx, &cx, &may, new).await };
        let template = service::find_template(tx, cx.actor.workspace, template).await?;
        service::create_from(tx, &cx, &cx.actor.may(template)?, &may, new).await
    };
    let project = app.db.write(create).await?;
    let version = project.version;
    Ok(Answer::new(project).at(version))
}

async fn find(State(app): State<App>, Auth(cx): Auth, At(id): At<Handle<ProjectId>>) -> Result<Answer<Project>> {
    let mut rx = app.db.read().await?;
    let project = service::find(&mut rx, cx.actor.workspace, &id).await?;
    let project = cx.actor.may::<ProjectView, _>(project)?.into_resource();
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
    let change = async move |tx: &mut Tx| {
        let project = service::find(tx, cx.actor.workspace, &id).await?;
        service::update(tx, &cx, &cx.actor.may(project)?, seen, patch).await
    };
    let project = app.db.write(change).await?;
    let version = project.version;
    Ok(Answer::new(project).at(version))
}

async fn delete(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    IfMatch(seen): IfMatch,
) -> Result<Done> {
    let delete = async move |tx: &mut Tx| {
        let project = service::find(tx, cx.actor.workspace, &id).await?;
        service::delete(tx, &cx, &cx.actor.may(project)?, seen).await
    };
    app.db.write(delete).await?;
    Ok(Done)
}

async fn archive(State(app): State<App>, Auth(cx): Auth, At(id): At<Handle<ProjectId>>) -> Result<Answer<Project>> {
    let archive = async move |tx: &mut Tx| {
        let project = service::find(tx, cx.actor.workspace, &id).await?;
        service::archive(tx, &cx, &cx.actor.may(project)?).await
    };
    let project = app.db.write(archive).await?;
    let version = project.version;
    Ok(Answer::new(project).at(version))
}

async fn unarchive(State(app): State<App>, Auth(cx): Auth, At(id): At<Handle<ProjectId>>) -> Result<Answer<Project>> {
    let unarchive = async move |tx: &mut Tx| {
        let project = service::find(tx, cx.actor.workspace, &id).await?;
        service::unarchive(tx, &cx, &cx.actor.may(project)?).await
    };
    let project = app.db.write(unarchive).await?;
    let version = project.version;
    Ok(Answer::new(project).at(version))
}

async fn copy(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    Json(wanted): Json<CopyProject>,
) -> Result<Created<Project>> {
    let may = cx.actor.may_here::<ProjectCreate>()?;
    let copy = async move |tx: &mut Tx| {
        let project = service::find(tx, cx.actor.workspace, &id).await?;
        copy::copy(tx, &cx, &cx.actor.may::<ProjectView, _>(project)?, &may, wanted).await
    };
    let project = app.db.write(copy).await?;
    let version = project.version;
    Ok(Answer::new(project).at(version))
}

/// All of them on one page: a project has at most some hundred.
async fn members(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
) -> Result<Answer<Page<ProjectMember>>> {
    let mut rx = app.db.read().await?;
    let project = service::find(&mut rx, cx.actor.workspace, &id).await?;
    let items = project_members::list(&mut rx, &cx.actor.may::<ProjectView, _>(project)?).await?;
    Ok(Answer::new(Page { items, next_cursor: None, total: None }))
}

async fn put_member(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    Whom(user): Whom<UserHandle>,
    Json(role): Json<ProjectRole>,
) -> Result<Answer<ProjectMember>> {
    let user = user.of(&cx.actor)?;
    let put = async move |tx: &mut Tx| {
        let project = service::find(tx, cx.actor.workspace, &id).await?;
        project_members::put(tx, &cx, &cx.actor.may(project)?, user, role).await
    };
    Ok(Answer::new(app.db.write(put).await?))
}

async fn remove_member(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    Whom(user): Whom<UserHandle>,
) -> Result<Done> {
    let user = user.of(&cx.actor)?;
    let remove = async move |tx: &mut Tx| {
        let project = service::find(tx, cx.actor.workspace, &id).await?;
        project_members::remove(tx, &cx, &cx.actor.may(project)?, user).await
    };
    app.db.write(remove).await?;
    Ok(Done)
}

//! `/projects/{id}/milestones` and `/milestones/{id}`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use serde_json::json;
use trackside_engine::access::MilestoneView;
use trackside_engine::db::Tx;
use trackside_engine::handle::Handle;
use trackside_engine::ids::{MilestoneId, ProjectId};
use trackside_engine::milestones::{Milestone, MilestonePatch, MilestoneQuery, NewMilestone, Shown, service};
use trackside_engine::paging::Page;
use trackside_engine::projects;

use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, IfMatch, Json, Query};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let new = json!({ "name": "Beta", "due_at": "2026-09-01T16:00:00Z" });
    let change = json!({ "status": "completed" });
    ApiRouter::new()
        .api_route(
            "/projects/{id}/milestones",
            get_with(list, doc("listMilestones", "List a project's milestones with their progress, sorted"))
                .post_with(create, doc_with("createMilestone", "Make a milestone", new)),
        )
        .api_route(
            "/milestones/{id}",
            get_with(find, doc("getMilestone", "Get a milestone with its progress"))
                .patch_with(update, doc_with("updateMilestone", "Change, complete or reopen a milestone", change))
                .delete_with(delete, doc("deleteMilestone", "Delete a milestone; its tasks stay")),
        )
}

async fn list(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    Query(query): Query<MilestoneQuery>,
) -> Result<Answer<Page<Shown>>> {
    let mut rx = app.db.read().await?;
    let project = projects::service::find(&mut rx, cx.actor.workspace, &id).await?;
    let may = cx.actor.may::<MilestoneView, _>(project)?;
    Ok(Answer::new(service::list(&mut rx, &may, &query).await?))
}

async fn create(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    Json(new): Json<NewMilestone>,
) -> Result<Created<Milestone>> {
    let create = async move |tx: &mut Tx| {
        let project = projects::service::find(tx, cx.actor.workspace, &id).await?;
        service::create(tx, &cx, &cx.actor.may(project)?, new).await
    };
    let milestone = app.db.write(create).await?;
    let version = milestone.version;
    Ok(Answer::new(milestone).at(version))
}

async fn find(State(app): State<App>, Auth(cx): Auth, At(id): At<MilestoneId>) -> Result<Answer<Shown>> {
    let mut rx = app.db.read().await?;
    let project = service::project_of(&mut rx, cx.actor.workspace, id).await?;
    let shown = service::get(&mut rx, &cx.actor.may::<MilestoneView, _>(project)?, id).await?;
    let version = shown.milestone.version;
    Ok(Answer::new(shown).at(version))
}

async fn update(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<MilestoneId>,
    IfMatch(seen): IfMatch,
    Json(patch): Json<MilestonePatch>,
) -> Result<Answer<Milestone>> {
    let change = async move |tx: &mut Tx| {
        let project = service::project_of(tx, cx.actor.workspace, id).await?;
        service::update(tx, &cx, &cx.actor.may(project)?, id, seen, patch).await
    };
    let milestone = app.db.write(change).await?;
    let version = milestone.version;
    Ok(Answer::new(milestone).at(version))
}

async fn delete(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<MilestoneId>,
    IfMatch(seen): IfMatch,
) -> Result<Done> {
    let delete = async move |tx: &mut Tx| {
        let project = service::project_of(tx, cx.actor.workspace, id).await?;
        service::delete(tx, &cx, &cx.actor.may(project)?, id, seen).await
    };
    app.db.write(delete).await?;
    Ok(Done)
}

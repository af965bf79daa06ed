//! `/projects/{id}/budget`, `/projects/{id}/costs` and `/costs`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use serde_json::json;
use trackside_engine::budgets::{Budget, Cost, CostPatch, NewBudget, NewCost, costs, service};
use trackside_engine::db::Tx;
use trackside_engine::handle::Handle;
use trackside_engine::ids::{CostId, ProjectId};
use trackside_engine::paging::Page;
use trackside_engine::projects;

use super::PageQuery;
use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, IfMatch, Json, Query};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let plan = json!({ "currency": "EUR", "planned": "12000.00", "thresholds": [50, 80, 100] });
    let new = json!({ "amount": "249.90", "currency": "EUR", "date": "2026-11-25", "category": "Licences", "state": "actual" });
    let change = json!({ "state": "actual" });
    ApiRouter::new()
        .api_route(
            "/projects/{id}/budget",
            get_with(find, doc("getBudget", "Get what a project may cost and costs"))
                .put_with(put, doc_with("putBudget", "Plan the budget of a project", plan)),
        )
        .api_route(
            "/projects/{id}/costs",
            get_with(list, doc("listCosts", "List the costs of a project, in the order they were entered"))
                .post_with(add, doc_with("createCost", "Enter a cost into the budget of a project", new)),
        )
        .api_route(
            "/costs/{id}",
            get_with(cost, doc("getCost", "Get a cost"))
                .patch_with(update, doc_with("updateCost", "Change a cost", change))
                .delete_with(delete, doc("deleteCost", "Delete a cost")),
        )
}

async fn find(State(app): State<App>, Auth(cx): Auth, At(id): At<Handle<ProjectId>>) -> Result<Answer<Budget>> {
    let mut rx = app.db.read().await?;
    let project = projects::service::find(&mut rx, cx.actor.workspace, &id).await?;
    let budget = service::find(&mut rx, &cx.actor.may(project)?).await?;
    let version = budget.version;
    Ok(Answer::new(budget).at(version))
}

async fn put(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    IfMatch(seen): IfMatch,
    Json(new): Json<NewBudget>,
) -> Result<Answer<Budget>> {
    let plan = async move |tx: &mut Tx| {
        let project = projects::service::find(tx, cx.actor.workspace, &id).await?;
        service::plan(tx, &cx, &cx.actor.may(project)?, seen, new).await
    };
    let budget = app.db.write(plan).await?;
    let version = budget.version;
    Ok(Answer::new(budget).at(version))
}

async fn list(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    Query(page): Query<PageQuery>,
) -> Result<Answer<Page<Cost>>> {
    let mut rx = app.db.read().await?;
    let project = projects::service::find(&mut rx, cx.actor.workspace, &id).await?;
    Ok(Answer::new(costs::list(&mut rx, &cx.actor.may(project)?, &page.into()).await?))
}

async fn add(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    Json(new): Json<NewCost>,
) -> Result<Created<Cost>> {
    let add = async move |tx: &mut Tx| {
        let project = projects::service::find(tx, cx.actor.workspace, &id).await?;
        costs::add(tx, &cx, &cx.actor.may(project)?, new).await
    };
    let cost = app.db.write(add).await?;
    let version = cost.version;
    Ok(Answer::new(cost).at(version))
}

async fn cost(State(app): State<App>, Auth(cx): Auth, At(id): At<CostId>) -> Result<Answer<Cost>> {
    let mut rx = app.db.read().await?;
    let project = costs::project_of(&mut rx, cx.actor.workspace, id).await?;
    let cost = costs::find(&mut rx, &cx.actor.may(project)?, id).await?;
    let version = cost.version;
    Ok(Answer::new(cost).at(version))
}

async fn update(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<CostId>,
    IfMatch(seen): IfMatch,
    Json(patch): Json<CostPatch>,
) -> Result<Answer<Cost>> {
    let change = async move |tx: &mut Tx| {
        let project = costs::project_of(tx, cx.actor.workspace, id).await?;
        costs::update(tx, &cx, &cx.actor.may(project)?, id, seen, patch).await
    };
    let cost = app.db.write(change).await?;
    let version = cost.version;
    Ok(Answer::new(cost).at(version))
}

async fn delete(State(app): State<App>, Auth(cx): Auth, At(id): At<CostId>, IfMatch(seen): IfMatch) -> Result<Done> {
    let delete = async move |tx: &mut Tx| {
        let project = costs::project_of(tx, cx.actor.workspace, id).await?;
        costs::delete(tx, &cx, &cx.actor.may(project)?, id, seen).await
    };
    app.db.write(delete).await?;
    Ok(Done)
}

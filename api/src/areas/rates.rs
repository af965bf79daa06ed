//! `/rates`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use trackside_engine::access::BudgetView;
use trackside_engine::db::Tx;
use trackside_engine::handle::{Handle, UserHandle};
use trackside_engine::ids::{ProjectId, RateId};
use trackside_engine::paging::{Page, PageRequest};
use trackside_engine::rates::{NewRate, Rate, RatePatch, RateQuery, service};

use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, IfMatch, Json, Query};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let new = json!({ "amount": "85.00", "currency": "EUR", "valid_from": "2026-01-01" });
    let change = json!({ "valid_to": "2026-12-31" });
    ApiRouter::new()
        .api_route(
            "/rates",
            get_with(list, doc("listRates", "List what an hour costs, in the order it was entered"))
                .post_with(add, doc_with("createRate", "Enter what an hour costs", new)),
        )
        .api_route(
            "/rates/{id}",
            get_with(find, doc("getRate", "Get a rate"))
                .patch_with(update, doc_with("updateRate", "Change a rate", change))
                .delete_with(delete, doc("deleteRate", "Delete a rate")),
        )
}

#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// Only rates for this project, by id or key; with what holds for the whole workspace when left out.
    project: Option<Handle<ProjectId>>,
    /// Only rates for this person: an id, or `me`.
    user: Option<UserHandle>,
    /// 1 to 200 items; 25 when left out.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

async fn list(State(app): State<App>, Auth(cx): Auth, Query(query): Query<ListQuery>) -> Result<Answer<Page<Rate>>> {
    let ListQuery { project, user, limit, cursor } = query;
    let mut rx = app.db.read().await?;
    let place = service::place::<BudgetView>(&mut rx, &cx, project.as_ref()).await?;
    let user = user.map(|user| user.of(&cx.actor)).transpose()?;
    let (query, page) = (RateQuery { user }, PageRequest { limit, cursor });
    Ok(Answer::new(service::list(&mut rx, &place, &query, &page).await?))
}

async fn add(State(app): State<App>, Auth(cx): Auth, Json(new): Json<NewRate>) -> Result<Created<Rate>> {
    let add = async move |tx: &mut Tx| {
        let place = service::place(tx, &cx, new.project.as_ref()).await?;
        service::add(tx, &cx, &place, new).await
    };
    let rate = app.db.write(add).await?;
    let version = rate.version;
    Ok(Answer::new(rate).at(version))
}

async fn find(State(app): State<App>, Auth(cx): Auth, At(id): At<RateId>) -> Result<Answer<Rate>> {
    let mut rx = app.db.read().await?;
    let place = service::place_of::<BudgetView>(&mut rx, &cx, id).await?;
    let rate = service::find(&mut rx, &place, id).await?;
    let version = rate.version;
    Ok(Answer::new(rate).at(version))
}

async fn update(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<RateId>,
    IfMatch(seen): IfMatch,
    Json(patch): Json<RatePatch>,
) -> Result<Answer<Rate>> {
    let change = async move |tx: &mut Tx| {
        let place = service::place_of(tx, &cx, id).await?;
        service::update(tx, &cx, &place, id, seen, patch).await
    };
    let rate = app.db.write(change).await?;
    let version = rate.version;
    Ok(Answer::new(rate).at(version))
}

async fn delete(State(app): State<App>, Auth(cx): Auth, At(id): At<RateId>, IfMatch(seen): IfMatch) -> Result<Done> {
    let delete = async move |tx: &mut Tx| {
        let place = service::place_of(tx, &cx, id).await?;
        service::delete(tx, &cx, &place, id, seen).await
    };
    app.db.write(delete).await?;
    Ok(Done)
}

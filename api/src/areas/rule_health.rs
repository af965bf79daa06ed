//! `/rules/health`: how rules do.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use trackside_engine::access::RuleView;
use trackside_engine::db::Rx;
use trackside_engine::ids::RuleId;
use trackside_engine::paging::Page;
use trackside_engine::rules::health::{self, HealthQuery, RuleHealth, RuleHealthLine, RuleHealthQuery};
use trackside_engine::rules::service;

use crate::answer::{Answer, Result};
use crate::app::App;
use crate::extract::{At, Auth, Query};
use crate::openapi::doc;

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/rules/health",
            get_with(
                list,
                doc("listRuleHealth", "List how rules do: the most failing first, or the most costly, or unused"),
            ),
        )
        .api_route(
            "/rules/{id}/health",
            get_with(find, doc("getRuleHealth", "Say how a rule does: fired, failed, cost, and what it overlaps with")),
        )
}

async fn list(
    State(app): State<App>,
    Auth(cx): Auth,
    Query(query): Query<HealthQuery>,
) -> Result<Answer<Page<RuleHealthLine>>> {
    let may = cx.actor.may_here::<RuleView>()?;
    let now = cx.now();
    Ok(Answer::new(app.db.scan(async move |rx: &mut Rx| health::list(rx, &cx.actor, &may, &query, now).await).await?))
}

async fn find(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<RuleId>,
    Query(query): Query<RuleHealthQuery>,
) -> Result<Answer<RuleHealth>> {
    let rule = service::find(&mut *app.db.read().await?, cx.actor.workspace, id).await?;
    let (may, library) = (cx.actor.may::<RuleView, _>(rule)?, app.library.clone());
    app.refresh_rules().await?;
    let health = async move |rx: &mut Rx| health::of_rule(rx, &library, &cx.actor, &may, &query, cx.now()).await;
    Ok(Answer::new(app.db.scan(health).await?))
}

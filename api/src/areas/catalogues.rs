//! `/event-kinds` and `/actions`: what the rule editor offers.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use trackside_engine::access::RuleView;
use trackside_engine::actions::ActionInfo;
use trackside_engine::events::{CatalogueEntry, catalogue};
use trackside_engine::paging::Page;

use crate::answer::{Answer, Result};
use crate::app::App;
use crate::extract::Auth;
use crate::openapi::doc;

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route("/actions", get_with(actions, doc("listActions", "List what rules may do, with schemas")))
        .api_route("/event-kinds", get_with(kinds, doc("listEventKinds", "List what can happen, with schemas")))
}

async fn actions(State(app): State<App>, Auth(cx): Auth) -> Result<Answer<Page<ActionInfo>>> {
    cx.actor.may_here::<RuleView>()?;
    Ok(Answer::new(Page { items: app.actions.list(), next_cursor: None, total: None }))
}

async fn kinds(Auth(cx): Auth) -> Result<Answer<Page<CatalogueEntry>>> {
    cx.actor.may_here::<RuleView>()?;
    Ok(Answer::new(Page { items: catalogue(), next_cursor: None, total: None }))
}

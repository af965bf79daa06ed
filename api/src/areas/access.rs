//! `/access/explain`: why somebody may do something, or may not.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use trackside_engine::grants::{Explanation, explain};
use trackside_engine::handle::UserHandle;

use crate::answer::{Answer, Result};
use crate::app::App;
use crate::extract::{Auth, Query};
use crate::openapi::doc;

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new().api_route(
        "/access/explain",
        get_with(explain, doc("explainAccess", "Say whether somebody may do something, and through what")),
    )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Question {
    /// A member of the workspace, by id or as `me`; oneself when left out.
    user: Option<UserHandle>,
    /// A permission: `task.edit`.
    action: String,
    /// `workspace`, a project by id or key, or the id of a task or a rule.
    object: String,
}

async fn explain(State(app): State<App>, Auth(cx): Auth, Query(asked): Query<Question>) -> Result<Answer<Explanation>> {
    let mut rx = app.db.read().await?;
    let Question { user, action, object } = asked;
    let user = user.map(|user| user.of(&cx.actor)).transpose()?;
    Ok(Answer::new(explain::explain(&mut rx, &cx, user, &action, &object).await?))
}

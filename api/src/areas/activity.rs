//! `/tasks/{id}/activity`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use trackside_engine::access::TaskView;
use trackside_engine::events::activity::{self, Activity, Order};
use trackside_engine::handle::Handle;
use trackside_engine::ids::TaskId;
use trackside_engine::paging::{Page, PageRequest};

use crate::answer::{Answer, Result};
use crate::app::App;
use crate::extract::{At, Auth, Query};
use crate::openapi::doc;

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new().api_route(
        "/tasks/{id}/activity",
        get_with(list, doc("listActivity", "List what happened to a task, newest first unless asked otherwise")),
    )
}

/// Which page, in which order.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// `newest` first when left out.
    order: Option<Order>,
    /// 1 to 200 items; 25 when left out.
    limit: Option<i64>,
    /// `next_cursor` of the page before, in the same order.
    cursor: Option<String>,
}

async fn list(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<TaskId>>,
    Query(query): Query<ListQuery>,
) -> Result<Answer<Page<Activity>>> {
    let may = cx.actor.may_somewhere::<TaskView>()?;
    let page = PageRequest { limit: query.limit, cursor: query.cursor };
    let mut rx = app.db.read().await?;
    let order = query.order.unwrap_or(Order::Newest);
    Ok(Answer::new(activity::of_task(&mut rx, &may, &id, order, &page).await?))
}

//! `/notifications`: the signed-in person's own.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use trackside_engine::ids::NotificationId;
use trackside_engine::notifications::{Notification, service};
use trackside_engine::paging::{Page, PageRequest};

use crate::answer::{Answer, Result};
use crate::app::App;
use crate::extract::{Json, Person, Query};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route("/notifications", get_with(list, doc("listNotifications", "List one's notifications, newest first")))
        .api_route(
            "/notifications/read",
            post_with(read, doc_with("readNotifications", "Mark notifications as read", json!({ "all": true }))),
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// Only those not read yet.
    #[serde(default)]
    unread: bool,
    /// 1 to 200 items; 25 when left out.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

async fn list(
    State(app): State<App>,
    Person(cx, user): Person,
    Query(query): Query<ListQuery>,
) -> Result<Answer<Page<Notification>>> {
    let page = PageRequest { limit: query.limit, cursor: query.cursor };
    let mut rx = app.db.read().await?;
    Ok(Answer::new(service::list(&mut rx, cx.actor.workspace, user, query.unread, &page).await?))
}

/// Which notifications were read; all of them when neither is given.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Read {
    /// These; at most 1,000.
    #[schemars(length(max = 1000))]
    ids: Option<Vec<NotificationId>>,
    /// All of them.
    all: bool,
}

/// How many were unread.
#[derive(Debug, Serialize, JsonSchema)]
struct Marked {
    /// So many.
    read: u64,
}

async fn read(State(app): State<App>, Person(cx, user): Person, Json(read): Json<Read>) -> Result<Answer<Marked>> {
    let ids = if read.all { None } else { read.ids };
    if ids.as_ref().is_some_and(|ids| ids.len() > 1_000) {
        return Err(trackside_engine::Error::field("/ids", "must be at most 1000; use `all` for more").into());
    }
    let mark = async move |tx: &mut trackside_engine::db::Tx| {
        service::mark_read(tx, &cx, cx.actor.workspace, user, ids.as_deref()).await
    };
    Ok(Answer::new(Marked { read: app.db.write(mark).await? }))
}

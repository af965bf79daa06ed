//! `/notifications` and `/notification-preferences`: the signed-in person's own.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with, put_with};
use axum::extract::State;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use trackside_engine::access::NotificationView;
use trackside_engine::db::Tx;
use trackside_engine::ids::NotificationId;
use trackside_engine::notifications::{Notification, Preferences, Shown, Unread, preferences, service};
use trackside_engine::paging::{Page, PageRequest};

use crate::answer::{Answer, Result};
use crate::app::App;
use crate::extract::{At, Json, Person, Query};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let chosen = json!({
        "quiet_hours": { "from": "22:00", "to": "07:00" },
        "digest_at": "08:30",
        "choices": [
            { "channel": "email", "kind": "comment", "when": "daily" },
            { "channel": "email", "kind": "mention", "when": "at_once" },
        ],
    });
    ApiRouter::new()
        .api_route("/notifications", get_with(list, doc("listNotifications", "List one's notifications, newest first")))
        .api_route(
            "/notifications/unread",
            get_with(unread, doc("countNotifications", "Count the notifications that one has not read")),
        )
        .api_route(
            "/notifications/read",
            post_with(read, doc_with("readNotifications", "Mark notifications as read", json!({ "all": true }))),
        )
        .api_route(
            "/notifications/{id}/snooze",
            put_with(
                snooze,
                doc_with(
                    "snoozeNotification",
                    "Put a notification off; then it is there as unread",
                    json!({ "until": "2027-03-01T08:00:00Z" }),
                ),
            )
            .delete_with(wake, doc("wakeNotification", "Show a notification again that was put off")),
        )
        .api_route(
            "/notification-preferences",
            get_with(find_preferences, doc("getNotificationPreferences", "How one wants to be told")).put_with(
                put_preferences,
                doc_with("putNotificationPreferences", "Say how one wants to be told", chosen),
            ),
        )
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// Only those not read yet.
    #[serde(default)]
    unread: bool,
    /// Those that are put off, in place of the others.
    #[serde(default)]
    snoozed: bool,
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
    cx.actor.may_somewhere::<NotificationView>()?;
    let page = PageRequest { limit: query.limit, cursor: query.cursor };
    let mut rx = app.db.read().await?;
    Ok(Answer::new(service::list(&mut rx, &cx, user, query.unread, query.snoozed, &page).await?))
}

async fn unread(State(app): State<App>, Person(cx, user): Person) -> Result<Answer<Unread>> {
    cx.actor.may_somewhere::<NotificationView>()?;
    Ok(Answer::new(service::count_unread(&mut *app.db.read().await?, &cx, user).await?))
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
    cx.actor.may_somewhere::<NotificationView>()?;
    let ids = if read.all { None } else { read.ids };
    if ids.as_ref().is_some_and(|ids| ids.len() > 1_000) {
        return Err(trackside_engine::Error::field("/ids", "must be at most 1000; use `all` for more").into());
    }
    let mark = async move |tx: &mut Tx| service::mark_read(tx, &cx, cx.actor.workspace, user, ids.as_deref()).await;
    Ok(Answer::new(Marked { read: app.db.write(mark).await? }))
}

/// Until when a notification is put off.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Snooze {
    /// A time to come, within a year.
    until: DateTime<Utc>,
}

async fn snooze(
    State(app): State<App>,
    Person(cx, user): Person,
    At(id): At<NotificationId>,
    Json(Snooze { until }): Json<Snooze>,
) -> Result<Answer<Notification>> {
    cx.actor.may_somewhere::<NotificationView>()?;
    let snooze = async move |tx: &mut Tx| service::snooze(tx, &cx, user, id, Some(until)).await;
    Ok(Answer::new(app.db.write(snooze).await?))
}

async fn wake(
    State(app): State<App>,
    Person(cx, user): Person,
    At(id): At<NotificationId>,
) -> Result<Answer<Notification>> {
    cx.actor.may_somewhere::<NotificationView>()?;
    let wake = async move |tx: &mut Tx| service::snooze(tx, &cx, user, id, None).await;
    Ok(Answer::new(app.db.write(wake).await?))
}

async fn find_preferences(State(app): State<App>, Person(cx, user): Person) -> Result<Answer<Shown>> {
    Ok(Answer::new(preferences::find(&mut *app.db.read().await?, &cx, user).await?))
}

async fn put_preferences(
    State(app): State<App>,
    Person(cx, user): Person,
    Json(chosen): Json<Preferences>,
) -> Result<Answer<Shown>> {
    let put = async move |tx: &mut Tx| preferences::put(tx, &cx, user, chosen).await;
    Ok(Answer::new(app.db.write(put).await?))
}

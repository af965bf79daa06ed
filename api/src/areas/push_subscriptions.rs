//! `/push-subscriptions` and `/push-key`: the browsers in which the signed-in person is told.

use aide::axum::ApiRouter;
use aide::axum::routing::{delete_with, get_with};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use trackside_engine::Error;
use trackside_engine::db::{Tx, everywhere};
use trackside_engine::ids::PushSubscriptionId;
use trackside_engine::notifications::push::{self, Checked, NewSubscription, Subscription};
use trackside_engine::paging::Page;

use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Json, Person};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let given = json!({
        "endpoint": "https://push.example/send/Y2Fycm90",
        "expirationTime": null,
        "keys": {
            "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            "auth": "BTBZMqHH6r4Tts7J_aSIgg",
        },
    });
    ApiRouter::new()
        .api_route(
            "/push-key",
            get_with(
                key,
                doc("getPushKey", "Get the key that a browser wants to subscribe with (`applicationServerKey`)"),
            ),
        )
        .api_route(
            "/push-subscriptions",
            get_with(list, doc("listPushSubscriptions", "List the browsers in which one is told")).post_with(
                create,
                doc_with("createPushSubscription", "Be told in a browser; the body is its `PushSubscription`", given),
            ),
        )
        .api_route(
            "/push-subscriptions/{id}",
            delete_with(delete, doc("deletePushSubscription", "Be told in a browser no more")),
        )
}

/// The key for `PushManager.subscribe`.
#[derive(Debug, Serialize, JsonSchema)]
struct PushKey {
    /// A point of P-256, uncompressed, in base64url.
    public_key: String,
}

async fn key(State(app): State<App>, Person(..): Person) -> Result<Answer<PushKey>> {
    let public_key = everywhere(push::public_key(&app.db, &app.source, &app.vault)).await?;
    Ok(Answer::new(PushKey { public_key }))
}

async fn list(State(app): State<App>, Person(cx, user): Person) -> Result<Answer<Page<Subscription>>> {
    let items = push::list(&mut *app.db.read().await?, &cx, user).await?;
    Ok(Answer::new(Page { items, next_cursor: None, total: None }))
}

async fn create(
    State(app): State<App>,
    Person(cx, user): Person,
    Json(new): Json<NewSubscription>,
) -> Result<Created<Subscription>> {
    let checked = Checked::of(&app.source, &app.vault, &new)?;
    // An address that the wall refuses is refused here already; a name is asked about when something is sent there.
    app.egress.check(&new.endpoint).map_err(|refused| Error::field("/endpoint", refused.to_string()))?;
    let subscribe = async move |tx: &mut Tx| push::subscribe(tx, &cx, user, checked).await;
    Ok(Answer::new(app.db.write(subscribe).await?))
}

async fn delete(State(app): State<App>, Person(cx, user): Person, At(id): At<PushSubscriptionId>) -> Result<Done> {
    app.db.write(async move |tx: &mut Tx| push::unsubscribe(tx, &cx, user, id).await).await?;
    Ok(Done)
}

//! `/secrets`: what rules hand to other services; goes in and is never shown again.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use trackside_engine::db::Tx;
use trackside_engine::paging::Page;
use trackside_engine::projects::place::place;
use trackside_engine::secrets::{SecretInfo, service};
use trackside_engine::vault::Secret;

use super::variables::{ListQuery, PlaceQuery};
use crate::answer::{Answer, Done, Result};
use crate::app::App;
use crate::extract::{Auth, Json, NameAt, Query};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/secrets",
            get_with(
                list,
                doc("listSecrets", "List secrets without their values, in the order in which they were first set"),
            ),
        )
        .api_route(
            "/secrets/{name}",
            get_with(find, doc("getSecret", "Say who set a secret and when; its value is never shown"))
                .put_with(
                    set,
                    doc_with(
                        "setSecret",
                        "Set a secret; rules hand it on as `{{ secrets.NAME }}`",
                        json!({ "value": "…" }),
                    ),
                )
                .delete_with(delete, doc("deleteSecret", "Delete a secret; steps that name it fail from now on")),
        )
}

/// What a secret is set to.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SecretValue")]
struct NewSecret {
    /// 8 bytes to 8 KiB of text.
    value: Secret,
}

async fn list(
    State(app): State<App>,
    Auth(cx): Auth,
    Query(query): Query<ListQuery>,
) -> Result<Answer<Page<SecretInfo>>> {
    let (project, page) = query.split();
    let mut rx = app.db.read().await?;
    let place = place(&mut rx, &cx, project.as_ref()).await?;
    Ok(Answer::new(service::list(&mut rx, &cx, &place, &page).await?))
}

async fn find(
    State(app): State<App>,
    Auth(cx): Auth,
    NameAt(name): NameAt<String>,
    Query(PlaceQuery { project }): Query<PlaceQuery>,
) -> Result<Answer<SecretInfo>> {
    let mut rx = app.db.read().await?;
    let place = place(&mut rx, &cx, project.as_ref()).await?;
    Ok(Answer::new(service::find(&mut rx, &place, &name).await?))
}

async fn set(
    State(app): State<App>,
    Auth(cx): Auth,
    NameAt(name): NameAt<String>,
    Query(PlaceQuery { project }): Query<PlaceQuery>,
    Json(NewSecret { value }): Json<NewSecret>,
) -> Result<Answer<SecretInfo>> {
    let vault = app.vault.clone();
    let set = async move |tx: &mut Tx| {
        let place = place(tx, &cx, project.as_ref()).await?;
        service::set(tx, &cx, &vault, &place, &name, &value).await
    };
    Ok(Answer::new(app.db.write(set).await?))
}

async fn delete(
    State(app): State<App>,
    Auth(cx): Auth,
    NameAt(name): NameAt<String>,
    Query(PlaceQuery { project }): Query<PlaceQuery>,
) -> Result<Done> {
    let delete = async move |tx: &mut Tx| {
        let place = place(tx, &cx, project.as_ref()).await?;
        service::delete(tx, &cx, &place, &name).await
    };
    app.db.write(delete).await?;
    Ok(Done)
}

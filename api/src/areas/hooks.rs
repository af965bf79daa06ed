//! `/hooks`: the endpoints that receive webhooks. What they receive comes in at [`crate::hot`].

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use trackside_engine::access::HookView;
use trackside_engine::db::Tx;
use trackside_engine::hooks::{CreatedHook, Hook, NewHook, service};
use trackside_engine::ids::HookId;
use trackside_engine::paging::Page;
use trackside_engine::vault::Secret;

use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, Json, MaybeJson};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let new = json!({ "name": "GitHub", "scheme": "github" });
    ApiRouter::new()
        .api_route(
            "/hooks",
            get_with(list, doc("listHooks", "List hooks, oldest first"))
                .post_with(create, doc_with("createHook", "Make a hook; its secret is shown once", new)),
        )
        .api_route(
            "/hooks/{id}",
            get_with(find, doc("getHook", "Get a hook"))
                .delete_with(delete, doc("deleteHook", "Delete a hook; its events stay")),
        )
        .api_route(
            "/hooks/{id}/rotate",
            post_with(rotate, doc_with("rotateHook", "Give a hook a new secret; the old one is void", json!({}))),
        )
}

async fn list(State(app): State<App>, Auth(cx): Auth) -> Result<Answer<Page<Hook>>> {
    let may = cx.actor.may_here()?;
    let mut rx = app.db.read().await?;
    Ok(Answer::new(Page { items: service::list(&mut rx, &may).await?, next_cursor: None, total: None }))
}

async fn create(State(app): State<App>, Auth(cx): Auth, Json(new): Json<NewHook>) -> Result<Created<CreatedHook>> {
    let (may, vault) = (cx.actor.may_here()?, app.vault.clone());
    let create = async move |tx: &mut Tx| service::create(tx, &cx, &vault, &may, new).await;
    Ok(Answer::new(app.db.write(create).await?))
}

async fn find(State(app): State<App>, Auth(cx): Auth, At(id): At<HookId>) -> Result<Answer<Hook>> {
    let mut rx = app.db.read().await?;
    let hook = service::find(&mut rx, cx.actor.workspace, id).await?;
    Ok(Answer::new(cx.actor.may::<HookView, _>(hook)?.into_resource()))
}

/// The new secret.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Rotate {
    /// Made when left out, where the scheme allows it.
    secret: Option<Secret>,
}

async fn rotate(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<HookId>,
    MaybeJson(new): MaybeJson<Rotate>,
) -> Result<Answer<CreatedHook>> {
    let vault = app.vault.clone();
    let rotate = async move |tx: &mut Tx| {
        let hook = service::find(tx, cx.actor.workspace, id).await?;
        service::rotate(tx, &vault, &cx.actor.may(hook)?, new.secret).await
    };
    let rotated = app.db.write(rotate).await?;
    app.hooks.forget(id);
    Ok(Answer::new(rotated))
}

async fn delete(State(app): State<App>, Auth(cx): Auth, At(id): At<HookId>) -> Result<Done> {
    let delete = async move |tx: &mut Tx| {
        let hook = service::find(tx, cx.actor.workspace, id).await?;
        service::delete(tx, &cx.actor.may(hook)?).await
    };
    app.db.write(delete).await?;
    app.hooks.forget(id);
    Ok(Done)
}

//! `/tokens`: personal access tokens.

use aide::axum::ApiRouter;
use aide::axum::routing::{delete_with, get_with};
use axum::extract::State;
use serde_json::json;
use trackside_engine::access::{CreatedToken, NewToken, TokenInfo, tokens};
use trackside_engine::db::Tx;
use trackside_engine::ids::TokenId;
use trackside_engine::paging::Page;

use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, Json};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let new = json!({ "name": "CI", "scopes": ["task.*", "rule.view"] });
    ApiRouter::new()
        .api_route(
            "/tokens",
            get_with(list, doc("listTokens", "List one's tokens"))
                .post_with(create, doc_with("createToken", "Make a token; it is shown once", new)),
        )
        .api_route("/tokens/{id}", delete_with(revoke, doc("revokeToken", "Revoke a token at once")))
}

async fn list(State(app): State<App>, Auth(cx): Auth) -> Result<Answer<Page<TokenInfo>>> {
    let may = cx.actor.may_here()?;
    let mut rx = app.db.read().await?;
    let items = tokens::list(&mut rx, &cx, &may).await?;
    Ok(Answer::new(Page { items, next_cursor: None, total: None }))
}

async fn create(State(app): State<App>, Auth(cx): Auth, Json(new): Json<NewToken>) -> Result<Created<CreatedToken>> {
    let may = cx.actor.may_here()?;
    Ok(Answer::new(app.db.write(async move |tx: &mut Tx| tokens::create(tx, &cx, &may, new).await).await?))
}

async fn revoke(State(app): State<App>, Auth(cx): Auth, At(id): At<TokenId>) -> Result<Done> {
    let may = cx.actor.may_here()?;
    app.db.write(async move |tx: &mut Tx| tokens::revoke(tx, &cx, &may, id).await).await?;
    Ok(Done)
}

//! `/service-accounts`: members that are programs, and their tokens.

use aide::axum::ApiRouter;
use aide::axum::routing::{delete_with, get_with};
use axum::extract::State;
use serde_json::json;
use trackside_engine::access::services::{self, NewServiceAccount};
use trackside_engine::access::{CreatedToken, Member, NewToken, TokenInfo};
use trackside_engine::db::Tx;
use trackside_engine::ids::{TokenId, UserId};
use trackside_engine::paging::Page;

use super::{ById, PageQuery};
use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, Json, Query, TokenAt};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let new = json!({ "name": "Deploy robot", "role": "team_member" });
    let token = json!({ "name": "CI", "scopes": ["task.*"], "expires_at": "2099-01-01T00:00:00Z" });
    ApiRouter::new()
        .api_route(
            "/service-accounts",
            get_with(list, doc("listServiceAccounts", "List the service accounts"))
                .post_with(create, doc_with("createServiceAccount", "Make a member that is a program", new)),
        )
        .api_route(
            "/service-accounts/{id}/tokens",
            get_with(list_tokens, doc("listServiceAccountTokens", "List its tokens, with when each was last used"))
                .post_with(
                    create_token,
                    doc_with("createServiceAccountToken", "Make a token for it; shown once", token),
                ),
        )
        .api_route(
            "/service-accounts/{id}/tokens/{token}",
            delete_with(revoke_token, doc("revokeServiceAccountToken", "Revoke a token of it at once")),
        )
}

async fn list(State(app): State<App>, Auth(cx): Auth, Query(query): Query<PageQuery>) -> Result<Answer<Page<Member>>> {
    let may = cx.actor.may_here()?;
    let page = ById::new(query.limit, query.cursor.as_deref())?;
    let mut rx = app.db.read().await?;
    let items = services::list(&mut rx, &may, page.after, page.fetch()).await?;
    Ok(Answer::new(page.page(items, |member| member.id)))
}

async fn create(State(app): State<App>, Auth(cx): Auth, Json(new): Json<NewServiceAccount>) -> Result<Created<Member>> {
    let may = cx.actor.may_here()?;
    Ok(Answer::new(app.db.write(async move |tx: &mut Tx| services::create(tx, &cx, &may, new).await).await?))
}

async fn list_tokens(State(app): State<App>, Auth(cx): Auth, At(id): At<UserId>) -> Result<Answer<Page<TokenInfo>>> {
    let may = cx.actor.may_here()?;
    let mut rx = app.db.read().await?;
    let items = services::list_tokens(&mut rx, &may, id).await?;
    Ok(Answer::new(Page { items, next_cursor: None, total: None }))
}

async fn create_token(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<UserId>,
    Json(new): Json<NewToken>,
) -> Result<Created<CreatedToken>> {
    let may = cx.actor.may_here()?;
    let create = async move |tx: &mut Tx| services::create_token(tx, &cx, &may, id, new).await;
    Ok(Answer::new(app.db.write(create).await?))
}

async fn revoke_token(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<UserId>,
    TokenAt(token): TokenAt<TokenId>,
) -> Result<Done> {
    let may = cx.actor.may_here()?;
    app.db.write(async move |tx: &mut Tx| services::revoke_token(tx, &cx, &may, id, token).await).await?;
    Ok(Done)
}

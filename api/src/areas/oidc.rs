//! `/identity-providers` and `/auth/oidc`: sign-in through other providers (OpenID Connect).

use aide::axum::ApiRouter;
use aide::axum::routing::{delete_with, get_with, post_with};
use axum::extract::State;
use axum::http::header::{ACCEPT, COOKIE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use trackside_engine::access::SignedIn;
use trackside_engine::access::identity::{self, Arrival, IdentityProvider, NewIdentityProvider, ProviderChoice};
use trackside_engine::db::{self, Tx};
use trackside_engine::ids::IdentityProviderId;
use trackside_engine::paging::Page;
use trackside_engine::vault::Secret;
use trackside_engine::{Error, Result as Outcome};

use super::auth::entered;
use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, Json, Query};
use crate::openapi::{doc, doc_with, open};

/// Below this path the cookie of a sign-in is sent back.
const PATH: &str = "/api/v1/auth/oidc";
/// Binds a sign-in to the browser that began it.
const NAME: &str = "trackside_oidc";
/// The page that a browser comes back to.
const PAGE: &str = "sign-in";

pub(super) fn routes() -> ApiRouter<App> {
    let new = json!({ "name": "Acme", "issuer": "https://accounts.acme.example", "client_id": "trackside", "client_secret": "…",
        "auto_join": { "domain": "acme.example", "role": "team_member" } });
    ApiRouter::new()
        .api_route(
            "/identity-providers",
            get_with(list, doc("listIdentityProviders", "List the providers of sign-in")).post_with(
                create,
                doc_with("createIdentityProvider", "Add a provider of sign-in (OpenID Connect)", new),
            ),
        )
        .api_route(
            "/identity-providers/{id}",
            delete_with(delete, doc("deleteIdentityProvider", "Remove a provider of sign-in")),
        )
        .api_route(
            "/auth/oidc",
            get_with(choices, open("listSignInChoices", "List whom one can sign in through", json!(null))),
        )
        .api_route(
            "/auth/oidc/{id}/start",
            get_with(start, |op| {
                let about = "Begin to sign in through a provider: where to go; browsers are sent there";
                open("startSignIn", about, json!(null))(op).response::<200, Answer<Started>>()
            }),
        )
        .api_route(
            "/auth/oidc/callback",
            get_with(callback, |op| {
                let about = "Come back from a provider: a session; browsers are sent to the sign-in page with a ticket";
                open("finishSignIn", about, json!(null))(op).response::<200, Answer<SignedIn>>()
            }),
        )
        .api_route(
            "/auth/oidc/ticket",
            post_with(
                redeem,
                open("redeemTicket", "Get the session of a ticket, once", json!({ "ticket": "trk_tkt_…" })),
            ),
        )
}

async fn list(State(app): State<App>, Auth(cx): Auth) -> Result<Answer<Page<IdentityProvider>>> {
    let may = cx.actor.may_here()?;
    // Which workspace is the first one is seen from outside of them.
    let list = async { identity::list(&mut *app.db.read().await?, &may).await };
    Ok(Answer::new(Page { items: db::everywhere(list).await?, next_cursor: None, total: None }))
}

async fn create(
    State(app): State<App>,
    Auth(cx): Auth,
    Json(new): Json<NewIdentityProvider>,
) -> Result<Created<IdentityProvider>> {
    let (may, vault) = (cx.actor.may_here()?, app.vault.clone());
    app.oidc.check_issuer(new.issuer.trim())?;
    let create = async move |tx: &mut Tx| identity::create(tx, &cx, &vault, &may, new).await;
    Ok(Answer::new(db::everywhere(app.db.write(create)).await?))
}

async fn delete(State(app): State<App>, Auth(cx): Auth, At(id): At<IdentityProviderId>) -> Result<Done> {
    let may = cx.actor.may_here()?;
    db::everywhere(app.db.write(async move |tx: &mut Tx| identity::delete(tx, &cx, &may, id).await)).await?;
    Ok(Done)
}

async fn choices(State(app): State<App>) -> Result<Answer<Page<ProviderChoice>>> {
    let items = identity::choices(&mut *app.db.read().await?).await?;
    Ok(Answer::new(Page { items, next_cursor: None, total: None }))
}

/// Where to go.
#[derive(Debug, Serialize, JsonSchema)]
struct Started {
    /// The provider's page. The cookie of this answer must come back with the browser.
    url: String,
}

async fn start(State(app): State<App>, At(id): At<IdentityProviderId>, headers: HeaderMap) -> Result<Response> {
    let (source, vault) = (app.source.clone(), app.vault.clone());
    let begin = async move |tx: &mut Tx| {
        let (provider, _) = identity::find(tx, &vault, id).await?;
        Ok((provider, identity::begin(tx, &source, &vault, id).await?))
    };
    // Also for who is signed in and has another workspace's token with them.
    let (provider, begun) = db::everywhere(app.db.write(begin)).await?;
    let url = app.oidc.authorize_url(&provider, &redirect_uri(&app), &begun).await?.to_string();
    let mut response = match is_browser(&headers) {
        true => sent_to(&url)?,
        false => Answer::<_, 200>::new(Started { url }).into_response(),
    };
    response.headers_mut().insert(SET_COOKIE, cookie(&app, &begun.state, 600)?);
    Ok(response)
}

/// What a provider sends the browser back with. It may add more.
#[derive(Debug, Deserialize, JsonSchema)]
struct CallbackQuery {
    /// What the session is for.
    state: Option<String>,
    /// What the provider's word is fetched with.
    code: Option<String>,
    /// Why there is none.
    error: Option<String>,
}

async fn callback(State(app): State<App>, Query(query): Query<CallbackQuery>, headers: HeaderMap) -> Result<Response> {
    let browser = is_browser(&headers);
    let post = app.source.post();
    let mut response = match come_back(&app, query, &headers, browser).await {
        Ok(Arrival::Ticket(ticket)) => sent_to(&post.page(PAGE, "ticket", &ticket))?,
        Ok(Arrival::Entry(entry)) => entered::<200>(entry)?.into_response(),
        Err(error) if browser => {
            tracing::info!(%error, "a sign-in through a provider was refused");
            sent_to(&post.page(PAGE, "error", error.code))?
        }
        Err(error) => return Err(error.into()),
    };
    response.headers_mut().insert(SET_COOKIE, cookie(&app, "", 0)?);
    Ok(response)
}

async fn come_back(app: &App, query: CallbackQuery, headers: &HeaderMap, by_ticket: bool) -> Outcome<Arrival> {
    let state = query.state.filter(|state| began_here(headers, state)).ok_or_else(identity::state_invalid)?;
    let (source, vault, state) = (app.source.clone(), app.vault.clone(), Secret::new(state));
    let returned = app.db.write(async move |tx: &mut Tx| identity::take(tx, &source, &vault, &state).await).await?;
    let code = query.code.filter(|_| query.error.is_none()).ok_or_else(|| {
        Error::unauthenticated(
            "identity_refused",
            "The provider did not sign you in; begin again, or sign in another way.",
        )
    })?;
    let identity = app.oidc.identify(&returned, &redirect_uri(app), &code).await?;
    app.authenticator.enter_by_identity(&app.db, returned.provider, identity, by_ticket).await
}

/// A ticket.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Redeem {
    /// What stood behind `#` in the address of the sign-in page.
    ticket: Secret,
}

async fn redeem(State(app): State<App>, Json(body): Json<Redeem>) -> Result<Answer<SignedIn>> {
    entered(app.authenticator.redeem(&app.db, &body.ticket).await?)
}

fn redirect_uri(app: &App) -> String {
    format!("{}{PATH}/callback", app.source.post().public_url())
}

fn is_browser(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|kinds| kinds.contains("text/html"))
}

fn sent_to(url: &str) -> Result<Response> {
    let place = HeaderValue::from_str(url).map_err(|_| Error::internal("An address is no header."))?;
    let mut response = StatusCode::SEE_OTHER.into_response();
    response.headers_mut().insert(LOCATION, place);
    Ok(response)
}

/// `Lax`, because the provider's page leads back here.
fn cookie(app: &App, state: &str, seconds: u32) -> Result<HeaderValue> {
    let secure = if app.source.post().public_url().starts_with("https:") { "; Secure" } else { "" };
    let text = format!("{NAME}={state}; Path={PATH}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&text).map_err(|_| Error::internal("A cookie is no header.").into())
}

/// Whether this browser has the cookie of this sign-in. Without it somebody could sign others in as themselves.
fn began_here(headers: &HeaderMap, state: &str) -> bool {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    !state.is_empty()
        && cookies
            .flat_map(|cookies| cookies.split(';'))
            .any(|cookie| cookie.trim().split_once('=').is_some_and(|(name, value)| name == NAME && value == state))
}

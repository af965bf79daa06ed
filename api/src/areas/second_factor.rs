//! `/me/second-factor`: codes of an app beside the password.

use aide::axum::ApiRouter;
use aide::axum::routing::{delete_with, get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use trackside_engine::access::factors::{self, FactorSetup, FactorStatus, RecoveryCodes};
use trackside_engine::access::{SessionManage, SignedIn};
use trackside_engine::db::{self, Tx};
use trackside_engine::handle::UserHandle;
use trackside_engine::vault::Secret;

use super::auth::signed_in_person;
use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, Json, Person};
use crate::openapi::{doc, doc_with, open};

pub(super) fn routes() -> ApiRouter<App> {
    let code = json!({ "code": "123456" });
    let password = json!({ "password": "correct horse battery" });
    let login = json!({ "challenge": "trk_2fa_…", "code": "123456" });
    ApiRouter::new()
        .api_route(
            "/me/second-factor",
            get_with(status, doc("getSecondFactor", "Get whether signing in asks for a code")).post_with(
                begin,
                doc_with(
                    "createSecondFactor",
                    "Make a secret for an app; it counts once a code confirms it",
                    password.clone(),
                ),
            ),
        )
        .api_route(
            "/me/second-factor/confirm",
            post_with(
                confirm,
                doc_with("confirmSecondFactor", "Begin to be asked for codes; shows recovery codes", code),
            ),
        )
        .api_route(
            "/me/second-factor/remove",
            post_with(remove, doc_with("removeSecondFactor", "End being asked for codes", password)),
        )
        .api_route(
            "/members/{id}/second-factor",
            delete_with(reset, doc("resetSecondFactor", "End that a member is asked for codes, who has lost them")),
        )
        .api_route(
            "/auth/login/second-factor",
            post_with(login_, open("loginSecondFactor", "End a sign-in with a code, or a recovery code", login)),
        )
}

async fn status(State(app): State<App>, Auth(cx): Auth) -> Result<Answer<FactorStatus>> {
    let may = cx.actor.may_here()?;
    let mut rx = app.db.read().await?;
    Ok(Answer::new(factors::status(&mut rx, &cx, &may).await?))
}

async fn begin(
    State(app): State<App>,
    Person(cx, user): Person,
    Json(body): Json<Password>,
) -> Result<Created<FactorSetup>> {
    signed_in_person(&cx.actor)?;
    let (may, vault) = (cx.actor.may_here()?, app.vault.clone());
    app.authenticator.must_know(&app.db, user, &body.password, "/password").await?;
    Ok(Answer::new(app.db.write(async move |tx: &mut Tx| factors::begin(tx, &cx, &vault, &may).await).await?))
}

/// A code.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Code {
    /// What the app shows now.
    code: String,
}

async fn confirm(
    State(app): State<App>,
    Person(cx, _): Person,
    Json(body): Json<Code>,
) -> Result<Answer<RecoveryCodes>> {
    signed_in_person(&cx.actor)?;
    let (may, vault) = (cx.actor.may_here()?, app.vault.clone());
    let confirm = async move |tx: &mut Tx| factors::confirm(tx, &cx, &vault, &may, &body.code).await;
    Ok(Answer::new(app.db.write(confirm).await??))
}

/// A password.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Password {
    /// One's own.
    password: Secret,
}

async fn remove(State(app): State<App>, Person(cx, user): Person, Json(body): Json<Password>) -> Result<Done> {
    signed_in_person(&cx.actor)?;
    let may = cx.actor.may_here::<SessionManage>()?;
    app.authenticator.must_know(&app.db, user, &body.password, "/password").await?;
    app.db.write(async move |tx: &mut Tx| factors::remove(tx, &cx, &may).await).await?;
    Ok(Done)
}

async fn reset(State(app): State<App>, Auth(cx): Auth, At(id): At<UserHandle>) -> Result<Done> {
    let may = cx.actor.may_here()?;
    let id = id.of(&cx.actor)?;
    // Whether the member belongs to other workspaces counts.
    db::everywhere(app.db.write(async move |tx: &mut Tx| factors::reset(tx, &cx, &may, id).await)).await?;
    Ok(Done)
}

/// The second half of a sign-in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SecondHalf {
    /// What the first half answered.
    challenge: Secret,
    /// What the app shows now, or a recovery code.
    code: String,
}

async fn login_(State(app): State<App>, Json(body): Json<SecondHalf>) -> Result<Answer<SignedIn>> {
    Ok(Answer::new(app.authenticator.second_factor(&app.db, &body.challenge, &body.code).await?))
}

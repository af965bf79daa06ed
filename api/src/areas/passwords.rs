//! Passwords and addresses: changing them, and getting back in without them.

use aide::axum::ApiRouter;
use aide::axum::routing::post_with;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use trackside_engine::Error;
use trackside_engine::access::addresses::{AddressChange, AddressChanged};
use trackside_engine::access::recovery::{self, PasswordChange, ResetLink};
use trackside_engine::db::{self, Tx};
use trackside_engine::handle::UserHandle;
use trackside_engine::vault::Secret;

use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, Bearer, Json, Person};
use crate::openapi::{doc, doc_with, open};

pub(super) fn routes() -> ApiRouter<App> {
    let change = json!({ "current_password": "correct horse battery", "password": "a better horse battery" });
    let forgot = json!({ "email": "ada@acme.example" });
    let reset = json!({ "token": "trk_rst_…", "password": "a better horse battery" });
    let email = json!({ "email": "ada@example.org", "password": "correct horse battery" });
    ApiRouter::new()
        .api_route(
            "/auth/password",
            post_with(change_, doc_with("changePassword", "Change one's password; other sessions end", change)),
        )
        .api_route(
            "/auth/password/forgot",
            post_with(
                forgot_,
                open("forgotPassword", "Have a link for a new password mailed, if the address is known", forgot),
            ),
        )
        .api_route(
            "/auth/password/reset",
            post_with(
                reset_,
                open("resetPassword", "Set a new password by the token of a link; all sessions end", reset),
            ),
        )
        .api_route(
            "/auth/email/verify",
            post_with(
                verify,
                open("verifyEmail", "Prove an address by the token of a letter", json!({ "token": "trk_adr_…" })),
            ),
        )
        .api_route(
            "/me/email",
            post_with(
                change_address,
                doc_with("changeEmail", "Change one's address, or prove the one that one has", email),
            ),
        )
        .api_route(
            "/members/{id}/password-reset",
            post_with(
                reset_link,
                doc("createPasswordReset", "Make a link for a new password; mailed, or shown where no mail is sent"),
            ),
        )
}

async fn change_(
    State(app): State<App>,
    Person(_, user): Person,
    Bearer(token): Bearer,
    Json(change): Json<PasswordChange>,
) -> Result<Done> {
    let session = app.authenticator.session(&app.db, &token).await?;
    let session = session.ok_or_else(|| Error::denied("a token cannot change a password; sign in to do this"))?;
    // One's sessions in other workspaces end, too.
    db::everywhere(app.authenticator.change_password(&app.db, user, session, change)).await?;
    Ok(Done)
}

/// An address.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Forgot {
    /// Whose password is forgotten.
    email: String,
}

async fn forgot_(State(app): State<App>, Json(body): Json<Forgot>) -> Result<Done> {
    app.authenticator.forgot(&app.db, &body.email).await?;
    Ok(Done)
}

/// A new password.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Reset {
    /// The token of the link.
    token: Secret,
    /// The new password, 10 to 128 characters.
    password: Secret,
}

async fn reset_(State(app): State<App>, Json(body): Json<Reset>) -> Result<Done> {
    app.authenticator.reset_password(&app.db, &body.token, &body.password).await?;
    Ok(Done)
}

/// The token of a letter.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Verify {
    /// The token of the link.
    token: Secret,
}

async fn verify(State(app): State<App>, Json(body): Json<Verify>) -> Result<Done> {
    app.authenticator.prove_address(&app.db, &body.token).await?;
    Ok(Done)
}

async fn change_address(
    State(app): State<App>,
    Person(_, user): Person,
    Bearer(token): Bearer,
    Json(change): Json<AddressChange>,
) -> Result<Answer<AddressChanged>> {
    let session = app.authenticator.session(&app.db, &token).await?;
    session.ok_or_else(|| Error::denied("a token cannot change an address; sign in to do this"))?;
    Ok(Answer::new(app.authenticator.change_address(&app.db, user, change).await?))
}

async fn reset_link(State(app): State<App>, Auth(cx): Auth, At(id): At<UserHandle>) -> Result<Created<ResetLink>> {
    let may = cx.actor.may_here()?;
    let id = id.of(&cx.actor)?;
    let make = async move |tx: &mut Tx| recovery::reset_link(tx, &cx, &may, id).await;
    // Whether the member belongs to other workspaces counts.
    Ok(Answer::new(db::everywhere(app.db.write(make)).await?))
}

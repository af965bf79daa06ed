//! Who asks.

use std::sync::Arc;

use aide::OperationInput;
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use trackside_engine::ids::UserId;
use trackside_engine::{Cx, Error};

use super::address::Address;
use super::request::Request;
use crate::app::App;
use crate::problem::Problem;

/// The context in which the bearer of the token acts. A route without it is open to strangers.
#[derive(Clone)]
pub struct Auth(pub Cx);

/// The bearer token itself, not yet looked at.
#[derive(Clone)]
pub struct Bearer(pub Arc<str>);

/// Why nobody stands behind the token of this request: so that it is looked up once, however many layers ask.
#[derive(Clone)]
struct Nobody(Problem);

/// A signed-in person: what belongs to one (notifications, tokens) is of no use to anybody else.
#[derive(Clone)]
pub struct Person(pub Cx, pub UserId);

impl Bearer {
    /// The token of `Authorization: Bearer …`.
    pub fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let missing = || {
            let detail = "Send `Authorization: Bearer <token>`, with an access token from /api/v1/auth/login or a personal token.";
            Problem::from(Error::unauthenticated("token_missing", detail))
        };
        let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).ok_or_else(missing)?;
        let (scheme, token) = value.trim().split_once(' ').ok_or_else(missing)?;
        if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
            return Err(missing());
        }
        Ok(Self(token.trim().into()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::of(&parts.headers)
    }
}

impl FromRequestParts<App> for Auth {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        // A layer (idempotency keys, rate limits) may have asked before.
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let request = Request::from_request_parts(parts, app).await?;
        let Bearer(token) = Bearer::of(&parts.headers)?;
        if let Some(Nobody(problem)) = parts.extensions.get() {
            return Err(problem.clone());
        }
        let actor = app.actor(&token).await.inspect_err(|problem| {
            parts.extensions.insert(Nobody(problem.clone()));
        })?;
        let mut cx = app.source.cx(actor);
        cx.actor.address = Address::of(parts);
        cx.trace = Some(request.trace);
        let auth = Self(cx);
        parts.extensions.insert(auth.clone());
        Ok(auth)
    }
}

impl FromRequestParts<App> for Person {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Auth(cx) = Auth::from_request_parts(parts, app).await?;
        let user = cx.actor.user().ok_or_else(|| Error::denied("only a person can do this; sign in as one"))?;
        Ok(Self(cx, user))
    }
}

impl OperationInput for Auth {}
impl OperationInput for Bearer {}
impl OperationInput for Person {}

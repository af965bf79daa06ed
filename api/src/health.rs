//! `/healthz`, `/readyz` and `/metrics`: what orchestrators and monitors ask. They need no layer, and no token
//! but the one that the operator may set for the figures.

use std::net::SocketAddr;
use std::time::Duration;

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use trackside_engine::vault::Secret;

use crate::answer::{Answer, Result};
use crate::app::App;
use crate::commands::doctor;
use crate::extract::Bearer;
use crate::observe::{X_REQUEST_ID, identity};
use crate::openapi::open;
use crate::problem::Problem;

/// A database, its writer or Redis that has not answered after so long is not ready.
const PATIENCE: Duration = Duration::from_secs(2);

pub(crate) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route("/healthz", get_with(alive, open("healthz", "Whether the process lives", json!(null))))
        .api_route(
            "/metrics",
            get_with(metrics, |op| {
                open("metrics", "Figures in Prometheus' text format", json!(null))(op).response::<200, String>()
            }),
        )
        .api_route(
            "/readyz",
            get_with(ready, |op| {
                open(
                    "readyz",
                    "Whether requests can be served: 503 when the database is missing or takes no writes",
                    json!(null),
                )(op)
                .response::<200, Answer<Ready>>()
            }),
        )
}

/// The process lives.
#[derive(Debug, Serialize, JsonSchema)]
struct Alive {
    /// Always `ok`.
    status: &'static str,
}

async fn alive() -> Result<Answer<Alive>> {
    Ok(Answer::new(Alive { status: "ok" }))
}

/// What is ready and what is not.
#[derive(Debug, Serialize, JsonSchema)]
struct Ready {
    /// Whether all is.
    ready: bool,
    /// What is missing, and what to do.
    missing: Vec<String>,
}

async fn ready(State(app): State<App>) -> Response {
    let mut missing = Vec::new();
    let database = tokio::time::timeout(PATIENCE, doctor::migrated(&app.db)).await;
    match database {
        Ok(Ok(())) => {}
        Ok(Err(wrong)) => missing.push(wrong),
        Err(_) => missing.push("the database does not answer".to_owned()),
    }
    // What cannot be read is not asked whether it can be written.
    if missing.is_empty() {
        match tokio::time::timeout(PATIENCE, app.db.writable()).await {
            Ok(Ok(())) => {}
            Ok(Err(wrong)) => missing.push(format!("nothing can be written. {}", wrong.detail)),
            Err(_) => missing.push(format!("nothing was written for {} seconds", PATIENCE.as_secs())),
        }
    }
    if let Some(url) = &app.redis_url {
        match tokio::time::timeout(PATIENCE, doctor::redis_answers(url)).await {
            Ok(Ok(())) => {}
            // Without Redis jobs are found by looking, later but surely, so this node can still serve.
            Ok(Err(wrong)) => tracing::warn!(%wrong, "Redis does not answer"),
            Err(_) => tracing::warn!("Redis does not answer"),
        }
    }
    let ready = Ready { ready: missing.is_empty(), missing };
    match ready.ready {
        true => Answer::<_, 200>::new(ready).into_response(),
        false => Answer::<_, 503>::new(ready).into_response(),
    }
}

/// Who is shown the figures: they tell how much is done here, and with what.
pub enum MetricsFor {
    /// Everybody who reaches a listener on a loopback address.
    Local,
    /// Whoever has this token.
    Bearer(Secret),
    /// Nobody: the listener can be reached from elsewhere, and there is no token.
    Nobody,
}

impl MetricsFor {
    /// Those who have the token; without one, those on this machine.
    pub fn of(token: Option<Secret>, listener: SocketAddr) -> Self {
        match token {
            Some(token) => Self::Bearer(token),
            None if listener.ip().to_canonical().is_loopback() => Self::Local,
            None => Self::Nobody,
        }
    }

    fn admit(&self, headers: &HeaderMap) -> Result<(), Problem> {
        match self {
            Self::Local => Ok(()),
            // Hashes are compared, so that how long it takes tells nothing of the token.
            Self::Bearer(token) => match Bearer::of(headers) {
                Ok(Bearer(given)) if Sha256::digest(&*given) == Sha256::digest(token.reveal()) => Ok(()),
                _ => Err(refused(
                    "/metrics wants `Authorization: Bearer …` with the token that the operator set as metrics_token.",
                )),
            },
            Self::Nobody => Err(refused(
                "/metrics is closed, because this server listens to other machines and has no token for it. The operator sets one with --metrics-token or TRACKSIDE_METRICS_TOKEN.",
            )),
        }
    }
}

fn refused(detail: &str) -> Problem {
    trackside_engine::Error::unauthenticated("metrics_token_needed", detail).into()
}

async fn metrics(State(app): State<App>, headers: HeaderMap) -> Response {
    if let Err(problem) = app.metrics_for.admit(&headers) {
        let request = identity(&headers, &app.source);
        let mut response = problem.render(Some(&request.id));
        if let Ok(id) = HeaderValue::from_str(&request.id) {
            response.headers_mut().insert(X_REQUEST_ID, id);
        }
        return response;
    }
    app.metrics.run_upkeep();
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.metrics.render()).into_response()
}

//! `/healthz`, `/readyz` and `/metrics`: what orchestrators and monitors ask. They need no token and no layer.

use std::time::Duration;

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::answer::{Answer, Result};
use crate::app::App;
use crate::commands::doctor;
use crate::openapi::open;

/// A database or Redis that has not answered after so long is not ready.
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
                open("readyz", "Whether requests can be served: 503 when something is missing", json!(null))(op)
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

async fn metrics(State(app): State<App>) -> Response {
    app.metrics.run_upkeep();
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.metrics.render()).into_response()
}

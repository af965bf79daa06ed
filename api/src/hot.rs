//! `POST /hooks/{id}`: the hottest path of the product. Outside of the layers, so that a delivery costs no span, no
//! boxed middleware and no look at headers it does not need.

use aide::axum::ApiRouter;
use aide::axum::routing::post_with;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use trackside_engine::hooks::{Incoming, service};
use trackside_engine::ids::{EventId, HookId};

use crate::answer::Answer;
use crate::app::App;
use crate::extract::{At, read_body};
use crate::observe::{X_REQUEST_ID, identity};
use crate::openapi::open;
use crate::problem::Problem;

pub(crate) fn routes() -> ApiRouter<App> {
    let about = "Receive a webhook; answered when it is durable";
    ApiRouter::new().api_route(
        "/hooks/{id}",
        post_with(receive, |op| {
            let op = open("receiveHook", about, json!(null))(op);
            op.response::<200, Answer<Challenge>>().response::<202, Answer<Received, 202>>()
        }),
    )
}

/// A delivery is stored.
#[derive(Debug, Serialize, JsonSchema)]
struct Received {
    /// The event that it became.
    event: EventId,
    /// Whether it was known already; then this is the event that the first copy became.
    duplicate: bool,
}

/// What Slack asks of a new address once, and wants to hear again
/// ([`url_verification`](https://api.slack.com/events/url_verification)). Its post has been verified like any other.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Challenge {
    challenge: String,
}

impl Challenge {
    fn of(body: &[u8]) -> Option<Self> {
        // Deliveries are looked at no further than this: the word is rare, and the path is hot.
        if body.len() > 4096 || !body.windows(18).any(|word| word == b"\"url_verification\"") {
            return None;
        }
        serde_json::from_slice(body).ok()
    }
}

async fn receive(State(app): State<App>, At(id): At<HookId>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    match take(&app, id, &parts.headers, body).await {
        Ok((_, Some(challenge))) => Answer::<_, 200>::new(challenge).into_response(),
        Ok((received, None)) => Answer::<_, 202>::new(received).into_response(),
        Err(problem) => refuse(problem, &parts.headers, &app),
    }
}

async fn take(
    app: &App,
    id: HookId,
    headers: &HeaderMap,
    body: Body,
) -> Result<(Received, Option<Challenge>), Problem> {
    let trace = identity(headers, &app.source).trace;
    let body = read_body(Request::new(body)).await?;
    // A header whose value is no text is no part of any scheme, and could not be shown to a rule.
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), std::str::from_utf8(value.as_bytes()).ok()?)))
        .collect();
    let post = Incoming { headers: &headers, body: &body, trace: Some(trace) };
    let receipt = service::receive(&app.intake, &app.hooks, id, post).await?;
    Ok((Received { event: receipt.event_id, duplicate: receipt.duplicate }, Challenge::of(&body)))
}

fn refuse(problem: Problem, headers: &HeaderMap, app: &App) -> Response {
    let request = identity(headers, &app.source);
    problem.log(&request.id);
    let mut response = problem.render(Some(&request.id));
    if let Ok(id) = HeaderValue::from_str(&request.id) {
        response.headers_mut().insert(X_REQUEST_ID, id);
    }
    response
}

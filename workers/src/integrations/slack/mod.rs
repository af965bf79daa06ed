//! Slack: the Web API with a bot token, or an incoming webhook.
//!
//! A connection of kind `slack` holds either a bot token (`xoxb-…`) or, as its token, the whole URL of an incoming
//! webhook, which is as secret as a token because whoever knows it can post.
//!
//! Slack knows no idempotency keys: a message whose answer was lost may be posted twice by a retry. That is the
//! documented promise of external actions (at least once).

pub mod actions;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method};
use serde::Deserialize;
use serde_json::Value;
use trackside_engine::actions::external::{Call, Connection, Failure};
use url::form_urlencoded;

use crate::egress::{DEFAULT_MAX_BODY, Egress, Request};
use crate::integrations::answers;

const BASE_URL: &str = "https://slack.com/api";

/// The part of every Web API answer that says whether it worked.
#[derive(Deserialize)]
struct Envelope {
    ok: bool,
    error: Option<String>,
}

/// Calls one Web API method with form fields, and gives back the answer's JSON when it says `ok`.
///
/// # Errors
/// [`Failure`]: Slack answers 200 with `ok: false` for most of them.
pub async fn call_method(
    egress: &Egress,
    call: &Call,
    connection: &Connection,
    method: &str,
    fields: &[(&str, &str)],
) -> Result<Value, Failure> {
    let base = connection.base_url.as_deref().unwrap_or(BASE_URL).trim_end_matches('/');
    let mut bearer = HeaderValue::from_str(&format!("Bearer {}", connection.token.reveal()))
        .map_err(|_| Failure::permanent("the token of the Slack connection is not one: set it again"))?;
    bearer.set_sensitive(true);
    let mut headers = HeaderMap::with_capacity(2);
    headers.insert(AUTHORIZATION, bearer);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let answer = egress
        .send(Request {
            method: Method::POST,
            url: egress.check(&format!("{base}/{method}"))?,
            headers,
            body: Bytes::from(body),
            timeout: call.timeout,
            max_body: DEFAULT_MAX_BODY,
        })
        .await?;
    if !answer.status.is_success() {
        let error = format!("Slack answered {} to {method}: {}", answer.status, answers::excerpt(&answer.body));
        return Err(answers::failure(answer.status, &answer.headers, error));
    }
    let json: Value = serde_json::from_slice(&answer.body)
        .map_err(|_| Failure::unknown(format!("Slack's answer to {method} is not JSON: is the base URL right?")))?;
    let envelope = Envelope::deserialize(&json)
        .map_err(|_| Failure::unknown(format!("Slack's answer to {method} has no `ok`: is the base URL right?")))?;
    if envelope.ok {
        return Ok(json);
    }
    Err(refusal(method, envelope.error.as_deref().unwrap_or("no reason given"), &answer.headers))
}

/// Sorts Slack's error names: <https://api.slack.com/methods/chat.postMessage#errors>.
fn refusal(method: &str, name: &str, headers: &HeaderMap) -> Failure {
    let hint = match name {
        "ratelimited" | "rate_limited" | "service_unavailable" | "request_timeout" | "team_added_to_org" => {
            let error = format!("Slack refused {method} for now: {name}");
            return Failure::Retryable { error, after: answers::retry_after(headers) };
        }
        // Slack: "it's possible some aspect of the operation succeeded before the error was raised".
        "fatal_error" | "internal_error" => return Failure::unknown(format!("Slack failed at {method}: {name}")),
        "channel_not_found" => ": give the channel's id, and invite the app if it is private",
        "not_in_channel" => ": invite the app to the channel",
        "is_archived" => ": the channel is archived",
        "no_text" => ": give text or blocks",
        "invalid_auth" | "not_authed" | "token_revoked" | "token_expired" | "account_inactive" => {
            ": connect Slack again, its token is not accepted"
        }
        "missing_scope" => ": the app lacks a scope, add chat:write and install it again",
        _ => "",
    };
    Failure::permanent(format!("Slack refused {method}: {name}{hint}"))
}

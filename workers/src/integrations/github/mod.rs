//! GitHub and GitHub Enterprise Server, through octocrab over our own wall.
//!
//! A connection of kind `github` holds a token (personal, fine-grained or of an installation); its base URL is that
//! of the REST API, `https://<host>/api/v3` for an Enterprise Server. Answers are read into small structures of what
//! we use rather than octocrab's whole models, so that a server of another age cannot fail a call that succeeded.

pub mod actions;

use std::fmt::Display;
use std::sync::Arc;

use http::header::{HeaderValue, USER_AGENT};
use http::{HeaderMap, StatusCode, Uri};
use octocrab::service::middleware::auth_header::AuthHeaderLayer;
use octocrab::service::middleware::base_uri::BaseUriLayer;
use octocrab::service::middleware::extra_headers::ExtraHeadersLayer;
use octocrab::{AuthState, Octocrab, OctocrabBuilder};
use trackside_engine::actions::external::{Call, Connection, Failure};

use crate::egress::{Egress, SendError};
use crate::integrations::answers;

const BASE_URL: &str = "https://api.github.com";

/// Bytes of an answer that are read: a page of a hundred long issues is a few megabytes.
const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// A client for one connection. Its calls go out through `egress`.
///
/// # Errors
/// [`Failure::Permanent`] when the connection's base URL or token cannot be used.
pub fn client(egress: &Egress, call: &Call, connection: &Connection) -> Result<Octocrab, Failure> {
    let base = connection.base_url.as_deref().unwrap_or(BASE_URL).trim_end_matches('/');
    egress.check(base)?;
    let base: Uri = base
        .parse()
        .map_err(|_| Failure::permanent("the base URL of the GitHub connection cannot be read: set it again"))?;
    let mut token = HeaderValue::from_str(&format!("Bearer {}", connection.token.reveal()))
        .map_err(|_| Failure::permanent("the token of the GitHub connection is not one: set it again"))?;
    token.set_sensitive(true);
    let agent = HeaderValue::from_static(concat!("Trackside/", env!("CARGO_PKG_VERSION")));
    // The same layers, in the same order, as octocrab's own builder sets around its default client.
    let built = OctocrabBuilder::new_empty()
        .with_service(egress.service(call.timeout, MAX_ANSWER))
        .with_layer(&ExtraHeadersLayer::new(Arc::new(vec![(USER_AGENT, agent)])))
        .with_layer(&BaseUriLayer::new(base.clone()))
        .with_layer(&AuthHeaderLayer::new(Some(token), base.clone(), base))
        .with_auth(AuthState::None)
        .build();
    match built {
        Ok(client) => Ok(client),
        Err(never) => match never {},
    }
}

/// Sorts octocrab's errors. `what` completes "GitHub … ".
pub fn failure(what: impl Display, error: octocrab::Error) -> Failure {
    match error {
        octocrab::Error::GitHub { source, .. } => {
            let headers = source.headers.clone().unwrap_or_default();
            let details = source.errors.as_deref().unwrap_or_default();
            let details: String = details.iter().map(|one| format!(" {one}")).collect();
            let text = format!("GitHub {what}: {} {}{details}", source.status_code.as_u16(), source.message);
            answered(source.status_code, &headers, text)
        }
        octocrab::Error::Service { source, .. } => match source.downcast::<SendError>() {
            Ok(error) => (*error).into(),
            Err(error) => Failure::unknown(format!("GitHub {what}: {error}")),
        },
        // Whatever else goes wrong does so while reading an answer to a request that was accepted.
        octocrab::Error::Json { source, .. } => Failure::unknown(format!(
            "GitHub's answer is not what the API describes ({source}): is the base URL right?"
        )),
        other => Failure::unknown(format!("GitHub {what}: {other}")),
    }
}

/// Rate limits come as 403 or 429: <https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api>.
fn answered(status: StatusCode, headers: &HeaderMap, error: String) -> Failure {
    let number = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()?.parse::<i64>().ok());
    let limited = number("x-ratelimit-remaining") == Some(0);
    if matches!(status, StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS) {
        let asked = answers::retry_after(headers);
        if asked.is_some() || limited || status == StatusCode::TOO_MANY_REQUESTS {
            let reset = || answers::since_answer(headers, number("x-ratelimit-reset")?);
            return Failure::Retryable { error, after: asked.or_else(|| limited.then(reset).flatten()) };
        }
    }
    let hint = match status {
        StatusCode::UNAUTHORIZED => ": connect GitHub again, its token is not accepted",
        StatusCode::FORBIDDEN => ": the token lacks the permission for this",
        StatusCode::NOT_FOUND => ": check the name, and that the token may see it",
        StatusCode::GONE => ": issues are switched off in this repository",
        status if status.is_redirection() => ": it has moved, use its new name",
        _ => "",
    };
    answers::failure(status, headers, format!("{error}{hint}"))
}

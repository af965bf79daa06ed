//! What surrounds every request but the inbound hooks: its id, its span, its time, and the guard that turns panics,
//! time-outs and plain errors into problems.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use futures::FutureExt;
use tracing::Instrument;
use trackside_engine::Source;
use trackside_engine::ids::{EventId, Id};

use crate::app::App;
use crate::extract::{self, Address};
use crate::problem::Problem;

/// Names a request in logs and answers.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// W3C Trace Context: <https://www.w3.org/TR/trace-context/>.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// An answer must have begun after so long; long polls wait less.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The same for a file that comes in: it is read before it is answered.
const TIMEOUT_OF_UPLOADS: Duration = Duration::from_secs(4 * 60 * 60);

/// Whether the request brings a file: one for a task, or a project with its files.
pub fn is_upload(method: &Method, route: &str, headers: &HeaderMap) -> bool {
    let import = || (route.ends_with("/import") || route.ends_with("/imports")) && extract::is_archive(headers);
    method == Method::POST && (route.ends_with("/attachments") || import())
}

/// The identity of a request: what the caller named, or fresh.
pub fn identity(headers: &HeaderMap, source: &Source) -> extract::Request {
    let given = headers.get(X_REQUEST_ID).and_then(|value| value.to_str().ok()).filter(|text| is_plain(text));
    let trace = headers.get(TRACEPARENT).and_then(|value| value.to_str().ok()).and_then(trace_id);
    // Any id serves: what is wanted is its UUID, whose simple form is a trace id as well.
    let fresh = source.new_id::<EventId>().uuid().simple().to_string();
    extract::Request {
        id: given.map_or_else(|| format!("req_{fresh}").into(), Into::into),
        trace: trace.unwrap_or(&fresh).into(),
    }
}

fn is_plain(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/=+".contains(&byte))
}

/// The trace id of `00-<trace>-<parent>-<flags>`.
fn trace_id(text: &str) -> Option<&str> {
    let mut parts = text.split('-');
    let (version, trace) = (parts.next()?, parts.next()?);
    let hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let good = version.len() == 2 && hex(version) && version != "ff" && trace.len() == 32 && hex(trace);
    (good && trace.bytes().any(|byte| byte != b'0')).then_some(trace)
}

/// The outermost layer.
pub async fn request(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let identity = identity(request.headers(), &app.source);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let address = Address::find(request.extensions(), request.headers(), &app.trusted_proxies);
    let span = tracing::info_span!(
        "request", request_id = %identity.id, trace = %identity.trace, %method, path = %request.uri().path(),
        address = address.map(|Address(address)| tracing::field::display(address)), status = tracing::field::Empty
    );
    request.extensions_mut().insert(identity.clone());
    if let Some(address) = address {
        request.extensions_mut().insert(address);
    }
    let long = route.as_ref().is_some_and(|route| is_upload(&method, route.as_str(), request.headers()));
    let timeout = if long { TIMEOUT_OF_UPLOADS } else { TIMEOUT };
    let answer = AssertUnwindSafe(tokio::time::timeout(timeout, next.run(request))).catch_unwind();
    let mut response = match answer.instrument(span.clone()).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => axum::response::IntoResponse::into_response(timed_out()),
        Err(panic) => axum::response::IntoResponse::into_response(panicked(&*panic)),
    };
    span.in_scope(|| finish(&mut response, &identity));
    let (status, took) = (response.status(), started.elapsed());
    span.record("status", status.as_u16());
    span.in_scope(|| tracing::debug!(status = status.as_u16(), ms = took.as_secs_f64() * 1e3, "answered"));
    let route = route.as_ref().map_or("none", MatchedPath::as_str).to_owned();
    let labels = [("method", method.to_string()), ("route", route), ("status", status.as_str().to_owned())];
    metrics::histogram!("trackside_http_request_seconds", &labels).record(took.as_secs_f64());
    response
}

fn timed_out() -> Problem {
    let detail = "The request took too long and was given up. Whether it was carried out is not known: look before you repeat it.";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "timed_out", detail).retry_after(1)
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> Problem {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Problem::internal(format!("a handler panicked: {}", text.unwrap_or("no message")))
}

/// Puts the request's id on the answer, and into it when it is a problem.
fn finish(response: &mut Response, request: &extract::Request) {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        problem.log(&request.id);
        let rendered = problem.render(Some(&request.id));
        response.headers_mut().remove(CONTENT_LENGTH);
        *response.body_mut() = rendered.into_body();
    }
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&request.id) {
        headers.insert(X_REQUEST_ID, id);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// No such route.
pub async fn not_found(request: Request) -> Problem {
    let path: String = request.uri().path().chars().take(200).collect();
    let detail = format!("There is nothing at {path}. The routes are listed at /api/docs.");
    Problem::new(StatusCode::NOT_FOUND, "route_not_found", detail)
}

/// The route has other methods; axum adds `Allow`.
pub async fn method_not_allowed(request: Request) -> Problem {
    let detail = format!("{} is not possible here; the Allow header says what is.", request.method());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_up_a_trace_and_a_name_and_refuses_nonsense() {
        let mut headers = HeaderMap::new();
        headers.insert(X_REQUEST_ID, HeaderValue::from_static("from-the-proxy.1"));
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        headers.insert(TRACEPARENT, HeaderValue::from_static(parent));
        let named = identity(&headers, &Source::default());
        assert_eq!((&*named.id, &*named.trace), ("from-the-proxy.1", "0af7651916cd43dd8448eb211c80319c"));

        headers.insert(X_REQUEST_ID, HeaderValue::from_static("a b\"c"));
        headers
            .insert(TRACEPARENT, HeaderValue::from_static("00-00000000000000000000000000000000-b7ad6b7169203331-01"));
        let fresh = identity(&headers, &Source::default());
        assert!(
            fresh.id.starts_with("req_") && fresh.trace.len() == 32 && fresh.trace.bytes().any(|byte| byte != b'0')
        );
    }
}

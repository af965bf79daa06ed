//! Errors as [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problems: the one place where an engine's [`Class`]
//! becomes an HTTP status.

use aide::OperationOutput;
use aide::generate::GenContext;
use aide::openapi::{MediaType, Operation, Response as Documented, SchemaObject};
use axum::body::Body;
use axum::http::header::{CONTENT_RANGE, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use trackside_engine::{Class, Error, FieldError};

/// The media type of every error.
pub const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// What went wrong with a request, and what to do about it. One pointer wide, so that every `Result` stays cheap.
#[derive(Debug, Clone)]
pub struct Problem(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    status: StatusCode,
    code: &'static str,
    detail: String,
    errors: Vec<Wrong>,
    retry_after: Option<u64>,
    /// What the log is told and the caller is not.
    hidden: Option<String>,
    challenge: Option<&'static str>,
    second_factor: Option<String>,
    /// The length of what a range was asked of.
    length: Option<u64>,
}

/// One wrong field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Wrong {
    /// JSON pointer (RFC 6901) to the field, such as `/title`.
    pub pointer: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// An error: `application/problem+json` of RFC 9457.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub struct ProblemBody<'a> {
    /// Stable: `/problems/` and a word for programs to compare.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: &'a str,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong here and what to do about it.
    pub detail: &'a str,
    /// The wrong fields of the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<&'a [Wrong]>,
    /// With `second_factor_required`: what to send to `/auth/login/second-factor` together with a code, within five minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub challenge: Option<&'a str>,
    /// Joins this answer with the server's logs; name it when you ask for help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<&'a str>,
}

impl Problem {
    /// A problem of the edge itself, which no engine class stands for.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            status,
            code,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
            hidden: None,
            challenge: None,
            second_factor: None,
            length: None,
        }))
    }

    /// The request cannot even be read (400).
    pub fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// A fault of ours: the log learns what it was, the caller only that it was.
    pub fn internal(hidden: impl Into<String>) -> Self {
        let detail =
            "Something went wrong on our side. Try again; if it stays, ask the operator and name the request id.";
        let mut problem = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail);
        problem.0.hidden = Some(hidden.into());
        problem
    }

    /// The password was right; a code of the second factor is still to come.
    pub fn second_factor(challenge: String) -> Self {
        let detail = "The password is right; send `challenge` and a code of your app to /api/v1/auth/login/second-factor within five minutes.";
        let mut problem = Self::new(StatusCode::UNAUTHORIZED, "second_factor_required", detail);
        problem.0.challenge = Some("Bearer");
        problem.0.second_factor = Some(challenge);
        problem
    }

    /// Asks the caller to come back after so many seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// Tells how long that is of which a range was asked.
    #[must_use]
    pub fn with_range(mut self, length: u64) -> Self {
        self.0.length = Some(length);
        self
    }

    /// Adds a wrong field.
    #[must_use]
    pub fn and_field(mut self, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        self.0.errors.push(Wrong { pointer: pointer.into(), message: message.into() });
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The word for programs.
    pub fn code(&self) -> &str {
        self.0.code
    }

    /// What is wrong, for people.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// Writes to the log what the caller is not told.
    pub fn log(&self, request_id: &str) {
        if let Some(hidden) = &self.0.hidden {
            tracing::error!(request_id, code = %self.0.code, error = %hidden, "a request failed on our side");
        }
    }

    /// The problem as a part of an answer that is about several things.
    pub fn value(&self) -> serde_json::Value {
        serde_json::json!(self.body(None))
    }

    fn body<'a>(&'a self, request_id: Option<&'a str>) -> ProblemBody<'a> {
        ProblemBody {
            kind: format!("/problems/{}", self.0.code),
            title: self.0.status.canonical_reason().unwrap_or("Error"),
            status: self.0.status.as_u16(),
            detail: &self.0.detail,
            errors: Some(self.0.errors.as_slice()).filter(|errors| !errors.is_empty()),
            challenge: self.0.second_factor.as_deref(),
            request_id,
        }
    }

    /// The answer, with the request's id.
    pub fn render(&self, request_id: Option<&str>) -> Response {
        let body = self.body(request_id);
        // Strings and numbers always serialise; an empty body would still carry the status.
        let text = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = self.0.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, PROBLEM_JSON);
        if let Some(seconds) = self.0.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(challenge) = self.0.challenge {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if let Some(length) = self.0.length
            && let Ok(range) = HeaderValue::from_str(&format!("bytes */{length}"))
        {
            headers.insert(CONTENT_RANGE, range);
        }
        response
    }
}

/// How a class is told over HTTP.
pub(crate) fn status(class: Class) -> StatusCode {
    match class {
        Class::NotFound => StatusCode::NOT_FOUND,
        Class::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        Class::Denied => StatusCode::FORBIDDEN,
        Class::Unauthenticated => StatusCode::UNAUTHORIZED,
        Class::Conflict => StatusCode::CONFLICT,
        Class::Stale => StatusCode::PRECONDITION_FAILED,
        Class::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Class::Busy => StatusCode::SERVICE_UNAVAILABLE,
        Class::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        if error.class == Class::Internal {
            let mut hidden = error.to_string();
            let mut cause = std::error::Error::source(&error);
            while let Some(source) = cause {
                hidden.push_str(&format!(": {source}"));
                cause = source.source();
            }
            return Self::internal(hidden);
        }
        let errors = error
            .fields
            .iter()
            .map(|FieldError { pointer, message }| Wrong { pointer: pointer.clone(), message: message.clone() });
        let mut problem = Self::new(status(error.class), error.code, error.detail.clone());
        problem.0.errors = errors.collect();
        match error.class {
            Class::Busy => problem.0.retry_after = Some(1),
            Class::Unauthenticated => problem.0.challenge = Some("Bearer realm=\"trackside\""),
            _ => {}
        }
        problem
    }
}

/// The body is written by [`crate::observe`], which knows the request's id; without it, here.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.render(None);
        response.extensions_mut().insert(self);
        response
    }
}

impl OperationOutput for Problem {
    type Inner = Self;

    fn operation_response(ctx: &mut GenContext, _: &mut Operation) -> Option<Documented> {
        let schema = SchemaObject {
            json_schema: ctx.schema.subschema_for::<ProblemBody<'static>>(),
            external_docs: None,
            example: None,
        };
        Some(Documented {
            description: "What is wrong, and what to do about it.".into(),
            content: [("application/problem+json".into(), MediaType { schema: Some(schema), ..MediaType::default() })]
                .into_iter()
                .collect(),
            ..Documented::default()
        })
    }

    fn inferred_responses(ctx: &mut GenContext, operation: &mut Operation) -> Vec<(Option<u16>, Documented)> {
        Self::operation_response(ctx, operation).map(|response| (None, response)).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn body(response: Response) -> serde_json::Value {
        let bytes = axum::body::to_bytes(response.into_body(), 65_536).await.unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    #[tokio::test]
    async fn says_what_to_do_and_where() {
        let problem = Problem::from(Error::field("/title", "must not be empty"));
        let response = problem.render(Some("req_1"));
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        assert_eq!(
            body(response).await,
            serde_json::json!({
                "type": "/problems/invalid_fields",
                "title": "Unprocessable Entity",
                "status": 422,
                "detail": "/title: must not be empty",
                "errors": [{ "pointer": "/title", "message": "must not be empty" }],
                "request_id": "req_1",
            })
        );
    }

    #[tokio::test]
    async fn hides_the_inside_of_our_own_faults() {
        let error = Error::internal("table `secrets` is gone").caused_by(std::io::Error::other("disk 7"));
        let problem = Problem::from(error);
        assert_eq!(problem.0.hidden.as_deref(), Some("internal: table `secrets` is gone: disk 7"));
        let text = body(problem.into_response()).await.to_string();
        assert!(!text.contains("secrets") && !text.contains("disk"), "{text}");
    }

    #[test]
    fn asks_who_it_is_and_when_to_come_back() {
        let stranger = Problem::from(Error::unauthenticated("token_missing", "sign in")).into_response();
        assert_eq!(stranger.headers()[WWW_AUTHENTICATE], "Bearer realm=\"trackside\"");
        let busy = Problem::from(Error::busy("queue_full", "later")).into_response();
        assert_eq!((busy.status().as_u16(), &busy.headers()[RETRY_AFTER]), (503, &HeaderValue::from_static("1")));
    }
}

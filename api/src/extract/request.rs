//! What is known of every request: its id and the trace it belongs to. [`crate::observe`] puts it there.

use std::sync::Arc;

use aide::OperationInput;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::problem::Problem;

/// The id in `x-request-id`, given by the caller or made here, and the trace id that events, runs and outgoing calls
/// of this request carry on.
#[derive(Debug, Clone)]
pub struct Request {
    /// The request's id.
    pub id: RequestId,
    /// 32 hex digits, as W3C Trace Context writes a trace id.
    pub trace: Arc<str>,
}

/// The text of a request id.
pub type RequestId = Arc<str>;

impl<S: Send + Sync> FromRequestParts<S> for Request {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::internal("a route stands outside of `observe`"))
    }
}

impl OperationInput for Request {}

//! `If-Match` and `If-None-Match`: the version that the caller saw.

use aide::OperationInput;
use aide::generate::GenContext;
use aide::openapi::Operation;
use aide::operation::add_parameters;
use axum::extract::FromRequestParts;
use axum::http::header::{IF_MATCH, IF_NONE_MATCH};
use axum::http::request::Parts;

use crate::problem::Problem;

/// The version in `If-Match: "3"`; none when the header is absent or `*`.
#[derive(Debug, Clone, Copy)]
pub struct IfMatch(pub Option<i64>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(IF_MATCH) else { return Ok(Self(None)) };
        let text = value.to_str().unwrap_or_default().trim();
        if text == "*" {
            return Ok(Self(None));
        }
        let version = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).and_then(|text| text.parse().ok());
        version.map(|version| Self(Some(version))).ok_or_else(|| {
            let detail = "If-Match must be one version in quotes, as the ETag header gave it: `If-Match: \"3\"`.";
            Problem::bad_request("invalid_if_match", detail)
        })
    }
}

impl OperationInput for IfMatch {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        let about = "The version that was seen, as `ETag` gave it: `\"3\"`. Another one now answers 412.";
        let schema = schemars::json_schema!({ "type": "string", "pattern": "^(\\*|\"[0-9]+\")$" });
        add_parameters(ctx, operation, [crate::openapi::header("If-Match", about, schema)]);
    }
}

/// The tags in `If-None-Match`: what the caller has already.
#[derive(Debug, Clone, Default)]
pub struct IfNoneMatch(String);

impl IfNoneMatch {
    /// Whether the caller has this version. Tags are compared weakly, as RFC 9110 wants it here; what is no tag is none.
    pub fn has(&self, version: i64) -> bool {
        let tag = format!("\"{version}\"");
        self.0.split(',').map(str::trim).any(|seen| seen == "*" || seen.trim_start_matches("W/") == tag)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let value = parts.headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
        Ok(Self(value.unwrap_or_default().to_owned()))
    }
}

impl OperationInput for IfNoneMatch {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        let about =
            "The versions that one has, as `ETag` gave them: `\"3\"`. If one of them is the newest the answer is 304.";
        let schema = schemars::json_schema!({ "type": "string" });
        add_parameters(ctx, operation, [crate::openapi::header("If-None-Match", about, schema)]);
    }
}

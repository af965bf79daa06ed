//! What handlers answer with.

use aide::OperationOutput;
use aide::generate::GenContext;
use aide::openapi::{MediaType, Operation, Response as Documented, SchemaObject};
use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, ETAG};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;

use crate::problem::Problem;

/// What every handler returns.
pub type Result<T, E = Problem> = std::result::Result<T, E>;

/// A JSON body with a status; with [`at`](Self::at) also an `ETag`.
#[derive(Debug, Clone)]
pub struct Answer<T, const STATUS: u16 = 200> {
    body: T,
    version: Option<i64>,
    /// Whether the caller has it already.
    known: bool,
}

/// 201 with what was made.
pub type Created<T> = Answer<T, 201>;

impl<T, const STATUS: u16> Answer<T, STATUS> {
    /// An answer with this body.
    pub fn new(body: T) -> Self {
        Self { body, version: None, known: false }
    }

    /// The same, with the version as `ETag: "3"`, for a later `If-Match`.
    #[must_use]
    pub fn at(mut self, version: i64) -> Self {
        self.version = Some(version);
        self
    }

    /// The same, or 304 without a body if the caller has this version already.
    #[must_use]
    pub fn unless(mut self, seen: &crate::extract::IfNoneMatch) -> Self {
        self.known = self.version.is_some_and(|version| seen.has(version));
        self
    }
}

impl<T: Serialize, const STATUS: u16> IntoResponse for Answer<T, STATUS> {
    fn into_response(self) -> Response {
        if self.known {
            return not_modified(self.version);
        }
        let mut text = Vec::with_capacity(512);
        if let Err(error) = serde_json::to_writer(&mut text, &self.body) {
            return Problem::internal(format!("an answer cannot be written as JSON: {error}")).into_response();
        }
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = StatusCode::from_u16(STATUS).unwrap_or(StatusCode::OK);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        tag(&mut response, self.version);
        response
    }
}

fn not_modified(version: Option<i64>) -> Response {
    let mut response = StatusCode::NOT_MODIFIED.into_response();
    tag(&mut response, version);
    response
}

fn tag(response: &mut Response, version: Option<i64>) {
    if let Some(version) = version
        && let Ok(tag) = HeaderValue::from_str(&format!("\"{version}\""))
    {
        response.headers_mut().insert(ETAG, tag);
    }
}

impl<T: JsonSchema, const STATUS: u16> OperationOutput for Answer<T, STATUS> {
    type Inner = T;

    fn operation_response(ctx: &mut GenContext, _: &mut Operation) -> Option<Documented> {
        let json_schema = ctx.schema.subschema_for::<T>();
        let schema = SchemaObject { json_schema, external_docs: None, example: None };
        Some(Documented {
            description: StatusCode::from_u16(STATUS)
                .ok()
                .and_then(|s| s.canonical_reason())
                .unwrap_or("OK")
                .to_owned(),
            content: [("application/json".into(), MediaType { schema: Some(schema), ..MediaType::default() })]
                .into_iter()
                .collect(),
            ..Documented::default()
        })
    }

    fn inferred_responses(ctx: &mut GenContext, operation: &mut Operation) -> Vec<(Option<u16>, Documented)> {
        Self::operation_response(ctx, operation).map(|response| (Some(STATUS), response)).into_iter().collect()
    }
}

/// A table as a file of CSV (RFC 4180) with its name.
#[derive(Debug, Clone)]
pub struct Csv {
    /// What the file is to be called; plain ASCII.
    pub name: String,
    /// The table.
    pub text: String,
}

impl IntoResponse for Csv {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.text));
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present"));
        if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{}\"", self.name)) {
            response.headers_mut().insert(CONTENT_DISPOSITION, name);
        }
        response
    }
}

impl OperationOutput for Csv {
    type Inner = String;

    fn operation_response(_: &mut GenContext, _: &mut Operation) -> Option<Documented> {
        let schema = schemars::json_schema!({ "type": "string" });
        let media = MediaType {
            schema: Some(SchemaObject { json_schema: schema, external_docs: None, example: None }),
            ..MediaType::default()
        };
        Some(Documented {
            description: "A table with a line of names.".into(),
            content: [("text/csv".into(), media)].into_iter().collect(),
            ..Documented::default()
        })
    }

    fn inferred_responses(ctx: &mut GenContext, operation: &mut Operation) -> Vec<(Option<u16>, Documented)> {
        Self::operation_response(ctx, operation).map(|response| (Some(200), response)).into_iter().collect()
    }
}

/// 204: done, and there is nothing to show.
#[derive(Debug, Clone, Copy)]
pub struct Done;

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

impl OperationOutput for Done {
    type Inner = ();

    fn operation_response(_: &mut GenContext, _: &mut Operation) -> Option<Documented> {
        Some(Documented { description: "Done; there is no body.".into(), ..Documented::default() })
    }

    fn inferred_responses(ctx: &mut GenContext, operation: &mut Operation) -> Vec<(Option<u16>, Documented)> {
        Self::operation_response(ctx, operation).map(|response| (Some(204), response)).into_iter().collect()
    }
}

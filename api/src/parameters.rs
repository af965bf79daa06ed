//! Query parameters of operations that take none: refused by name, as those do that take some. A filter that is silently
//! ignored shows everything.
//!
//! Which operations take none comes from the OpenAPI document, so none can be forgotten. Who asks is looked at first: a
//! stranger learns nothing of what a route takes.

use std::collections::HashMap;
use std::sync::Arc;

use aide::openapi::{OpenApi, Parameter, ReferenceOr};
use axum::extract::{FromRequestParts as _, MatchedPath, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::extract::Auth;
use crate::fields;
use crate::openapi::{is_open, operations};
use crate::problem::Problem;

/// The operations that take no query parameter but `fields`, and whether strangers may ask them.
#[derive(Debug, Clone, Default)]
pub struct Bare(Arc<HashMap<(&'static str, String), bool>>);

impl Bare {
    /// Reads it from the document.
    pub fn of(document: &OpenApi) -> Self {
        let mut bare = HashMap::new();
        let mut paths = document.paths.clone().unwrap_or_default().paths;
        for (path, item) in &mut paths {
            let ReferenceOr::Item(item) = item else { continue };
            for (method, operation) in operations(item) {
                let is_query = |parameter: &ReferenceOr<Parameter>| matches!(parameter, ReferenceOr::Item(Parameter::Query { parameter_data, .. }) if parameter_data.name != fields::NAME);
                if !operation.parameters.iter().any(is_query) {
                    bare.insert((method, path.clone()), is_open(path, operation));
                }
            }
        }
        Self(Arc::new(bare))
    }

    /// Whether the operation takes none and, if so, whether it is open to strangers.
    fn find(&self, method: &Method, path: &str) -> Option<bool> {
        let method = match method.as_str() {
            "GET" | "HEAD" => "get",
            "PUT" => "put",
            "POST" => "post",
            "DELETE" => "delete",
            "PATCH" => "patch",
            _ => return None,
        };
        self.0.get(&(method, path.to_owned())).copied()
    }
}

/// The layer: stands behind that of `fields`, which has taken its own parameter out.
pub async fn layer(State((app, bare)): State<(App, Bare)>, request: Request, next: Next) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let Some(name) = url::form_urlencoded::parse(query.as_bytes()).next().map(|(name, _)| name.into_owned()) else {
        return next.run(request).await;
    };
    let route = request.extensions().get::<MatchedPath>();
    let Some(open) = route.and_then(|route| bare.find(request.method(), route.as_str())) else {
        return next.run(request).await;
    };
    let (mut parts, _) = request.into_parts();
    if !open && let Err(problem) = Auth::from_request_parts(&mut parts, &app).await {
        return problem.into_response();
    }
    let shown: String = name.chars().take(64).collect();
    let detail = format!("unknown query parameter `{shown}`; this operation takes none");
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_parameter", detail).into_response()
}

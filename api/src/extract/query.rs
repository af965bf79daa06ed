//! Query parameters. An unknown one is refused by name: a filter that is silently ignored shows everything.

use aide::OperationInput;
use aide::generate::GenContext;
use aide::openapi::Operation;
use aide::operation::{ParamLocation, add_parameters, parameters_from_schema};
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use trackside_engine::unfit;

use crate::problem::Problem;

/// The query as a type, which must deny unknown fields.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let text = parts.uri.query().unwrap_or_default();
        let reader = serde_urlencoded::Deserializer::new(url::form_urlencoded::parse(text.as_bytes()));
        serde_path_to_error::deserialize(reader).map(Self).map_err(|error| {
            let name = error.path().to_string();
            let what = error.into_inner().to_string();
            wrong(&name, &what)
        })
    }
}

fn wrong(name: &str, what: &str) -> Problem {
    if what.starts_with("unknown field") {
        let named = what.split('`').nth(1).unwrap_or_default();
        let near = trackside_rules::problem::nearest(named, what.split('`').skip(3).step_by(2));
        let detail = match near {
            Some(near) => format!("unknown query parameter `{named}`; did you mean `{near}`?"),
            None => what.replacen("unknown field", "unknown query parameter", 1),
        };
        return Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_parameter", detail);
    }
    let what = &*unfit::readable(what);
    let detail = if what.starts_with("missing field") {
        what.replacen("missing field", "missing query parameter", 1)
    } else if name == "." {
        what.to_owned()
    } else {
        format!("query parameter `{name}`: {what}")
    };
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_parameter", detail)
}

impl<T: JsonSchema> OperationInput for Query<T> {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        // Not a component of the document: its fields are the parameters.
        let schema = T::json_schema(&mut ctx.schema);
        let parameters = parameters_from_schema(ctx, schema, ParamLocation::Query);
        add_parameters(ctx, operation, parameters);
    }
}

/// The query as pairs, for lists whose filters carry operators in their names (`due_at.lt`).
#[derive(Debug, Clone)]
pub struct Pairs(pub Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Pairs {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let text = parts.uri.query().unwrap_or_default();
        Ok(Self(url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()))
    }
}

impl OperationInput for Pairs {}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Page {
        limit: Option<i64>,
        since: Option<chrono::DateTime<chrono::Utc>>,
    }

    #[tokio::test]
    async fn an_unknown_parameter_is_named() {
        for (query, detail) in [
            ("limits=3", "unknown query parameter `limits`; did you mean `limit`?"),
            ("colour=red", "unknown query parameter `colour`, expected `limit` or `since`"),
            (
                "since=2026-11",
                "query parameter `since`: must be a time as RFC 3339 writes it, such as 2026-11-26T09:00:00Z",
            ),
            ("limit=many", "query parameter `limit`: invalid digit found in string"),
        ] {
            let (mut parts, ()) = Request::get(format!("/?{query}")).body(()).unwrap().into_parts();
            let problem = Query::<Page>::from_request_parts(&mut parts, &()).await.unwrap_err();
            assert_eq!((problem.status().as_u16(), problem.detail()), (422, detail));
        }
    }
}

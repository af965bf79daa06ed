//! `fields=id,title` on every `GET` that answers with a JSON object: of what is asked for, only those fields.
//!
//! One layer for all routes, so that none can forget it. On a list it is the items that are cut down; `next_cursor` and
//! `total` stay. Which names a route knows comes from its answer's schema in the OpenAPI document, so a name that no item
//! happens to have is told from one that is none. The answer is cut down after the handler made it: permissions, errors
//! and `ETag` are as without it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use aide::openapi::OpenApi;
use axum::body::{Body, Bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt as _;
use indexmap::IndexMap;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::problem::Problem;

/// The name of the parameter.
pub const NAME: &str = "fields";
/// What the document says of it.
pub const ABOUT: &str = "only these fields, parted by commas: of each item, or of the one thing";
/// The most names.
const MAX_NAMES: usize = 100;

/// What a route's answer holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Whether it is a page of items.
    list: bool,
    /// The fields of an item, or of the one thing.
    names: Vec<String>,
}

/// What is known of every `GET`, by the path as the document has it.
#[derive(Debug, Clone, Default)]
pub struct Routes(Arc<HashMap<String, Known>>);

impl Routes {
    /// Reads it from the document: every `GET` whose answer is a JSON object with named fields.
    pub fn of(document: &OpenApi) -> Self {
        // A document of strings and maps always serialises.
        let document = serde_json::to_value(document).unwrap_or_default();
        let paths = document["paths"].as_object().into_iter().flatten();
        let known = paths.filter_map(|(path, item)| Some((path.clone(), known(&document, &item["get"])?)));
        Self(Arc::new(known.collect()))
    }

    /// Whether the route takes `fields`.
    pub fn knows(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }
}

fn known(document: &Value, operation: &Value) -> Option<Known> {
    let answer = operation.pointer("/responses/200/content/application~1json/schema")?;
    let fields = properties(document, answer)?;
    match fields.get("items").filter(|_| fields.contains_key("next_cursor")) {
        None => Some(Known { list: false, names: fields.keys().map(|name| (*name).to_owned()).collect() }),
        Some(items) => {
            let fields = properties(document, &items["items"])?;
            Some(Known { list: true, names: fields.keys().map(|name| (*name).to_owned()).collect() })
        }
    }
}

/// The properties of a schema, behind references and in all of its parts; none of one that has no names for its fields.
fn properties<'a>(document: &'a Value, schema: &'a Value) -> Option<BTreeMap<&'a str, &'a Value>> {
    let mut found = BTreeMap::new();
    let mut parts = vec![schema];
    // Each part is looked at once: a schema that is a part of itself ends, too.
    let mut looked = 0;
    while let Some(part) = parts.pop().filter(|_| looked < 100) {
        looked += 1;
        if let Some(target) = part["$ref"].as_str().and_then(|to| document.pointer(to.trim_start_matches('#'))) {
            parts.push(target);
        }
        parts.extend(part["allOf"].as_array().into_iter().flatten());
        let fields = part["properties"].as_object().into_iter().flatten();
        found.extend(fields.map(|(name, schema)| (name.as_str(), schema)));
    }
    (!found.is_empty()).then_some(found)
}

/// The layer: takes `fields` out of the query before the handler sees it, and cuts down what the handler answered.
pub async fn layer(State(routes): State<Routes>, mut request: Request, next: Next) -> Response {
    let asks = |query: &str| query.split('&').any(|pair| pair == NAME || pair.starts_with("fields="));
    let readable = matches!(*request.method(), Method::GET | Method::HEAD);
    if !readable || !request.uri().query().is_some_and(asks) {
        return next.run(request).await;
    }
    let route = request.extensions().get::<MatchedPath>().cloned();
    let Some(known) = route.as_ref().and_then(|route| routes.0.get(route.as_str())).cloned() else {
        return next.run(request).await;
    };
    let wanted = match without(request.uri()) {
        Some((uri, wanted)) => {
            *request.uri_mut() = uri;
            wanted
        }
        None => return Problem::internal("a query without `fields` is no query").into_response(),
    };
    let response = next.run(request).await;
    let json = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    if response.status() != StatusCode::OK || !json {
        return response;
    }
    match names(&wanted, &known) {
        Ok(names) => cut(response, &known, &names).await,
        Err(problem) => problem.into_response(),
    }
}

/// The address without `fields`, and what it said.
fn without(uri: &Uri) -> Option<(Uri, Vec<String>)> {
    let (mut kept, mut wanted) = (Vec::new(), Vec::new());
    for pair in uri.query()?.split('&') {
        match pair.split_once('=') {
            Some((NAME, _)) => {
                wanted.extend(url::form_urlencoded::parse(pair.as_bytes()).map(|(_, value)| value.into_owned()));
            }
            None if pair == NAME => wanted.push(String::new()),
            _ => kept.push(pair),
        }
    }
    let path = match kept.is_empty() {
        true => uri.path().to_owned(),
        false => format!("{}?{}", uri.path(), kept.join("&")),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path.parse().ok()?);
    Some((Uri::from_parts(parts).ok()?, wanted))
}

/// The names that are wanted, each of them known.
fn names(wanted: &[String], known: &Known) -> Result<Vec<String>, Problem> {
    let refused = |detail: String| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_parameter", detail);
    let names: Vec<&str> = wanted.iter().flat_map(|text| text.split(',')).collect();
    if names.len() > MAX_NAMES {
        return Err(refused(format!("`fields` names more than {MAX_NAMES} fields; leave it out to get all")));
    }
    match names.iter().find(|name| !known.names.iter().any(|known| known == *name)) {
        None => Ok(names.into_iter().map(str::to_owned).collect()),
        Some(unknown) => {
            let shown: String = unknown.chars().take(64).collect();
            Err(refused(format!("`fields` does not know `{shown}`; it knows {}", known.names.join(", "))))
        }
    }
}

/// An object whose values are kept to the letter.
type Fields = IndexMap<String, Box<RawValue>>;

async fn cut(response: Response, known: &Known, names: &[String]) -> Response {
    let (mut parts, body) = response.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return Problem::internal(format!("an answer broke off: {error}")).into_response(),
    };
    // An answer to HEAD has none.
    if body.is_empty() {
        return Response::from_parts(parts, Body::from(body));
    }
    match cut_text(&body, known, names) {
        Ok(text) => {
            parts.headers.remove(CONTENT_LENGTH);
            Response::from_parts(parts, Body::from(text))
        }
        Err(error) => Problem::internal(format!("an answer is no JSON object: {error}")).into_response(),
    }
}

fn cut_text(body: &Bytes, known: &Known, names: &[String]) -> serde_json::Result<Vec<u8>> {
    let keep = |fields: &mut Fields| fields.retain(|name, _| names.iter().any(|wanted| wanted == name));
    let mut whole: Fields = serde_json::from_slice(body)?;
    if !known.list {
        keep(&mut whole);
        return serde_json::to_vec(&whole);
    }
    if let Some(text) = whole.get("items") {
        let mut items: Vec<Fields> = serde_json::from_str(text.get())?;
        items.iter_mut().for_each(keep);
        whole.insert("items".to_owned(), serde_json::value::to_raw_value(&items)?);
    }
    serde_json::to_vec(&whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Known {
        Known { list: true, names: vec!["id".into(), "title".into()] }
    }

    #[test]
    fn fields_are_taken_out_of_the_query() {
        for (uri, kept, wanted) in [
            ("/a?fields=id", "/a", vec!["id"]),
            ("/a?x=1&fields=id%2Ctitle&y=%20", "/a?x=1&y=%20", vec!["id,title"]),
            ("/a?fields=id&fields=title", "/a", vec!["id", "title"]),
            ("/a?fields", "/a", vec![""]),
            ("/a?field=1", "/a?field=1", vec![]),
        ] {
            let (uri, found) = without(&uri.parse().unwrap()).unwrap();
            assert_eq!((uri.to_string().as_str(), found), (kept, wanted.into_iter().map(str::to_owned).collect()));
        }
    }

    #[test]
    fn unknown_names_are_told_with_those_there_are() {
        let of = |text: &str| names(&[text.to_owned()], &known());
        assert_eq!(of("title,id").unwrap(), ["title", "id"]);
        for text in ["titel", "", "id,", "id, title", "a.b"] {
            let problem = of(text).unwrap_err();
            assert_eq!(problem.status(), 422);
            assert!(problem.detail().ends_with("it knows id, title"), "{}", problem.detail());
        }
        assert!(of(&"id,".repeat(200)).unwrap_err().detail().contains("100"));
    }

    #[test]
    fn what_is_kept_is_kept_to_the_letter() {
        let body =
            Bytes::from_static(br#"{"items":[{"id":1.50,"title":"\u00e4","x":[1, 2]}],"next_cursor":null,"total":3}"#);
        let cut = cut_text(&body, &known(), &["title".into(), "id".into()]).unwrap();
        assert_eq!(cut, br#"{"items":[{"id":1.50,"title":"\u00e4"}],"next_cursor":null,"total":3}"#);
        let one = Known { list: false, ..known() };
        assert_eq!(
            cut_text(&Bytes::from_static(br#"{"id":1,"items":[]}"#), &one, &["id".into()]).unwrap(),
            br#"{"id":1}"#
        );
    }

    #[test]
    fn every_list_of_the_document_takes_fields() {
        let (_, document) = crate::openapi::generate();
        let routes = Routes::of(&document);
        let names = |path: &str| routes.0.get(path).map(|known| (known.list, known.names.contains(&"id".to_owned())));
        for path in ["/api/v1/tasks", "/api/v1/projects", "/api/v1/rules", "/api/v1/runs"] {
            assert_eq!(names(path), Some((true, true)), "{path}");
            assert_eq!(names(&format!("{path}/{{id}}")), Some((false, true)), "{path}");
        }
        let document = serde_json::to_value(&document).unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            let operation = &item["get"];
            let list = operation["operationId"].as_str().is_some_and(|id| id.starts_with("list"));
            assert!(!list || routes.knows(path), "{path} is a list and does not know its fields");
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let told = parameters.iter().any(|parameter| parameter["name"] == NAME);
            assert_eq!(told, routes.knows(path), "{path}");
        }
    }
}

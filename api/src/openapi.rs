//! The OpenAPI 3.1 document, made from the code: each route says its id and summary where it is declared, types bring
//! their schemas, and what holds for all (who may ask, keys, errors) is added here.

mod sample;

use aide::axum::ApiRouter;
use aide::generate;
use aide::openapi::{
    Components, HeaderStyle, OpenApi, Operation, Parameter, ParameterData, ParameterSchemaOrContent, PathItem,
    QueryStyle, ReferenceOr, SchemaObject, SecurityScheme, StatusCode,
};
use aide::transform::{TransformOpenApi, TransformOperation};
use axum::Router;
use indexmap::IndexMap;
use serde_json::{Value, json};

use crate::app::{App, v1};
use crate::areas::AREAS;
use crate::problem::Problem;
use crate::{fields, health, hot, needs};

/// An operation with its id and summary, for people with a token.
pub fn doc(
    id: &'static str,
    summary: &'static str,
) -> impl for<'t> FnOnce(TransformOperation<'t>) -> TransformOperation<'t> {
    move |operation| operation.id(id).summary(summary)
}

/// The same with an example of the body.
pub fn doc_with(
    id: &'static str,
    summary: &'static str,
    example: Value,
) -> impl for<'t> FnOnce(TransformOperation<'t>) -> TransformOperation<'t> {
    move |operation| with_example(operation.id(id).summary(summary), example)
}

/// An operation that needs no token, with an example of the body (null for none).
pub fn open(
    id: &'static str,
    summary: &'static str,
    example: Value,
) -> impl for<'t> FnOnce(TransformOperation<'t>) -> TransformOperation<'t> {
    move |operation| {
        let mut operation = with_example(operation.id(id).summary(summary), example);
        // The empty requirement: no token is fine.
        operation.inner_mut().security.push(IndexMap::new());
        operation
    }
}

fn with_example(mut operation: TransformOperation<'_>, example: Value) -> TransformOperation<'_> {
    if let Some(ReferenceOr::Item(body)) = &mut operation.inner_mut().request_body
        && !example.is_null()
        && let Some(media) = body.content.get_mut("application/json")
    {
        media.example = Some(example);
    }
    operation
}

/// The documented routes, with their document.
pub fn generate() -> (Router<App>, OpenApi) {
    generate::reset_context();
    generate::extract_schemas(true);
    generate::infer_responses(true);
    generate::on_error(|error| {
        // Two areas that document one path is a mistake of ours, which a test finds.
        if !matches!(error, aide::Error::DefaultResponseExists | aide::Error::InferredDefaultResponseConflict) {
            tracing::warn!(%error, "the OpenAPI document has a gap");
        }
    });
    let mut document = OpenApi::default();
    let routes = v1().finish_api_with(&mut document, describe);
    // Served elsewhere, documented here.
    let mut outside = OpenApi::default();
    let others: ApiRouter<App> = hot::routes().merge(health::routes());
    let _ = others.finish_api_with(&mut outside, |api| api);
    if let (Some(paths), Some(more)) = (&mut document.paths, outside.paths) {
        paths.paths.extend(more.paths);
    }
    if let (Some(components), Some(more)) = (&mut document.components, outside.components) {
        components.schemas.extend(more.schemas);
    }
    complete(&mut document);
    (routes, document)
}

fn describe(api: TransformOpenApi<'_>) -> TransformOpenApi<'_> {
    let token = SecurityScheme::Http {
        scheme: "bearer".into(),
        bearer_format: None,
        description: Some("An access token from /auth/login, or a personal token from /tokens.".into()),
        extensions: IndexMap::new(),
    };
    let server =
        aide::openapi::Server { url: "/".into(), description: Some("This installation.".into()), ..Default::default() };
    let mut api = api
        .server(server)
        .title("Trackside")
        .summary("Automation engine and project service")
        .version(env!("CARGO_PKG_VERSION"))
        .description(include_str!("openapi.md"))
        .security_scheme("token", token)
        .security_requirement("token")
        .default_response::<Problem>();
    api.inner_mut().info.license = Some(aide::openapi::License {
        name: "MIT OR Apache-2.0".into(),
        identifier: Some("MIT OR Apache-2.0".into()),
        ..Default::default()
    });
    for area in AREAS {
        let tag =
            aide::openapi::Tag { name: area.name.into(), description: Some(area.about.into()), ..Default::default() };
        api = api.tag(tag);
    }
    api
}

/// Adds what holds for every operation of a sort.
fn complete(document: &mut OpenApi) {
    let cut_down = fields::Routes::of(document);
    let components = document.components.get_or_insert_with(Components::default);
    for schema in components.schemas.values_mut() {
        only_one(&mut schema.json_schema);
    }
    let schemas = components.schemas.clone();
    components.parameters.insert("IdempotencyKey".into(), ReferenceOr::Item(idempotency_key()));
    for (path, item) in document.paths.iter_mut().flat_map(|paths| &mut paths.paths) {
        let ReferenceOr::Item(item) = item else { continue };
        let named = path.contains("{id}");
        for (method, operation) in operations(item) {
            let open = is_open(path, operation);
            if let Some(id) = operation.operation_id.as_deref().filter(|_| !open) {
                let said = operation.description.take().map_or(String::new(), |said| format!("{said}\n\n"));
                operation.description = Some(format!("{said}{}", needs::of(id)));
            }
            if method == "post" && !open {
                operation.parameters.push(reference("#/components/parameters/IdempotencyKey"));
            }
            if has_header(operation, "If-None-Match") {
                let responses = operation.responses.get_or_insert_default();
                let description = "Nothing has changed since the version that `If-None-Match` names; there is no body.";
                let answer = aide::openapi::Response { description: description.to_owned(), ..Default::default() };
                responses.responses.entry(StatusCode::Code(304)).or_insert(ReferenceOr::Item(answer));
            }
            if method == "get" && cut_down.knows(path) {
                let schema = schemars::json_schema!({ "type": "string" });
                operation.parameters.push(ReferenceOr::Item(query(fields::NAME, fields::ABOUT, schema)));
            }
            show_answers(operation, &schemas);
            // A hook's sender is known by the signature.
            let known = !open || path.starts_with("/hooks/");
            for code in codes(method, operation, known, named) {
                let responses = operation.responses.get_or_insert_default();
                let answer = || responses_of_problem(code);
                responses.responses.entry(StatusCode::Code(code)).or_insert_with(answer);
            }
        }
    }
}

/// Whether strangers may ask.
pub fn is_open(path: &str, operation: &Operation) -> bool {
    operation.security.iter().any(IndexMap::is_empty) || !path.starts_with("/api/v1")
}

/// Gives an example of every answer that is no error.
fn show_answers(operation: &mut Operation, schemas: &sample::Schemas) {
    let responses = operation.responses.iter_mut().flat_map(|responses| &mut responses.responses);
    for (code, response) in responses {
        let good = matches!(code, StatusCode::Code(200..=299));
        let ReferenceOr::Item(response) = response else { continue };
        for (_, media) in response.content.iter_mut().filter(|(kind, _)| good && kind.ends_with("json")) {
            if let (None, Some(schema)) = (&media.example, &media.schema) {
                media.example = sample::of(schema.json_schema.as_value(), schemas);
            }
        }
    }
}

/// A choice of one is none: what is left is that one, with the words of both where it has none.
fn only_one(schema: &mut schemars::Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    if let Some([Value::Object(one)]) = object.get("oneOf").and_then(Value::as_array).map(Vec::as_slice) {
        let one = one.clone();
        object.remove("oneOf");
        for (key, value) in one {
            object.entry(key).or_insert(value);
        }
    }
}

/// The errors that an operation can answer with.
fn codes(method: &str, operation: &Operation, known: bool, named: bool) -> Vec<u16> {
    let body = operation.request_body.is_some();
    let conditional = has_header(operation, "If-Match");
    let all = [
        (400, body || conditional),
        (401, known),
        (403, known),
        (404, named),
        (409, method != "get"),
        (412, conditional),
        (413, body),
        (415, body),
        (422, body || !operation.parameters.is_empty()),
        (429, true),
        (503, true),
    ];
    all.into_iter().filter(|(_, applies)| *applies).map(|(code, _)| code).collect()
}

/// Whether the operation reads this header.
fn has_header(operation: &Operation, name: &str) -> bool {
    operation.parameters.iter().any(|parameter| {
        matches!(parameter, ReferenceOr::Item(Parameter::Header { parameter_data, .. }) if parameter_data.name == name)
    })
}

fn responses_of_problem(code: u16) -> ReferenceOr<aide::openapi::Response> {
    let status = axum::http::StatusCode::from_u16(code).ok();
    let schema = schemars::json_schema!({ "$ref": "#/components/schemas/Problem" });
    let kind = aide::openapi::MediaType {
        schema: Some(SchemaObject { json_schema: schema, external_docs: None, example: None }),
        example: Some(json!({
            "type": "/problems/…",
            "title": status.and_then(|status| status.canonical_reason()).unwrap_or_default(),
            "status": code,
            "detail": "What is wrong and what to do about it.",
            "request_id": "req_0197f3c8d5e47b6a9c1d2e3f4a5b6c7d",
        })),
        ..Default::default()
    };
    ReferenceOr::Item(aide::openapi::Response {
        description: status.and_then(|status| status.canonical_reason()).unwrap_or_default().to_owned(),
        content: [("application/problem+json".to_owned(), kind)].into_iter().collect(),
        ..Default::default()
    })
}

/// The operations of a path.
pub fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [("get", get), ("put", put), ("post", post), ("delete", delete), ("patch", patch)]
        .into_iter()
        .filter_map(|(method, operation)| operation.as_mut().map(|operation| (method, operation)))
}

fn reference<T>(to: &str) -> ReferenceOr<T> {
    ReferenceOr::Reference { reference: to.into(), summary: None, description: None }
}

fn idempotency_key() -> Parameter {
    let about =
        "Repeating a request with the same key within 24 hours answers what the first one answered, and does nothing.";
    header("Idempotency-Key", about, schemars::json_schema!({ "type": "string", "minLength": 1, "maxLength": 255 }))
}

/// An optional header parameter.
pub fn header(name: &str, about: &str, schema: schemars::Schema) -> Parameter {
    Parameter::Header { parameter_data: parameter(name, about, schema), style: HeaderStyle::Simple }
}

/// An optional query parameter.
pub fn query(name: &str, about: &str, schema: schemars::Schema) -> Parameter {
    Parameter::Query {
        parameter_data: parameter(name, about, schema),
        allow_reserved: false,
        style: QueryStyle::Form,
        allow_empty_value: None,
    }
}

fn parameter(name: &str, about: &str, json_schema: schemars::Schema) -> ParameterData {
    ParameterData {
        name: name.into(),
        description: Some(about.into()),
        required: false,
        deprecated: None,
        format: ParameterSchemaOrContent::Schema(SchemaObject { json_schema, external_docs: None, example: None }),
        example: None,
        examples: IndexMap::new(),
        explode: None,
        extensions: IndexMap::new(),
    }
}

/// The document as it is served and printed.
pub fn json() -> String {
    let (_, document) = generate();
    // Strings, numbers and maps with string keys always serialise.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn document() -> Value {
        serde_json::from_str(&json()).unwrap()
    }

    #[test]
    fn every_operation_has_an_id_a_summary_and_its_errors() {
        let document = document();
        assert_eq!(document["openapi"], "3.1.0");
        let mut ids = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let place = format!("{method} {path}");
                assert!(ids.insert(operation["operationId"].as_str().expect(&place).to_owned()), "{place}: id twice");
                assert!(operation["summary"].is_string(), "{place}");
                let body = &operation["requestBody"]["content"]["application/json"];
                assert!(body.is_null() || !body["example"].is_null(), "{place}: no example of the body");
                let open = operation["security"] == json!([{}]) || !path.starts_with("/api/v1");
                assert!(open || operation["responses"]["401"].is_object(), "{place}");
            }
        }
        assert!(ids.len() > 30);
    }

    #[test]
    fn answers_have_examples() {
        let document = document();
        let (mut all, mut missing) = (0, Vec::new());
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let answers = operation["responses"].as_object().unwrap().iter();
                for (code, answer) in answers.filter(|(code, _)| code.starts_with('2')) {
                    let media = answer["content"].as_object().into_iter().flatten();
                    for (_, media) in media.filter(|(kind, _)| kind.ends_with("json")) {
                        all += 1;
                        if media["example"].is_null() {
                            missing.push(format!("{method} {path} {code}"));
                        }
                    }
                }
            }
        }
        // Those have a pattern that `sample` does not know.
        assert!(missing.len() * 20 < all, "{missing:#?}");
    }

    #[test]
    fn no_two_types_share_a_name() {
        // The second one is given a number, which moves when another route comes first.
        let document = document();
        let names = document["components"]["schemas"].as_object().unwrap().keys();
        let shared: Vec<_> = names.filter(|name| name.ends_with(|end: char| end.is_ascii_digit())).collect();
        assert!(shared.is_empty(), "{shared:?}: give the types names with `#[schemars(rename = …)]`");
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let mut stack = vec![&document];
        while let Some(value) = stack.pop() {
            match value {
                Value::Array(items) => stack.extend(items),
                Value::Object(fields) => {
                    if let Some(Value::String(to)) = fields.get("$ref") {
                        assert!(document.pointer(to.trim_start_matches('#')).is_some(), "{to}");
                    }
                    stack.extend(fields.values());
                }
                _ => {}
            }
        }
    }
}

//! Bodies: JSON into a type, or a rule in JSON or YAML.

use aide::OperationInput;
use aide::generate::GenContext;
use aide::openapi::{MediaType, Operation, RequestBody, SchemaObject};
use aide::operation::set_body;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use http_body_util::BodyExt as _;
use schemars::JsonSchema;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;
use trackside_engine::unfit;
use trackside_rules::Rule;

use crate::problem::Problem;

/// The largest body, in bytes.
pub const BODY_LIMIT: usize = 1024 * 1024;

/// The largest body of an import, which is a whole project.
const IMPORT_LIMIT: usize = 32 * 1024 * 1024;

/// The largest body that may be sent to a path.
fn limit(path: &str) -> usize {
    if path.ends_with("/import") || path.ends_with("/imports") { IMPORT_LIMIT } else { BODY_LIMIT }
}

/// A request's body must have arrived after so long.
const BODY_WITHIN: std::time::Duration = std::time::Duration::from_secs(20);
/// The next piece of a body that is read by the piece must have come after so long.
pub(super) const PIECE_WITHIN: std::time::Duration = std::time::Duration::from_secs(30);

/// A JSON body. Its own extractor, because axum's says neither where the error is nor what to do.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        media_type(request.headers(), |kind| kind == "application/json" || kind.ends_with("+json")).map_err(
            |found| unsupported(&found, "`application/json` (for PATCH also `application/merge-patch+json`)"),
        )?;
        let bytes = read_body(request).await?;
        parse(&bytes).map(Self)
    }
}

/// A JSON body that may be left out: then it is the default.
#[derive(Debug, Clone, Default)]
pub struct MaybeJson<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for MaybeJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if http_body::Body::is_end_stream(request.body()) {
            return Ok(Self::default());
        }
        Json::from_request(request, state).await.map(|Json(body)| Self(body))
    }
}

impl<T: JsonSchema> OperationInput for MaybeJson<T> {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        Json::<T>::operation_input(ctx, operation);
        if let Some(aide::openapi::ReferenceOr::Item(body)) = &mut operation.request_body {
            body.required = false;
        }
    }
}

/// Reads a body, up to what its path allows.
pub async fn read_body(request: Request) -> Result<Bytes, Problem> {
    let declared = request.headers().get(axum::http::header::CONTENT_LENGTH);
    let declared = declared.and_then(|length| length.to_str().ok()).and_then(|length| length.parse::<usize>().ok());
    let limit = limit(request.uri().path());
    let mut body = request.into_body();
    if declared.is_some_and(|length| length > limit) {
        pass_over_more(&mut body, limit).await;
        return Err(too_large(limit));
    }
    let limited = http_body_util::Limited::new(&mut body, limit);
    match tokio::time::timeout(BODY_WITHIN, limited.collect()).await {
        Err(_) => Err(too_slow(format!("The body had not arrived after {} s", BODY_WITHIN.as_secs()))),
        Ok(Ok(read)) => Ok(read.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            pass_over_more(&mut body, limit).await;
            Err(too_large(limit))
        }
        Ok(Err(_)) => Err(broken_off()),
    }
}

/// Reads on without keeping anything: a client that is still sending when the connection closes sees it break and not
/// the answer. One that sends much more, or slowly, is cut off all the same.
pub async fn pass_over(body: &mut axum::body::Body) {
    pass_over_more(body, 0).await;
}

async fn pass_over_more(body: &mut axum::body::Body, limit: usize) {
    let mut left = limit + 8 * BODY_LIMIT;
    let reading = async {
        while let Some(Ok(frame)) = body.frame().await {
            left = left.saturating_sub(frame.data_ref().map_or(1, Bytes::len));
            if left == 0 {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(std::time::Duration::from_secs(5), reading).await;
}

/// What a body is refused with that ends before it said it would.
pub(super) fn broken_off() -> Problem {
    Problem::bad_request("body_unreadable", "The body broke off before its end. Send the request again.")
}

/// What a body is refused with of which nothing came for [`PIECE_WITHIN`].
pub(super) fn nothing_came() -> Problem {
    too_slow(format!("Nothing of the body came for {} s", PIECE_WITHIN.as_secs()))
}

fn too_slow(what: String) -> Problem {
    Problem::new(StatusCode::REQUEST_TIMEOUT, "body_too_slow", format!("{what}. Send the request again."))
}

fn too_large(limit: usize) -> Problem {
    let detail = format!("The body is larger than {limit} bytes. Send less, or send it in parts.");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
}

fn unsupported(found: &str, wanted: &str) -> Problem {
    let found = if found.is_empty() { "no content-type".to_owned() } else { format!("`{found}`") };
    let detail = format!("The body has {found}; send it as {wanted}.");
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
}

/// The media type without its parameters, in lower case, if it is good; otherwise as an error.
pub(super) fn media_type(headers: &HeaderMap, good: impl Fn(&str) -> bool) -> Result<String, String> {
    let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if good(&kind) { Ok(kind) } else { Err(kind.chars().take(100).collect()) }
}

/// Reads JSON with the place of the first error.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Problem::bad_request("body_missing", "The body is empty; send a JSON object."));
    }
    if !bytes.trim_ascii_start().starts_with(b"{") {
        // A list would be read as the fields in their order, which nobody means.
        return Err(match well_formed(bytes) {
            Ok(()) => invalid(String::new(), "The body must be a JSON object, such as {\"name\": \"…\"}.".to_owned()),
            Err(error) => malformed(&error),
        });
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let pointer = pointer(error.path());
        // serde calls it a fault of syntax, too, when a list stands where a word should: the text itself decides.
        match error.inner().classify() {
            Category::Data => wrong(pointer, error.inner()),
            _ => match well_formed(bytes) {
                Ok(()) => invalid(pointer, unfit(error.inner())),
                Err(error) => malformed(&error),
            },
        }
    })?;
    reader.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

/// Whether the text is JSON, whatever it says.
fn well_formed(bytes: &[u8]) -> serde_json::Result<()> {
    // A text that is passed over is not looked into, so whether it is UTF-8 is asked first.
    match std::str::from_utf8(bytes) {
        Ok(text) => serde_json::from_str::<IgnoredAny>(text).map(drop),
        Err(_) => serde_json::from_slice::<serde_json::Value>(bytes).map(drop),
    }
}

/// What is wrong with a value that is JSON, in the words of the field.
fn unfit(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what) {
        "expected value" => "is of the wrong type: send one of the words that this field takes, as a string".to_owned(),
        what => unfit::readable(what).into_owned(),
    }
}

fn malformed(error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or(&text);
    let detail = format!(
        "The body is not valid JSON: {what} at line {}, column {}. Correct it and send it again.",
        error.line(),
        error.column()
    );
    Problem::bad_request("malformed_json", detail)
}

fn wrong(pointer: String, error: &serde_json::Error) -> Problem {
    let (pointer, message) = said(pointer, error);
    invalid(pointer, message)
}

/// Reads a part of a body that was kept as a value: for lists whose items are each refused for themselves.
pub fn read_value<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, trackside_engine::Error> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let (pointer, message) = said(pointer(error.path()), error.inner());
        trackside_engine::Error::field(pointer, message)
    })
}

/// Where the error is and what to tell of it.
fn said(mut pointer: String, error: &serde_json::Error) -> (String, String) {
    let text = error.to_string();
    let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
    let named = what.split('`').nth(1).unwrap_or_default();
    let below = |pointer: &str| format!("{pointer}/{}", named.replace('~', "~0").replace('/', "~1"));
    let message = if what.starts_with("unknown field") {
        if pointer != below(parent(&pointer)) {
            pointer = below(&pointer);
        }
        let near = trackside_rules::problem::nearest(named, what.split('`').skip(3).step_by(2));
        match near {
            Some(near) => format!("unknown field `{named}`; did you mean `{near}`?"),
            None => what.to_owned(),
        }
    } else if what.starts_with("missing field") {
        pointer = below(&pointer);
        "is missing".to_owned()
    } else {
        unfit::readable(what).into_owned()
    };
    (pointer, message)
}

fn invalid(pointer: String, message: String) -> Problem {
    let at = if pointer.is_empty() { String::new() } else { format!("{pointer}: ") };
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_fields", format!("{at}{message}"))
        .and_field(pointer, message)
}

fn parent(pointer: &str) -> &str {
    pointer.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path.iter() {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&format!("/{}", key.replace('~', "~0").replace('/', "~1"))),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

impl<T: JsonSchema> OperationInput for Json<T> {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        let schema = ctx.schema.subschema_for::<T>();
        document(ctx, operation, &schema, &["application/json"]);
    }
}

fn document(ctx: &mut GenContext, operation: &mut Operation, schema: &schemars::Schema, kinds: &[&str]) {
    let media = |schema: &schemars::Schema| MediaType {
        schema: Some(SchemaObject { json_schema: schema.clone(), example: None, external_docs: None }),
        ..MediaType::default()
    };
    let content = kinds.iter().map(|kind| ((*kind).to_owned(), media(schema))).collect();
    set_body(ctx, operation, RequestBody { content, required: true, ..RequestBody::default() });
}

/// The text of a rule: JSON, or YAML when the body says so.
#[derive(Debug)]
pub struct RuleText {
    text: String,
    yaml: bool,
}

impl RuleText {
    /// Reads the rule; what is wrong with it has its place.
    pub fn read(&self) -> Result<Rule, Vec<trackside_rules::Problem>> {
        if self.yaml { Rule::from_yaml(&self.text) } else { Rule::from_json(&self.text) }
    }

    /// Reads the rule, or refuses the request with everything that is wrong.
    pub fn rule(&self) -> Result<Rule, Problem> {
        self.read().map_err(|problems| refused(&problems))
    }

    /// Whether it is YAML.
    pub fn is_yaml(&self) -> bool {
        self.yaml
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A request whose rule could not be read.
pub fn refused(problems: &[trackside_rules::Problem]) -> Problem {
    let malformed = problems.iter().any(|problem| matches!(problem.code.as_str(), "json" | "yaml"));
    let (status, code) = match malformed && problems.len() == 1 {
        true => (StatusCode::BAD_REQUEST, "malformed_rule"),
        false => (StatusCode::UNPROCESSABLE_ENTITY, "rule_invalid"),
    };
    told(status, code, "The rule cannot be read", problems)
}

/// A request that does not fill in a rule's form as it asks.
pub fn wrong_inputs(problems: &[trackside_rules::Problem]) -> Problem {
    told(StatusCode::UNPROCESSABLE_ENTITY, "invalid_inputs", "The form is not filled in as it asks", problems)
}

fn told(status: StatusCode, code: &'static str, what: &str, problems: &[trackside_rules::Problem]) -> Problem {
    let first = problems.first().map(ToString::to_string).unwrap_or_default();
    problems.iter().fold(Problem::new(status, code, format!("{what}: {first}")), |all, problem| {
        all.and_field(problem.pointer.clone(), problem.words())
    })
}

impl<S: Send + Sync> FromRequest<S> for RuleText {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        const YAML: [&str; 4] = ["application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"];
        let good = |kind: &str| kind == "application/json" || kind.ends_with("+json") || YAML.contains(&kind);
        let kind = media_type(request.headers(), good)
            .map_err(|found| unsupported(&found, "`application/json` or `application/yaml`"))?;
        let bytes = read_body(request).await?;
        let text = String::from_utf8(bytes.into()).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            Problem::bad_request("malformed_rule", format!("The body is not UTF-8: byte {at} belongs to no character."))
        })?;
        Ok(Self { text, yaml: YAML.contains(&kind.as_str()) })
    }
}

impl OperationInput for RuleText {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        let schema = ctx.schema.subschema_for::<Rule>();
        document(ctx, operation, &schema, &["application/json", "application/yaml"]);
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Outer {
        title: String,
        #[serde(default)]
        parts: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Inner {
        size: i64,
    }

    fn first(text: &str) -> (u16, String, String) {
        let problem = parse::<Outer>(text.as_bytes()).unwrap_err();
        let body = serde_json::to_value(crate::problem::ProblemBody {
            kind: problem.code().to_owned(),
            title: "",
            status: problem.status().as_u16(),
            detail: problem.detail(),
            errors: None,
            challenge: None,
            request_id: None,
        });
        (problem.status().as_u16(), problem.code().to_owned(), body.unwrap()["detail"].as_str().unwrap().to_owned())
    }

    #[test]
    fn names_the_place_and_the_field() {
        let cases = [
            (r#"{"titel": "a"}"#, 422, "/titel: unknown field `titel`; did you mean `title`?"),
            (
                r#"{"title": "a", "parts": [{"size": 1}, {"sizes": 2}]}"#,
                422,
                "/parts/1/sizes: unknown field `sizes`; did you mean `size`?",
            ),
            (r#"{"title": "a", "parts": [{}]}"#, 422, "/parts/0/size: is missing"),
            (r#"{"parts": []}"#, 422, "/title: is missing"),
            (r#"{"title": 3}"#, 422, "/title: must be a string, not the number 3"),
            (
                r#"{"title": "a""#,
                400,
                "The body is not valid JSON: EOF while parsing an object at line 1, column 13. Correct it and send it again.",
            ),
            (
                r#"{"title": "a"} x"#,
                400,
                "The body is not valid JSON: trailing characters at line 1, column 16. Correct it and send it again.",
            ),
            ("  ", 400, "The body is empty; send a JSON object."),
        ];
        for (text, status, detail) in cases {
            let (found, _, said) = first(text);
            assert_eq!((found, said.as_str()), (status, detail), "{text}");
        }
    }

    #[test]
    fn survives_depth_and_bytes_that_are_no_text() {
        let deep = "[".repeat(100_000);
        assert_eq!(first(&deep).0, 400);
        assert_eq!(first("[\"a\"]").0, 422);
        let deep = format!(r#"{{"title": {deep}"#);
        assert!(matches!(first(&deep).0, 400 | 422));
        assert_eq!(parse::<Outer>(b"{\"title\": \"\xff\"}").unwrap_err().status().as_u16(), 400);
    }
}

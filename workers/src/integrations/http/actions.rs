//! `http.request`: one HTTP request to a public address.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use trackside_engine::actions::external::{Call, DEPTH_HEADER, External, Failure};
use trackside_engine::actions::{Effect, OUTSIDE};

use crate::egress::{DEFAULT_MAX_BODY, Egress, Request, Response};
use crate::integrations::answers;

static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Headers that frame the message; a rule that sets them could smuggle a second request past the first.
const FRAMING: &[&str] = &[
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Sends the request and hands the answer to the next steps.
pub struct SendRequest {
    egress: Egress,
}

impl SendRequest {
    /// The action over this way out.
    pub fn new(egress: &Egress) -> Self {
        SendRequest { egress: egress.clone() }
    }
}

/// What to send.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The method.
    pub method: Verb,
    /// An absolute http or https URL.
    pub url: String,
    /// Headers. `Idempotency-Key` is set to a key that stays the same when the step is retried, unless given here.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Added to the query of the URL, encoded.
    #[serde(default)]
    pub query: BTreeMap<String, Scalar>,
    /// A body that is sent as JSON.
    #[serde(default)]
    pub body: Option<Value>,
    /// A body that is sent as it is, instead of `body`; plain text unless a Content-Type is given.
    #[serde(default)]
    pub text: Option<String>,
    /// A body that is sent as a form (`application/x-www-form-urlencoded`), instead of `body`.
    #[serde(default)]
    pub form: Option<BTreeMap<String, Scalar>>,
    /// The statuses that count as success; 200 to 299 when left out.
    #[serde(default)]
    #[schemars(inner(range(min = 200, max = 599)))]
    pub expect: Option<Vec<u16>>,
}

/// A value of a query or a form.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Scalar {
    /// Text.
    Text(String),
    /// A number.
    Number(serde_json::Number),
    /// `true` or `false`.
    Truth(bool),
}

impl std::fmt::Display for Scalar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
            Self::Truth(truth) => truth.fmt(f),
        }
    }
}

/// An HTTP method.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs)]
pub enum Verb {
    Delete,
    Get,
    Head,
    Options,
    Patch,
    Post,
    Put,
}

impl From<Verb> for Method {
    fn from(verb: Verb) -> Self {
        match verb {
            Verb::Delete => Method::DELETE,
            Verb::Get => Method::GET,
            Verb::Head => Method::HEAD,
            Verb::Options => Method::OPTIONS,
            Verb::Patch => Method::PATCH,
            Verb::Post => Method::POST,
            Verb::Put => Method::PUT,
        }
    }
}

/// What came back.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// The status.
    pub status: u16,
    /// Headers by lower-case name; several of one name are joined with a comma.
    pub headers: BTreeMap<String, String>,
    /// The body: parsed when it is JSON, otherwise as text; null when empty.
    pub body: Value,
    /// Whether the body was longer than what is kept, and so is the beginning as text.
    pub truncated: bool,
}

impl External for SendRequest {
    const NAME: &'static str = "http.request";
    const SUMMARY: &'static str = "Sends an HTTP request to a public address and hands on the answer.";
    const EFFECT: Effect = Effect { reads: &[], writes: &["http"], undo: OUTSIDE };
    type Input = Input;
    type Output = Output;

    async fn perform(&self, call: &Call, input: Input) -> Result<Output, Failure> {
        let mut url = self.egress.check(&input.url).map_err(|error| at("/url", error))?;
        if !input.query.is_empty() {
            url.query_pairs_mut().extend_pairs(input.query.iter().map(|(name, value)| (name, value.to_string())));
        }
        let mut headers = headers(&input.headers)?;
        let body = match (input.body, input.text, input.form) {
            (Some(json), None, None) => {
                headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
                // A JSON value that was read from JSON can be written as such.
                serde_json::to_vec(&json).map_err(|error| at("/body", error))?.into()
            }
            (None, Some(text), None) => {
                headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("text/plain; charset=utf-8"));
                Bytes::from(text)
            }
            (None, None, Some(form)) => {
                headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/x-www-form-urlencoded"));
                let mut encoded = url::form_urlencoded::Serializer::new(String::new());
                encoded.extend_pairs(form.iter().map(|(name, value)| (name, value.to_string())));
                Bytes::from(encoded.finish())
            }
            (None, None, None) => Bytes::new(),
            (body, ..) => {
                let place = if body.is_some() { "/body" } else { "/text" };
                return Err(at(place, "give one of body, text and form"));
            }
        };
        if !headers.contains_key(&IDEMPOTENCY_KEY) {
            let key = HeaderValue::from_str(&call.idempotency_key)
                .map_err(|_| Failure::permanent("the idempotency key of this step cannot be sent as a header"))?;
            headers.insert(&IDEMPOTENCY_KEY, key);
        }
        // Never what the rule says: it could hide that it calls itself.
        headers.insert(HeaderName::from_static(DEPTH_HEADER), HeaderValue::from(call.depth));
        let request = Request {
            method: input.method.into(),
            url,
            headers,
            body,
            timeout: call.timeout,
            max_body: DEFAULT_MAX_BODY,
        };
        let answer = self.egress.send(request).await?;
        let expected = match &input.expect {
            Some(list) => list.contains(&answer.status.as_u16()),
            None => answer.status.is_success(),
        };
        if expected { Ok(output(answer)) } else { Err(unexpected(&answer, &input.headers)) }
    }
}

fn at(pointer: &str, error: impl std::fmt::Display) -> Failure {
    Failure::permanent(format!("wrong input for http.request at `{pointer}`: {error}"))
}

fn headers(given: &BTreeMap<String, String>) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::with_capacity(given.len() + 2);
    for (name, value) in given {
        let place = || format!("/headers/{}", name.replace('~', "~0").replace('/', "~1"));
        let parsed: HeaderName = name.parse().map_err(|_| at(&place(), "this is not a header name"))?;
        if FRAMING.contains(&parsed.as_str()) {
            return Err(at(&place(), "this header is set by Trackside: leave it out"));
        }
        let value = HeaderValue::from_str(value)
            .map_err(|_| at(&place(), "a header's value is one line of visible characters"))?;
        headers.append(parsed, value);
    }
    Ok(headers)
}

fn output(answer: Response) -> Output {
    let mut headers = BTreeMap::<String, String>::new();
    for (name, value) in &answer.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        headers
            .entry(name.as_str().to_owned())
            .and_modify(|joined| {
                joined.push_str(", ");
                joined.push_str(&value);
            })
            .or_insert_with(|| value.clone().into_owned());
    }
    Output { status: answer.status.as_u16(), headers, body: body(&answer), truncated: answer.truncated }
}

fn body(answer: &Response) -> Value {
    if answer.body.is_empty() {
        return Value::Null;
    }
    // Many services send JSON under text/plain or no type at all, but a text that happens to be `7` stays a text.
    let declared = answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        kind == "application/json" || kind.ends_with("+json")
    });
    let looks = matches!(answer.body.first(), Some(b'{' | b'['));
    if !answer.truncated
        && (declared || looks)
        && let Ok(json) = serde_json::from_slice(&answer.body)
    {
        return json;
    }
    Value::String(String::from_utf8_lossy(&answer.body).into_owned())
}

fn unexpected(answer: &Response, sent: &BTreeMap<String, String>) -> Failure {
    let status = answer.status;
    let hint = if status.is_redirection() { "; redirects are not followed: use the final URL" } else { "" };
    let mut said = answers::excerpt(&answer.body);
    // Some services echo the request, and what the rule put into its headers may be a secret.
    for value in sent.values().filter(|value| value.len() >= 8) {
        said = said.replace(value.as_str(), "***");
    }
    let colon = if said.is_empty() { "" } else { ": " };
    answers::failure(status, &answer.headers, format!("the service answered {status}{hint}{colon}{said}"))
}

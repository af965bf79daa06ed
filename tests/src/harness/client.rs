//! A client of the REST interface, as short as a story wants it.

use std::sync::Once;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Server;

/// Speaks to one server, as one user or as nobody. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    http: reqwest::Client,
    url: String,
    prefix: &'static str,
    token: Option<String>,
    headers: HeaderMap,
}

/// What the server answered.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status code.
    pub status: u16,
    /// The headers of the answer.
    pub headers: HeaderMap,
    /// The JSON of the body; a body that is not JSON as a string; `Null` when there is none.
    pub body: Value,
    /// What was asked, for messages.
    request: String,
}

impl Api {
    /// A client without a token. Paths are those below `/api/v1`.
    pub fn new(server: &Server) -> Self {
        Self::at_url(server.url())
    }

    /// The same for an address that is not a [`Server`]'s.
    ///
    /// # Panics
    /// When no HTTP client can be made.
    pub fn at_url(url: &str) -> Self {
        static TLS: Once = Once::new();
        // reqwest is built without a crypto provider of its own, and wants one even for plain HTTP. Another part of
        // the test may have chosen one first, which is as good.
        TLS.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(60))
            .tls_certs_only([])
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("an HTTP client can be made");
        Self { http, url: url.to_owned(), prefix: "/api/v1", token: None, headers: HeaderMap::new() }
    }

    /// Makes the first workspace of a fresh server and gives its owner's client.
    ///
    /// # Panics
    /// When the server refuses, for example because it was set up before.
    pub async fn set_up(server: &Server) -> Self {
        let api = Self::new(server);
        let owner = json!({
            "workspace": "Acme", "name": "Ada", "email": "ada@acme.example", "password": "correct horse battery",
        });
        let answer = api.post("/setup", owner).await.expect_status(201);
        api.with_token(&answer.text("/access_token"))
    }

    /// The same client at another server, or at a server that was restarted and has a new port.
    pub fn at(&self, server: &Server) -> Self {
        Self { url: server.url().to_owned(), ..self.clone() }
    }

    /// The same client with another bearer token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The bearer token.
    ///
    /// # Panics
    /// When it has none.
    pub fn token(&self) -> &str {
        self.token.as_deref().expect("this client has a token")
    }

    /// The same client as a stranger.
    pub fn without_token(&self) -> Self {
        Self { token: None, ..self.clone() }
    }

    /// The same client sending one more header, such as `idempotency-key` or `if-match`.
    ///
    /// # Panics
    /// When name or value is not valid in HTTP.
    pub fn with_header(&self, name: &str, value: &str) -> Self {
        let mut headers = self.headers.clone();
        let name: HeaderName = name.parse().expect("a valid header name");
        headers.insert(name, HeaderValue::from_str(value).expect("a valid header value"));
        Self { headers, ..self.clone() }
    }

    /// The same client for paths outside `/api/v1`, such as `/healthz` and `/hooks/…`.
    pub fn outside(&self) -> Self {
        Self { prefix: "", ..self.clone() }
    }

    /// `GET`; `path` may carry a query.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    /// `POST` with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    /// `PUT` with a JSON body.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(body)).await
    }

    /// `PATCH` with a JSON body.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// Any call.
    ///
    /// # Panics
    /// When there is no answer; see [`Api::try_send`].
    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = format!("{method} {}{path}", self.prefix);
        match self.try_send(method, path, body).await {
            Ok(answer) => answer,
            Err(error) => panic!("no answer to {request}: {error:?}"),
        }
    }

    /// Any call, to a server that may be dying.
    ///
    /// # Errors
    /// When no whole answer came. Whether the server did what was asked is then unknown.
    pub async fn try_send(&self, method: Method, path: &str, body: Option<Value>) -> reqwest::Result<Answer> {
        let body = body.map(|body| (Some("application/json"), body.to_string().into_bytes()));
        self.try_send_bytes(method, path, body).await
    }

    /// Any call with a body as it is, and its content type if it has one: also what no client of good sense sends.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn send_bytes(&self, method: Method, path: &str, kind: Option<&str>, body: impl Into<Vec<u8>>) -> Answer {
        let request = format!("{method} {}{path}", self.prefix);
        match self.try_send_bytes(method, path, Some((kind, body.into()))).await {
            Ok(answer) => answer,
            Err(error) => panic!("no answer to {request}: {error:?}"),
        }
    }

    async fn try_send_bytes(
        &self,
        method: Method,
        path: &str,
        body: Option<(Option<&str>, Vec<u8>)>,
    ) -> reqwest::Result<Answer> {
        let request = format!("{method} {}{path}", self.prefix);
        let mut call = self.http.request(method, format!("{}{}{path}", self.url, self.prefix));
        call = call.headers(self.headers.clone());
        if let Some(token) = &self.token {
            call = call.bearer_auth(token);
        }
        if let Some((kind, bytes)) = body {
            if let Some(kind) = kind {
                call = call.header(CONTENT_TYPE, kind);
            }
            call = call.body(bytes);
        }
        let response = call.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await?;
        let body = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes)
                .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()))
        };
        Ok(Answer { status, headers, body, request })
    }
}

impl Answer {
    /// Gives the answer back when it is a problem (RFC 9457) with this status and code that says what to do.
    ///
    /// # Panics
    /// When it is anything else.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Self {
        let answer = self.expect_refusal().expect_status(status);
        assert_eq!(answer.body["type"], format!("/problems/{code}"), "{}: {:#}", answer.request, answer.body);
        answer
    }

    /// Gives the answer back when it is a problem of the asker's making (4xx) that says what to do.
    ///
    /// # Panics
    /// When it is anything else.
    #[track_caller]
    pub fn expect_refusal(self) -> Self {
        let Self { status, headers, body, request } = &self;
        assert!((400..500).contains(status), "{request} answered {status}, no refusal:\n{body:#}");
        assert!(
            headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "application/problem+json"),
            "{request} answered {status} without a problem: {headers:?}\n{body:#}"
        );
        assert_eq!(body["status"], *status, "{request}: {body:#}");
        let code = body["type"].as_str().and_then(|kind| kind.strip_prefix("/problems/"));
        assert!(code.is_some_and(|code| !code.is_empty()), "{request}: {body:#}");
        assert!(
            body["detail"].as_str().is_some_and(|detail| detail.len() >= 15),
            "{request} gives no advice: {body:#}"
        );
        assert_eq!(
            body["request_id"].as_str(),
            headers.get("x-request-id").and_then(|id| id.to_str().ok()),
            "{request}"
        );
        self
    }

    /// Gives the answer back when it has this status.
    ///
    /// # Panics
    /// When it has another; the message shows the body.
    #[track_caller]
    pub fn expect_status(self, status: u16) -> Self {
        assert!(
            self.status == status,
            "{} answered {} instead of {status}:\n{:#}",
            self.request,
            self.status,
            self.body
        );
        self
    }

    /// The value at a JSON pointer (RFC 6901), such as `/items/0/id`.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn at(&self, pointer: &str) -> &Value {
        match self.body.pointer(pointer) {
            Some(value) => value,
            None => panic!("{} has no {pointer} in its answer:\n{:#}", self.request, self.body),
        }
    }

    /// The string at a JSON pointer.
    ///
    /// # Panics
    /// When there is none.
    #[track_caller]
    pub fn text(&self, pointer: &str) -> String {
        match self.at(pointer) {
            Value::String(text) => text.clone(),
            other => panic!("{pointer} in the answer to {} is {other}, not a string", self.request),
        }
    }

    /// The whole body as a type of the story's.
    ///
    /// # Panics
    /// When it does not fit.
    #[track_caller]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        match T::deserialize(&self.body) {
            Ok(value) => value,
            Err(error) => panic!("the answer to {} does not fit: {error}\n{:#}", self.request, self.body),
        }
    }
}

//! An HTTP endpoint that takes whatever rules send, remembers it, and fails or dawdles on demand.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use serde_json::Value;

use super::lock;

/// One request that came in.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The method.
    pub method: String,
    /// The path, such as `/tell`.
    pub path: String,
    /// What stands behind the `?`, as it came.
    pub query: String,
    /// The `Idempotency-Key` header; empty when there was none.
    pub key: String,
    /// All headers, names in lower case.
    pub headers: HashMap<String, String>,
    /// The body as JSON; a body that is not JSON as a string; `Null` when there was none.
    pub body: Value,
}

#[derive(Default)]
struct Book {
    hits: Vec<Hit>,
    /// What the next requests on a path are answered, one each; 200 when there is none.
    answers: HashMap<String, VecDeque<u16>>,
    delay: Duration,
}

/// A sink that is running. It stops when this is dropped.
pub struct Sink {
    url: String,
    book: Arc<Mutex<Book>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Sink {
    /// Starts one on a free port of loopback.
    ///
    /// # Panics
    /// When loopback gives no port.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let url = format!("http://{}", listener.local_addr().expect("a bound socket has an address"));
        let book = Arc::new(Mutex::new(Book::default()));
        let app = Router::new().fallback(take).with_state(Arc::clone(&book));
        let task = tokio::spawn(async move {
            // Ends with the task; there is nobody to tell.
            let _ = axum::serve(listener, app).await;
        });
        Self { url, book, task }
    }

    /// The address of a path: `http://127.0.0.1:PORT/path`.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Answers the next requests on `path` with these statuses, one each; then 200 again.
    pub fn answer(&self, path: &str, statuses: impl IntoIterator<Item = u16>) {
        lock(&self.book).answers.entry(path.to_owned()).or_default().extend(statuses);
    }

    /// Takes this long over every request from now on. The request counts when it comes in.
    pub fn dawdle(&self, delay: Duration) {
        lock(&self.book).delay = delay;
    }

    /// Every request so far.
    pub fn hits(&self) -> Vec<Hit> {
        lock(&self.book).hits.clone()
    }

    /// Every request so far on one path.
    pub fn hits_on(&self, path: &str) -> Vec<Hit> {
        self.hits().into_iter().filter(|hit| hit.path == path).collect()
    }
}

async fn take(State(book): State<Arc<Mutex<Book>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let headers: HashMap<String, String> = parts
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let bytes = to_bytes(body, 1 << 24).await.unwrap_or_default();
    let body = match serde_json::from_slice(&bytes) {
        Ok(json) => json,
        Err(_) if bytes.is_empty() => Value::Null,
        Err(_) => Value::String(String::from_utf8_lossy(&bytes).into_owned()),
    };
    let (path, query) = (parts.uri.path().to_owned(), parts.uri.query().unwrap_or_default().to_owned());
    let key = headers.get("idempotency-key").cloned().unwrap_or_default();
    let (status, delay) = {
        let mut book = lock(&book);
        let status = book.answers.get_mut(&path).and_then(VecDeque::pop_front).unwrap_or(200);
        book.hits.push(Hit { method: parts.method.to_string(), path, query, key, headers, body });
        (status, book.delay)
    };
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let answer = Response::builder().status(status).header("content-type", "application/json");
    answer.body(Body::from(r#"{"taken":true}"#)).expect("a status and a header make an answer")
}

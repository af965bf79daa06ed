//! Outside services, played on loopback: they keep state, refuse what the vendor's published description refuses, and
//! get into trouble on demand.
//!
//! A fake answers only what it knows; every other request is a refusal. Ask [`Server::refusals`] at the end of a
//! story: it lists every request the vendor would not have taken and every answer the vendor would not have given.

pub mod bucket;
pub mod github;
pub mod mail;
pub mod push;
pub mod schema;
pub mod sink;
pub mod slack;

#[cfg(test)]
mod stories;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use serde_json::Value;

use schema::{Received, Recognised, Vendor};

/// What goes wrong with one request.
#[derive(Clone, Copy, Debug)]
pub enum Trouble {
    /// Answers this status and does nothing.
    Refuse(u16),
    /// Does what was asked, then answers this status as if it had not.
    FailAfterCommit(u16),
    /// Does what was asked, then takes longer than anybody waits.
    HangAfterCommit,
    /// Answers 429 with `Retry-After` in seconds, and does nothing.
    Limit(u64),
    /// Takes this long, then does what was asked.
    Delay(Duration),
}

/// What a fake answers.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Extra headers.
    pub headers: Vec<(&'static str, String)>,
    /// JSON, or plain text when it is a string.
    pub body: Value,
}

impl Answer {
    /// An answer without extra headers.
    pub fn new(status: u16, body: Value) -> Self {
        Answer { status, headers: Vec::new(), body }
    }
}

/// A vendor behind a [`Server`].
pub trait Service: Send + Sync + 'static {
    /// The vendor's description.
    fn vendor(&self) -> &Vendor;
    /// Does what a request asks for.
    fn perform(&self, request: &Recognised, received: &Received) -> Answer;
    /// The vendor's way to say that a request does not fit its description.
    fn refusal(&self, problems: &[String]) -> Answer;
    /// The vendor's way to say that it fails, or asks for patience, with this status.
    fn trouble(&self, status: u16) -> Answer;
    /// Requests outside the vendor's description, such as Slack's incoming webhooks.
    fn outside(&self, _: &Received) -> Option<Result<Answer, Vec<String>>> {
        None
    }
}

#[derive(Default)]
struct Book {
    troubles: VecDeque<Trouble>,
    received: Vec<Received>,
    refusals: Vec<String>,
}

/// A fake that is running. It stops when this is dropped.
pub struct Server<S> {
    /// `http://127.0.0.1:<port>`.
    pub url: String,
    /// The vendor's state.
    pub service: Arc<S>,
    book: Arc<Mutex<Book>>,
    task: tokio::task::JoinHandle<()>,
}

impl<S> Drop for Server<S> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl<S: Service> Server<S> {
    /// Starts a fake on a free port of loopback.
    ///
    /// # Errors
    /// When loopback gives no port.
    pub async fn start(service: S) -> std::io::Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let (service, book) = (Arc::new(service), Arc::new(Mutex::new(Book::default())));
        let app = Router::new().fallback(answer::<S>).with_state((Arc::clone(&service), Arc::clone(&book)));
        let task = tokio::spawn(async move {
            // Ends with the task; there is nobody to tell.
            let _ = axum::serve(listener, app).await;
        });
        Ok(Server { url, service, book, task })
    }

    /// Gets into trouble with the next requests, one trouble each, in this order.
    pub fn troubles(&self, troubles: impl IntoIterator<Item = Trouble>) {
        lock(&self.book).troubles.extend(troubles);
    }

    /// Every request so far.
    pub fn received(&self) -> Vec<Received> {
        lock(&self.book).received.clone()
    }

    /// Everything so far that the real vendor would not have taken or given.
    pub fn refusals(&self) -> Vec<String> {
        lock(&self.book).refusals.clone()
    }
}

/// A lock that outlives a panic of another holder: the story that panicked is told already.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer<S: Service>(State((service, book)): State<(Arc<S>, Arc<Mutex<Book>>)>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let received = Received {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect(),
        body: to_bytes(body, 1 << 24).await.map(|bytes| bytes.to_vec()).unwrap_or_default(),
    };
    lock(&book).received.push(received.clone());
    let trouble = lock(&book).troubles.pop_front();
    match trouble {
        Some(Trouble::Refuse(status)) => return respond(service.trouble(status)),
        Some(Trouble::Limit(seconds)) => {
            let mut answer = service.trouble(429);
            answer.headers.push(("retry-after", seconds.to_string()));
            return respond(answer);
        }
        Some(Trouble::Delay(time)) => tokio::time::sleep(time).await,
        _ => {}
    }
    let done = perform(&*service, &book, &received);
    match trouble {
        Some(Trouble::FailAfterCommit(status)) => respond(service.trouble(status)),
        Some(Trouble::HangAfterCommit) => std::future::pending().await,
        _ => respond(done),
    }
}

fn perform<S: Service>(service: &S, book: &Mutex<Book>, received: &Received) -> Answer {
    let problems = match service.outside(received) {
        Some(Ok(answer)) => return answer,
        Some(Err(problems)) => problems,
        None => match service.vendor().check(received) {
            Ok(request) => {
                let answer = service.perform(&request, received);
                if let Err(error) = service.vendor().check_answer(&request.operation, answer.status, &answer.body) {
                    lock(book).refusals.push(format!("the fake's own answer to {}: {error}", request.operation));
                }
                return answer;
            }
            Err(Some(problems)) => problems,
            Err(None) => vec!["no such operation in the vendor's description".into()],
        },
    };
    let line = format!("{} {}?{}: {}", received.method, received.path, received.query, problems.join("; "));
    lock(book).refusals.push(line);
    service.refusal(&problems)
}

fn respond(answer: Answer) -> Response {
    let (kind, body) = match answer.body {
        Value::String(text) => ("text/plain; charset=utf-8", text),
        json => ("application/json; charset=utf-8", json.to_string()),
    };
    let mut response = Response::builder().status(answer.status).header("content-type", kind);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(body)).expect("a fake's status and headers are valid")
}

//! What runs a job, and the list of all of them.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use serde::de::DeserializeOwned;
use trackside_engine::db;
use trackside_engine::jobs::{Job, Outcome};

/// Runs the jobs of one kind. A job may run more than once: be idempotent, or settle it in the transaction that holds
/// the effects (`jobs::service::complete`) and answer [`Outcome::Settled`].
pub trait Handler: Send + Sync + 'static {
    /// The kind of job (`deliver_webhook`).
    const KIND: &'static str;
    /// What stands in the job.
    type Payload: DeserializeOwned + Send;

    /// Runs one job. Dropped where it waits when the time-out passes, when the lease is lost, and at the end of the
    /// grace period of a shutdown.
    fn run(&self, job: &Job, payload: Self::Payload) -> impl Future<Output = Outcome> + Send;
}

trait Run: Send + Sync {
    fn run<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Outcome>;
}

impl<H: Handler> Run for H {
    fn run<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Outcome> {
        match serde_json::from_str::<H::Payload>(&job.payload) {
            Ok(payload) => Handler::run(self, job, payload).boxed(),
            Err(error) => {
                let reason = format!("the payload is not that of a {} job: {error}", H::KIND);
                async move { Outcome::Dead { reason } }.boxed()
            }
        }
    }
}

/// A handler in the list, under its kind.
#[derive(Clone)]
pub struct Entry {
    kind: &'static str,
    run: Arc<dyn Run>,
}

/// A line of the list of handlers.
pub fn entry<H: Handler>(handler: H) -> Entry {
    Entry { kind: H::KIND, run: Arc::new(handler) }
}

/// Every handler, by kind.
#[derive(Clone)]
pub struct Handlers(Arc<[Entry]>);

impl Handlers {
    /// The list of handlers. Fails unless it is sorted by kind, without repetition.
    pub fn new(entries: Vec<Entry>) -> Result<Self, String> {
        match entries.windows(2).find(|pair| pair[0].kind >= pair[1].kind) {
            Some(pair) => {
                Err(format!("sort the list of handlers: `{}` stands before `{}`", pair[0].kind, pair[1].kind))
            }
            None => Ok(Self(entries.into())),
        }
    }

    /// The kinds, sorted.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|entry| entry.kind)
    }

    /// Runs a job with its handler, within its workspace if it has one. Panics pass through.
    pub(super) async fn run(&self, job: &Job) -> Outcome {
        match self.0.binary_search_by_key(&job.kind.as_str(), |entry| entry.kind) {
            Ok(found) => {
                let run = self.0[found].run.run(job);
                match job.workspace_id {
                    Some(workspace) => db::within(workspace, run).await,
                    None => run.await,
                }
            }
            // While versions are changed one node after another, another node may know it.
            Err(_) => Outcome::Retry {
                after: Duration::from_secs(10),
                error: format!("this version knows no handler of {} jobs", job.kind),
            },
        }
    }

    /// Runs a job with its handler; a panic is a failure.
    pub(super) async fn run_caught(&self, job: &Job) -> Outcome {
        match AssertUnwindSafe(self.run(job)).catch_unwind().await {
            Ok(outcome) => outcome,
            Err(panic) => Outcome::retry(format!("the handler panicked: {}", panic_text(&*panic))),
        }
    }
}

pub(super) fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::Noop;

    #[test]
    fn an_unsorted_list_is_refused() {
        assert!(Handlers::new(vec![entry(Noop), entry(Noop)]).is_err());
        assert_eq!(Handlers::new(vec![entry(Noop)]).unwrap().kinds().collect::<Vec<_>>(), ["noop"]);
    }
}

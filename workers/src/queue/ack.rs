//! The layer between the backend and everything else: turns what came out of a handler into an outcome, and hands it
//! to the desk. Retries are decided here and by the table, never by apalis.

use std::task::{Context, Poll};

use apalis::layers::catch_panic::PanicError;
use apalis_core::error::{AbortError, BoxDynError};
use apalis_core::task::Task;
use futures::FutureExt;
use futures::future::BoxFuture;
use rand::Rng;
use tower::{Layer, Service};
use trackside_engine::jobs::Outcome;

use super::desk::Claimed;

/// Adds [`Ack`].
#[derive(Debug, Clone, Copy)]
pub(super) struct AckLayer;

impl<S> Layer<S> for AckLayer {
    type Service = Ack<S>;

    fn layer(&self, inner: S) -> Ack<S> {
        Ack { inner }
    }
}

/// Says what became of each job. Dropped in the middle, it gives the job back.
#[derive(Debug, Clone)]
pub(super) struct Ack<S> {
    inner: S,
}

impl<S> Service<Task<Claimed>> for Ack<S>
where
    S: Service<Task<Claimed>, Response = Outcome>,
    S::Error: Into<BoxDynError>,
    S::Future: Send + 'static,
{
    type Response = ();
    type Error = BoxDynError;
    type Future = BoxFuture<'static, Result<(), BoxDynError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxDynError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, mut task: Task<Claimed>) -> Self::Future {
        let hold = task.args.take_hold();
        let job = task.args.job.clone();
        let running = self.inner.call(task);
        async move {
            let outcome = running.await.unwrap_or_else(|error| Outcome::retry(explain(&error.into())));
            let outcome = job.settle(outcome, rand::rng().random());
            match &outcome {
                Outcome::Retry { after, error } => {
                    tracing::info!(job = %job.id, kind = job.kind, attempt = job.attempts, ?after, error, "the job failed");
                }
                Outcome::Dead { reason } => tracing::warn!(job = %job.id, kind = job.kind, reason, "the job is given up"),
                Outcome::Done | Outcome::Released | Outcome::Settled => {}
            }
            if let Some(hold) = hold {
                hold.settle(outcome);
            }
            Ok(())
        }
        .boxed()
    }
}

/// What went wrong around the handler, in words for a person.
fn explain(error: &BoxDynError) -> String {
    let inner = error.downcast_ref::<AbortError>().and_then(std::error::Error::source);
    if let Some(PanicError(text)) = inner.and_then(|inner| inner.downcast_ref::<PanicError>()) {
        format!("the handler panicked: {text}")
    } else {
        error.to_string()
    }
}

//! Starts and stops the workers of this node.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use apalis::layers::WorkerBuilderExt;
use apalis_core::error::BoxDynError;
use apalis_core::monitor::Monitor;
use apalis_core::worker::builder::WorkerBuilder;
use apalis_core::worker::ext::parallelize::ParallelizeLayer;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use trackside_engine::cx::Source;
use trackside_engine::ids::JobId;
use trackside_engine::jobs::{JobStore, MAX_CONCURRENCY, Outcome, Starter};

use super::backend::{Claims, Line};
use super::config::{Queue, Queues};
use super::desk::{Claimed, Desk};
use super::handler::Handlers;
use super::panel::Panel;
use super::pump::pump;
use super::ranks::Ranks;
use super::redis;
use super::suspects::Suspects;

/// What the workers of a node need.
pub struct Options {
    /// Which queues, and how.
    pub queues: Queues,
    /// Who runs what.
    pub handlers: Handlers,
    /// Carry lists of ids through this Redis (`redis://host:port/0`), for many nodes. Without it each node claims
    /// from the database for itself.
    pub redis: Option<String>,
    /// How long running jobs may take to finish when the node stops.
    pub grace: Duration,
}

impl Options {
    /// The usual settings, without Redis.
    pub fn new(handlers: Handlers) -> Self {
        Self { queues: Queues::default(), handlers, redis: None, grace: Duration::from_secs(30) }
    }
}

/// The workers of this node.
pub struct Running {
    /// Stops claiming.
    stop: CancellationToken,
    /// Stops what must go on until the last job is settled.
    end: CancellationToken,
    desk: Desk,
    node: String,
    lines: Vec<Arc<Line>>,
    monitor: JoinHandle<()>,
    grace: Duration,
}

impl Running {
    /// Starts jobs of this queue at once, if this node works on it.
    pub fn starter(&self, queue: &str) -> Option<Arc<dyn Starter>> {
        let line = self.lines.iter().find(|line| line.config.name == queue)?;
        Some(line.clone())
    }

    /// What can be read and set of it.
    pub fn panel(&self) -> Panel {
        Panel::new(self.node.clone(), self.lines.clone())
    }

    /// Stops claiming, waits for running jobs as long as the grace period allows, gives back the others, and writes
    /// what became of all.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if tokio::time::timeout(self.grace, &mut self.monitor).await.is_err() {
            tracing::warn!("jobs were still running at the end of the grace period; they are given back");
            // Dropping the workers cancels their handlers and gives their jobs back.
            self.monitor.abort();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let _ = tokio::time::timeout(Duration::from_secs(5), self.desk.flush()).await;
        self.end.cancel();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Starts the workers of this node. Fails when the settings are unsound, saying why.
pub fn start(store: Arc<dyn JobStore>, options: Options) -> Result<Running, String> {
    options.queues.check()?;
    let (stop, end) = (CancellationToken::new(), CancellationToken::new());
    let lease = options.queues.lease;
    let desk = Desk::open(store.clone(), lease, end.clone());
    // A name of its own for every start: apalis-redis takes a known name for a worker that still lives.
    let node = Source::default().new_id::<JobId>().to_string().replace("job_", "node_");
    let ranks = Ranks::new();
    let line = |queue: &Queue| {
        Arc::new(Line::new(queue.clone(), store.clone(), desk.clone(), node.clone(), lease, ranks.clone()))
    };
    let lines: Vec<Arc<Line>> = options.queues.queues.iter().map(line).collect();
    let mut monitor = Monitor::new().should_restart(|worker, error| {
        tracing::error!(worker = worker.name(), %error, "a worker ended; it is started again");
        true
    });
    let suspects = Arc::new(Suspects::new());
    for line in &lines {
        monitor = register(monitor, line.clone(), options.handlers.clone(), suspects.clone());
    }
    tokio::spawn(pump(store.clone(), lines.clone(), options.queues.fallback, stop.clone()));
    if let Some(url) = &options.redis {
        redis::start(url, &node, &store, &lines, &stop)?;
    }
    let signal = stop.clone();
    let monitor = tokio::spawn(async move {
        let stopped = async move {
            signal.cancelled().await;
            Ok(())
        };
        if let Err(error) = monitor.run_with_signal(stopped).await {
            tracing::error!(%error, "workers ended with an error");
        }
    });
    Ok(Running { stop, end, desk, node, lines, monitor, grace: options.grace })
}

/// The worker of one queue. From outside in: the outcome is written, each on its own task, panics caught, time limited.
fn register(monitor: Monitor, line: Arc<Line>, handlers: Handlers, suspects: Arc<Suspects>) -> Monitor {
    monitor.register(move |restarts| {
        let (handlers, store, suspects) = (handlers.clone(), line.store.clone(), suspects.clone());
        let claims = Claims::new(line.clone(), pause_before(restarts));
        let line = line.clone();
        WorkerBuilder::new(format!("{}-{}-{restarts}", line.config.name, line.worker))
            .backend(claims)
            // How many run at once is told by the queue's places, which an operator may change.
            .concurrency(MAX_CONCURRENCY)
            .layer(ParallelizeLayer::new(spawn))
            .catch_panic()
            .build(move |claimed: Claimed| {
                let (handlers, store, suspects) = (handlers.clone(), store.clone(), suspects.clone());
                let line = line.clone();
                async move {
                    let running = run(&handlers, &*store, &suspects, &claimed);
                    let outcome = tokio::time::timeout(line.timeout(), running).await;
                    let outcome = outcome
                        .unwrap_or_else(|_| Outcome::retry("the handler took longer than the time-out of its queue"));
                    line.done.fetch_add(u64::from(outcome != Outcome::Released), Ordering::Relaxed);
                    Ok::<Outcome, BoxDynError>(outcome)
                }
            })
    })
}

/// A worker that ends again and again must not take a processor for itself.
pub(super) fn pause_before(restarts: usize) -> Duration {
    Duration::from_millis(200).saturating_mul(restarts.min(25) as u32)
}

async fn run(handlers: &Handlers, store: &dyn JobStore, suspects: &Suspects, claimed: &Claimed) -> Outcome {
    let admitted = async {
        // Held until the job is over.
        let _turn = match suspects.admit(store, &claimed.job).await {
            Ok(turn) => turn,
            Err(outcome) => return outcome,
        };
        handlers.run(&claimed.job).await
    };
    tokio::select! {
        biased;
        // Somebody else has it, and then this is not heard; or the database was away for longer than the lease, and then
        // the job is free again as soon as it is back, and nobody died.
        () = claimed.cancel.cancelled() => Outcome::Released,
        outcome = admitted => outcome,
    }
}

/// Spawns a job; dropping the future cancels it, which `tokio::spawn` alone would not.
fn spawn<F>(future: F) -> AbortOnDrop<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    AbortOnDrop(tokio::spawn(future))
}

struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Future for AbortOnDrop<T> {
    type Output = Result<T, tokio::task::JoinError>;

    fn poll(mut self: std::pin::Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> std::task::Poll<Self::Output> {
        std::pin::Pin::new(&mut self.0).poll(cx)
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

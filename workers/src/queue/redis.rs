//! Carrying lists of ids through Redis, for many nodes.
//!
//! One node, the *feeder*, pushes the ids of due jobs in lists through apalis-redis; every node takes lists and claims
//! the ids from the table, which alone decides who has a job. So Redis may lose anything at any time: an id that nobody
//! claims is fed again after two seconds. While Redis cannot be reached, every node claims from the table for itself.

mod feeder;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ::redis::aio::{ConnectionManager, ConnectionManagerConfig};
use ::redis::{AsyncCommands, Client, RedisError};
use apalis::layers::WorkerBuilderExt;
use apalis_core::backend::ext::BackendExt;
use apalis_core::error::BoxDynError;
use apalis_core::monitor::Monitor;
use apalis_core::worker::builder::WorkerBuilder;
use apalis_redis::{Config, RedisStorage};
use futures::StreamExt;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use trackside_engine::ids::JobId;
use trackside_engine::jobs::JobStore;

use super::backend::Line;
use super::start::pause_before;

/// A Redis that does not answer within this time is away.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often to ask whether Redis is there; and how often workers look for lists nobody has announced.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// A list that was taken by a worker that died is put back after this many times `ORPHAN_CHECK`. Nothing waits for it,
/// since its ids are fed again; it only must not lie there for ever.
const MISSED: usize = 3;
const ORPHAN_CHECK: Duration = Duration::from_secs(5);

/// A list of ids, as it stands in Redis.
type Ids = Vec<JobId>;

fn config(queue: &str) -> Config {
    Config::default()
        .queue(format!("trackside:{queue}"))
        // A fetched list that waits in a buffer stops apalis-redis's heartbeat.
        .batch_size(1)
        .lock_tasks(false)
        .emit_events(false)
        .persist_results(true)
        .heartbeat_interval(ORPHAN_CHECK)
        .missed_heartbeats(MISSED)
}

fn channel(queue: &str) -> String {
    format!("trackside:{queue}:fed")
}

/// Keeps the lines of this node connected to Redis until `stop`. Fails only if the address cannot be read.
pub(super) fn start(
    url: &str,
    node: &str,
    store: &Arc<dyn JobStore>,
    lines: &[Arc<Line>],
    stop: &CancellationToken,
) -> Result<(), String> {
    let client = Client::open(url).map_err(|error| format!("the address of Redis cannot be used: {error}"))?;
    let front =
        Front { client, node: node.to_owned(), store: store.clone(), lines: lines.to_vec(), stop: stop.clone() };
    tokio::spawn(front.keep());
    Ok(())
}

#[derive(Clone)]
struct Front {
    client: Client,
    node: String,
    store: Arc<dyn JobStore>,
    lines: Vec<Arc<Line>>,
    stop: CancellationToken,
}

impl Front {
    async fn keep(self) {
        let mut away = false;
        let mut sessions = 0;
        while !self.stop.is_cancelled() {
            let connected = tokio::time::timeout(PATIENCE * 2, self.connect()).await;
            match connected {
                Ok(Ok((conn, heard))) => {
                    tracing::info!("Redis carries the ids of jobs");
                    away = false;
                    sessions += 1;
                    self.session(conn, heard, sessions).await;
                    self.claim_directly(true);
                }
                Ok(Err(error)) if !away => {
                    tracing::warn!(%error, "Redis is away; jobs are claimed from the database until it is back");
                    away = true;
                }
                Err(_) if !away => {
                    tracing::warn!("Redis does not answer; jobs are claimed from the database until it does");
                    away = true;
                }
                _ => {}
            }
            tokio::select! {
                () = self.stop.cancelled() => {}
                () = tokio::time::sleep(HEARTBEAT) => {}
            }
        }
    }

    async fn connect(&self) -> Result<(ConnectionManager, ::redis::aio::PubSub), RedisError> {
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let mut conn = self.client.get_connection_manager_with_config(config).await?;
        let _: String = ::redis::cmd("PING").query_async(&mut conn).await?;
        let mut heard = self.client.get_async_pubsub().await?;
        for line in &self.lines {
            heard.subscribe(channel(line.config.name)).await?;
        }
        Ok((conn, heard))
    }

    fn claim_directly(&self, direct: bool) {
        for line in &self.lines {
            line.direct.store(direct, Ordering::SeqCst);
            line.ready.notify_one();
            line.feed.notify_one();
        }
    }

    /// Runs until Redis goes away or the node stops.
    async fn session(&self, conn: ConnectionManager, heard: ::redis::aio::PubSub, number: u64) {
        let over = self.stop.child_token();
        let mut monitor = Monitor::new().should_restart(|worker, error| {
            // After a FLUSHALL Redis does not know the worker any more.
            tracing::info!(worker = worker.name(), %error, "a worker on Redis is started again");
            true
        });
        let mut announce = Vec::new();
        for line in &self.lines {
            let (tell, told) = mpsc::channel(1);
            announce.push((channel(line.config.name), tell));
            monitor = self.register(monitor, line.clone(), conn.clone(), told, number);
        }
        tokio::spawn(listen(heard, announce, over.clone()));
        tokio::spawn(feeder::feed(self.clone(), conn.clone(), over.clone()));
        self.claim_directly(false);
        let ended = over.clone();
        let mut workers = tokio::spawn(async move {
            let signal = async move {
                ended.cancelled().await;
                Ok(())
            };
            let _ = monitor.run_with_signal(signal).await;
        });
        tokio::select! {
            () = self.health(conn) => {}
            () = over.cancelled() => {}
            _ = &mut workers => {}
        }
        over.cancel();
        if tokio::time::timeout(PATIENCE, &mut workers).await.is_err() {
            workers.abort();
        }
    }

    /// Resolves when Redis does not answer any more.
    async fn health(&self, mut conn: ConnectionManager) {
        loop {
            tokio::time::sleep(HEARTBEAT).await;
            let answer = tokio::time::timeout(PATIENCE, ::redis::cmd("PING").query_async::<String>(&mut conn)).await;
            if !matches!(answer, Ok(Ok(_))) {
                tracing::warn!("Redis went away; jobs are claimed from the database until it is back");
                return;
            }
        }
    }

    /// A worker that takes lists of ids and passes them on to the line, which claims them and runs the jobs.
    fn register(
        &self,
        monitor: Monitor,
        line: Arc<Line>,
        conn: ConnectionManager,
        told: mpsc::Receiver<()>,
        number: u64,
    ) -> Monitor {
        let name = format!("{}-{}-{number}", line.config.name, self.node);
        let told = Arc::new(std::sync::Mutex::new(told));
        monitor.register(move |restarts| {
            let told = told.clone();
            let announced = futures::stream::poll_fn(move |cx| {
                // A poisoned lock would only mean that a poll panicked; the channel is still sound.
                let mut told = told.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                // Read to the end, so that the next announcement wakes the worker.
                while let std::task::Poll::Ready(Some(())) = told.poll_recv(cx) {}
                std::task::Poll::<Option<()>>::Pending
            });
            let pause = pause_before(restarts);
            let backend = RedisStorage::<Ids>::new(conn.clone())
                .with_config(config(line.config.name))
                .poll_with_stream(announced)
                .before_start(move |_| async move {
                    tokio::time::sleep(pause).await;
                    Ok(())
                });
            let line = line.clone();
            // One list at a time: the lists a busy node does not take are for the others.
            let builder = WorkerBuilder::new(format!("{name}-{restarts}")).backend(backend).concurrency(1);
            builder.build(move |ids: Ids| {
                let line = line.clone();
                async move {
                    // Closed only when the node stops; the ids are fed again.
                    let _ = line.offer.send(ids).await;
                    Ok::<(), BoxDynError>(())
                }
            })
        })
    }
}

/// Wakes the worker of a queue when a list was pushed, and every second in case the announcement was lost.
async fn listen(heard: ::redis::aio::PubSub, announce: Vec<(String, mpsc::Sender<()>)>, over: CancellationToken) {
    let mut messages = heard.into_on_message();
    let mut tick = tokio::time::interval(HEARTBEAT);
    let mut connected = true;
    loop {
        tokio::select! {
            () = over.cancelled() => return,
            message = messages.next(), if connected => match message {
                Some(message) => {
                    let found = announce.iter().find(|(channel, _)| channel == message.get_channel_name());
                    if let Some((_, tell)) = found {
                        let _ = tell.try_send(());
                    }
                }
                None => connected = false,
            },
            _ = tick.tick() => {
                for (_, tell) in &announce {
                    let _ = tell.try_send(());
                }
            }
        }
    }
}

/// Deletes a key; for the janitor.
async fn delete(conn: &mut ConnectionManager, keys: &[String]) -> Result<(), RedisError> {
    conn.del::<_, ()>(keys).await
}

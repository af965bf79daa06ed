//! The feeder: pushes the ids of due jobs, and cleans up after apalis-redis.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ::redis::aio::ConnectionManager;
use ::redis::{AsyncCommands, RedisError};
use apalis_core::backend::Vacuum;
use apalis_core::task::builder::TaskBuilder;
use apalis_redis::{RedisStorage, RedisTask};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use trackside_engine::ids::JobId;

use super::{Front, Ids, Line, channel, config, delete};

/// At most so many ids of a queue are on their way; 8,000 due lists would wedge a worker of apalis-redis for good.
const OUTSTANDING: usize = 1_000;
/// Ids in one list: the cost is per list.
const LIST: usize = 100;
/// An id that nobody has claimed by then is fed again.
const AGAIN: Duration = Duration::from_secs(2);
/// Between looks at a queue while it has jobs: short while they are claimed, longer while they are not.
const SHORT: Duration = Duration::from_millis(10);
const LONG: Duration = Duration::from_millis(500);
/// How long one node is the feeder unless it says so again; another takes over after this.
const TERM: Duration = Duration::from_secs(6);
const LOCK: &str = "trackside:feeder";
/// How often the janitor goes round.
const CLEAN: Duration = Duration::from_secs(5);
/// Workers not heard of for this many seconds are forgotten.
const FORGET: i64 = 600;

/// Stands for feeder, and while elected feeds every line and cleans up.
pub(super) async fn feed(front: Front, conn: ConnectionManager, over: CancellationToken) {
    let elected = Arc::new(AtomicBool::new(false));
    for line in &front.lines {
        tokio::spawn(feed_line(front.clone(), line.clone(), conn.clone(), elected.clone(), over.clone()));
    }
    let mut conn = conn;
    let mut cleaned = Instant::now();
    loop {
        let now_elected = stand(&mut conn, &front.node).await.unwrap_or(false);
        if now_elected && !elected.swap(now_elected, Ordering::SeqCst) {
            tracing::info!("this node feeds Redis");
            front.lines.iter().for_each(|line| line.feed.notify_one());
        }
        elected.store(now_elected, Ordering::SeqCst);
        if now_elected && cleaned.elapsed() >= CLEAN {
            cleaned = Instant::now();
            for line in &front.lines {
                if let Err(error) = clean(&mut conn, line.config.name, front.store.now().timestamp()).await {
                    tracing::warn!(queue = line.config.name, error, "could not clean up in Redis");
                }
            }
        }
        tokio::select! {
            () = over.cancelled() => break,
            () = tokio::time::sleep(TERM / 6) => {}
        }
    }
    if elected.load(Ordering::SeqCst) {
        // Let the next one start at once.
        let _ = conn.del::<_, ()>(LOCK).await;
    }
}

/// True if this node is the feeder for the next term. Two feeders for a moment only feed some ids twice.
async fn stand(conn: &mut ConnectionManager, node: &str) -> Result<bool, RedisError> {
    let term = TERM.as_millis() as u64;
    let won: Option<String> =
        ::redis::cmd("SET").arg(LOCK).arg(node).arg("NX").arg("PX").arg(term).query_async(conn).await?;
    if won.is_some() {
        return Ok(true);
    }
    let feeder: Option<String> = conn.get(LOCK).await?;
    if feeder.as_deref() != Some(node) {
        return Ok(false);
    }
    conn.pexpire(LOCK, term as i64).await
}

async fn feed_line(
    front: Front,
    line: Arc<Line>,
    conn: ConnectionManager,
    elected: Arc<AtomicBool>,
    over: CancellationToken,
) {
    let queue = line.config.name;
    let mut conn = conn;
    let mut fed: HashMap<JobId, Instant> = HashMap::new();
    // None while there is nothing: then the pump says when there is.
    let mut wait: Option<Duration> = None;
    loop {
        tokio::select! {
            () = over.cancelled() => return,
            () = line.feed.notified() => {}
            () = async { match wait { Some(wait) => tokio::time::sleep(wait).await, None => std::future::pending().await } } => {}
        }
        if !elected.load(Ordering::SeqCst) {
            fed.clear();
            wait = None;
            continue;
        }
        let ready = match front.store.ready_ids(queue, OUTSTANDING).await {
            Ok(ready) => ready,
            Err(error) => {
                tracing::warn!(queue, %error, "could not read the jobs to feed; trying again");
                wait = Some(LONG);
                continue;
            }
        };
        let now = Instant::now();
        let before = fed.len();
        let known: std::collections::HashSet<JobId> = ready.iter().copied().collect();
        fed.retain(|id, at| known.contains(id) && now.duration_since(*at) < AGAIN);
        let fresh: Vec<JobId> = ready.iter().copied().filter(|id| !fed.contains_key(id)).collect();
        // While there is enough on its way, wait for a full list: every list costs the same.
        let push_now = fresh.len() >= LIST || (!fresh.is_empty() && fed.len() < LIST);
        if push_now {
            if let Err(error) = push(&mut conn, queue, &fresh).await {
                tracing::warn!(queue, error, "could not push ids to Redis; trying again");
                wait = Some(LONG);
                continue;
            }
            fed.extend(fresh.iter().map(|id| (*id, now)));
        }
        let moves = !fresh.is_empty() || fed.len() < before;
        wait = match wait {
            _ if ready.is_empty() => None,
            Some(wait) if !moves => Some((wait * 2).min(LONG)),
            _ => Some(SHORT),
        };
    }
}

async fn push(conn: &mut ConnectionManager, queue: &str, ids: &[JobId]) -> Result<(), String> {
    let lists: Vec<RedisTask> = ids
        .chunks(LIST)
        .map(|list| serde_json::to_vec(list).map(|text| TaskBuilder::new(text).build()))
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    apalis_redis::queries::push_tasks(conn, &config(queue), &lists).await.map_err(|error| error.to_string())?;
    conn.publish::<_, _, ()>(channel(queue), lists.len()).await.map_err(|error| error.to_string())
}

/// Deletes what apalis-redis keeps for ever: lists that are done, the sets of their ids, workers that are gone.
async fn clean(conn: &mut ConnectionManager, queue: &str, now: i64) -> Result<(), String> {
    let config = config(queue);
    let say = |error: RedisError| error.to_string();
    let mut storage = RedisStorage::<Ids, _>::new(conn.clone()).with_config(config.clone());
    storage.vacuum().await.map_err(|error| error.to_string())?;
    delete(conn, &[config.done_jobs_set(), config.dead_jobs_set()]).await.map_err(say)?;
    let gone: Vec<String> = conn.zrangebyscore(config.workers_set(), 0, now - FORGET).await.map_err(say)?;
    for worker in gone {
        let keys = [
            format!("{}:workers:metadata:{worker}", config.workers_set().trim_end_matches(":workers")),
            format!("{}:{worker}", config.inflight_jobs_set()),
        ];
        delete(conn, &keys).await.map_err(say)?;
        conn.zrem::<_, _, ()>(config.workers_set(), &worker).await.map_err(say)?;
    }
    Ok(())
}

//! The nodes that work, as they report themselves, and what an operator tells them: to drain, and how much of each queue to
//! do at once. Nothing depends on a report: whose work is taken over is told by its leases alone.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::limits::{LimitsPatch, QueueLimits, Setting};
use super::service::{Waiting, known, waiting};
use crate::cx::Cx;
use crate::db::{Rx, Signal, Tx};
use crate::words::words;
use crate::{Error, Result, audit, row, statements};

/// How often a node reports.
pub const REPORTS: std::time::Duration = std::time::Duration::from_secs(30);
/// After so long without a report a node is taken for lost.
const LOST_AFTER: TimeDelta = TimeDelta::seconds(100);
/// After so long its row goes.
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::days(1);

row! {
    struct NodeRow {
        name: String,
        host: Option<String>,
        version: String,
        started_at: DateTime<Utc>,
        seen_at: DateTime<Utc>,
        draining: bool,
        queues: String,
    }
}

statements! {
    REPORT = "insert into nodes (name, host, version, started_at, seen_at, queues) values ($1, $2, $3, $4, $5, $6) \
         on conflict (name) do update set seen_at = excluded.seen_at, queues = excluded.queues returning draining";
    LEAVE = "delete from nodes where name = $1";
    FORGET = "delete from nodes where seen_at < $1";
    LIST = "select {NodeRow} from nodes order by started_at, name", NodeRow;
    DRAIN = "update nodes set draining = $2 where name = $1";
    RUNNING = "select lease_owner, queue, count(*) from jobs where lease_until is not null and lease_owner is not null \
         group by lease_owner, queue";
    SETTINGS = "select {Setting} from queues order by name", Setting;
    SETTING = "select {Setting} from queues where name = $1 for update", Setting;
    SET = "update queues set concurrency = $2, timeout_ms = $3, rate_jobs = $4, rate_ms = $5, priority = $6 where name = $1";
}

/// What a node says of one of its queues.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// The queue.
    pub queue: String,
    /// How many of its jobs run at once on this node.
    pub concurrency: i64,
    /// How many ended here since the node started.
    pub done: i64,
    /// How many a minute that were, lately.
    pub per_minute: f64,
}

/// A node that reports.
#[derive(Debug, Clone)]
pub struct Report {
    /// Its name, another one at each start: the owner of its leases.
    pub name: String,
    /// The machine, as it calls itself.
    pub host: Option<String>,
    /// The program's.
    pub version: &'static str,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// How it stands with its queues.
    pub queues: Vec<Figures>,
}

/// What a node is told when it reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orders {
    /// It is to take nothing new.
    pub draining: bool,
    /// What is set for the queues.
    pub settings: Vec<Setting>,
}

words! {
    /// How a node stands.
    pub enum WorkerState {
        /// It takes jobs.
        Working = "working",
        /// It takes nothing new as soon as it hears of it, or still runs jobs.
        Draining = "draining",
        /// It takes nothing new, and runs nothing: it may be stopped.
        Drained = "drained",
        /// Nothing was heard of it for more than a minute and a half.
        Lost = "lost",
    }
}

/// A node that works.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct WorkerInfo {
    /// Its name, another one at each start.
    pub name: String,
    /// The machine, as it calls itself.
    pub host: Option<String>,
    /// The program's version.
    pub version: String,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// When it last reported; it does every 30 seconds.
    pub seen_at: DateTime<Utc>,
    /// How it stands.
    pub state: WorkerState,
    /// How many jobs it runs.
    pub running: i64,
    /// The queues that it works on.
    pub queues: Vec<WorkerQueue>,
}

/// A queue on one node.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct WorkerQueue {
    /// The queue.
    pub queue: String,
    /// How many of its jobs run at once there, as of its last report; 0 while it takes nothing new.
    pub concurrency: i64,
    /// How many of its jobs run there now.
    pub running: i64,
    /// How many ended there since the node started, as of its last report.
    pub done: i64,
    /// How many a minute ended there, as of its last report.
    pub per_minute: f64,
}

/// A queue, with what holds for it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct QueueInfo {
    /// What waits in it.
    #[serde(flatten)]
    pub waiting: Waiting,
    /// For how many seconds the first of the ready ones has been due.
    pub oldest_seconds: Option<i64>,
    /// It is paused, and nothing of it runs.
    pub drained: bool,
    /// How many of its jobs ended a minute, on all nodes, as of their last reports.
    pub per_minute: f64,
    /// How it is worked on, on each node.
    pub limits: QueueLimits,
}

/// Writes down that a node lives, and answers what it is to do.
pub async fn report(tx: &mut Tx, now: DateTime<Utc>, report: &Report) -> Result<Orders> {
    let queues = serde_json::to_string(&report.queues)
        .map_err(|error| Error::internal(format!("the figures of a node are no JSON: {error}")))?;
    let args = (report.name.as_str(), report.host.as_deref(), report.version, report.started_at, now, queues);
    let (draining,): (bool,) = tx.one(REPORT, args).await?;
    Ok(Orders { draining, settings: tx.all(SETTINGS, ()).await? })
}

/// A node ends in good order.
pub async fn leave(tx: &mut Tx, name: &str) -> Result<()> {
    tx.execute(LEAVE, (name,)).await.map(drop)
}

/// Forgets nodes of which nothing was heard for a day.
pub async fn forget(tx: &mut Tx, now: DateTime<Utc>) -> Result<u64> {
    tx.execute(FORGET, (now - FORGOTTEN_AFTER,)).await
}

/// The nodes that work, in the order in which they started.
pub async fn workers(rx: &mut Rx, now: DateTime<Utc>) -> Result<Vec<WorkerInfo>> {
    let mut running: BTreeMap<(String, String), i64> = BTreeMap::new();
    for (owner, queue, jobs) in rx.all::<(String, String, i64)>(RUNNING, ()).await? {
        running.insert((owner, queue), jobs);
    }
    let rows: Vec<NodeRow> = rx.all(LIST, ()).await?;
    let info = |row: NodeRow| {
        let figures: Vec<Figures> = serde_json::from_str(&row.queues).unwrap_or_default();
        let of = |queue: &str| running.get(&(row.name.clone(), queue.to_owned())).copied().unwrap_or_default();
        let all = running.iter().filter(|((owner, _), _)| *owner == row.name).map(|(_, jobs)| jobs).sum();
        let heard = figures.iter().all(|figures| figures.concurrency == 0);
        let queues = figures.into_iter().map(|Figures { queue, concurrency, done, per_minute }| WorkerQueue {
            running: of(&queue),
            queue,
            concurrency,
            done,
            per_minute,
        });
        let state = match row.draining {
            _ if row.seen_at < now - LOST_AFTER => WorkerState::Lost,
            false => WorkerState::Working,
            true if all > 0 || !heard => WorkerState::Draining,
            true => WorkerState::Drained,
        };
        WorkerInfo {
            queues: queues.collect(),
            name: row.name,
            host: row.host,
            version: row.version,
            started_at: row.started_at,
            seen_at: row.seen_at,
            state,
            running: all,
        }
    };
    Ok(rows.into_iter().map(info).collect())
}

/// Tells a node to take nothing new, or to take jobs again.
///
/// # Errors
/// `worker_not_found`.
pub async fn set_draining(tx: &mut Tx, cx: &Cx, name: &str, draining: bool) -> Result<WorkerInfo> {
    let gone = || Error::not_found("worker", name.chars().take(64).collect::<String>());
    if tx.execute(DRAIN, (name, draining)).await? == 0 {
        return Err(gone());
    }
    let action = if draining { "worker.drained" } else { "worker.resumed" };
    audit::service::record(tx, cx, action, name, &json!({})).await?;
    tx.wake(Signal::Nodes);
    workers(tx, cx.now()).await?.into_iter().find(|worker| worker.name == name).ok_or_else(gone)
}

/// Every queue with what waits in it and how it is worked on. Counts rows: for people, not for polling.
pub async fn queues(rx: &mut Rx, now: DateTime<Utc>) -> Result<Vec<QueueInfo>> {
    let settings: Vec<Setting> = rx.all(SETTINGS, ()).await?;
    let workers = workers(rx, now).await?;
    let live = || workers.iter().filter(|worker| worker.state != WorkerState::Lost).flat_map(|worker| &worker.queues);
    let info = |waiting: Waiting| {
        let setting = settings.iter().find(|setting| setting.name == waiting.queue)?;
        let of = live().filter(|queue| queue.queue == waiting.queue);
        Some(QueueInfo {
            oldest_seconds: waiting.oldest_at.map(|oldest| (now - oldest).num_seconds().max(0)),
            drained: waiting.paused && waiting.running == 0,
            per_minute: of.map(|queue| queue.per_minute).sum(),
            limits: QueueLimits::of(setting),
            waiting,
        })
    };
    Ok(waiting(rx).await?.into_iter().filter_map(info).collect())
}

/// One of them.
///
/// # Errors
/// `queue_not_found`.
pub async fn queue(rx: &mut Rx, now: DateTime<Utc>, name: &str) -> Result<QueueInfo> {
    known(name)?;
    let found = queues(rx, now).await?.into_iter().find(|queue| queue.waiting.queue == name);
    found.ok_or_else(|| Error::internal(format!("the queue {name} has no row")))
}

/// Changes how a queue is worked on. Nodes hear of it at once, or with their next report.
///
/// # Errors
/// `queue_not_found`, `invalid_fields`.
pub async fn set_limits(tx: &mut Tx, cx: &Cx, name: &str, patch: LimitsPatch) -> Result<QueueInfo> {
    known(name)?;
    let before: Setting = tx.one(SETTING, (name,)).await?;
    let after = patch.onto(before.clone())?;
    if after != before {
        let Setting { concurrency, timeout_ms, rate_jobs, rate_ms, priority, .. } = after;
        tx.execute(SET, (name, concurrency, timeout_ms, rate_jobs, rate_ms, priority)).await?;
        let detail = json!({ "before": QueueLimits::of(&before), "after": QueueLimits::of(&after) });
        audit::service::record(tx, cx, "queue.changed", name, &detail).await?;
        tx.wake(Signal::Nodes);
    }
    queue(tx, cx.now(), name).await
}

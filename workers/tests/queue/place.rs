//! A database of its own for each story, with jobs and handlers to put in.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;
use trackside_engine::clock::{Clock, MockClock, SystemClock};
use trackside_engine::cx::Source;
use trackside_engine::db::{Db, Options};
use trackside_engine::ids::{Id, JobId, WorkspaceId};
use trackside_engine::jobs::{self, Ask, DbJobs, Job, JobStore, NewJob, Outcome, Waiting};
use trackside_workers::queue::{Handler, Handlers, Noop, entry};

/// An open, migrated database that goes away after the story.
pub struct Place {
    pub db: Db,
    pub url: String,
    pub clock: MockClock,
    pub source: Source,
    pub store: Arc<dyn JobStore>,
    folder: Option<TempDir>,
    postgres: Option<(String, String)>,
}

/// When stories with a clock of their own begin.
pub fn start_of_time() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

impl Place {
    pub async fn sqlite(real_time: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        Self::open(Options::new(url), real_time, Some(folder), None).await
    }

    async fn postgres(real_time: bool) -> Option<Self> {
        let server = std::env::var("TRACKSIDE_TEST_PG").ok()?;
        let server = server.trim_end_matches('/').trim_end_matches("/postgres").to_owned();
        let name = format!("trackside_queue_{:x}", rand::random::<u64>());
        // An ordinary role owns it: row-level security passes superusers by.
        let secret = format!("{:032x}", rand::random::<u128>());
        admin(&server, &format!("create role {name} login password '{secret}'")).await;
        admin(&server, &format!("create database {name} owner {name}")).await;
        let host = server.rsplit_once('@').map_or_else(|| server.split_once("//").unwrap().1, |(_, host)| host);
        let options = Options { pool: 8, ..Options::new(format!("postgres://{name}:{secret}@{host}/{name}")) };
        Some(Self::open(options, real_time, None, Some((server, name))).await)
    }

    /// The database of another process's place, with the machine's clock.
    pub async fn visit(url: String) -> Self {
        Self::open(Options::new(url), true, None, None).await
    }

    async fn open(
        options: Options,
        real_time: bool,
        folder: Option<TempDir>,
        postgres: Option<(String, String)>,
    ) -> Self {
        let db = Db::open(&options).await.unwrap();
        db.migrate().await.unwrap();
        let clock = MockClock::at(start_of_time());
        let source = if real_time { Source::new(SystemClock) } else { Source::new(clock.clone()) };
        let store = Arc::new(DbJobs::new(db.clone(), source.clone()));
        Self { db, url: options.url, clock, source, store, folder, postgres }
    }

    async fn remove(self) {
        drop(self.store);
        self.db.close().await;
        if let Some((server, name)) = self.postgres {
            admin(&server, &format!("drop database {name} with (force)")).await;
            admin(&server, &format!("drop role {name}")).await;
        }
        drop(self.folder);
    }

    /// A job that is due now.
    pub fn job(&self, payload: impl Serialize) -> NewJob {
        NewJob::new(&self.source, None, "runs", "probe", &payload).unwrap()
    }

    pub async fn enqueue(&self, new: Vec<NewJob>) {
        self.db.write(async move |tx| jobs::service::enqueue_many(tx, &new).await).await.unwrap();
    }

    pub async fn waiting(&self, queue: &str) -> Waiting {
        let all = jobs::service::waiting(&mut self.db.read().await.unwrap()).await.unwrap();
        all.into_iter().find(|line| line.queue == queue).unwrap()
    }

    /// One poll: what is due is lined up, what is out of lease is taken over.
    pub async fn look(&self) -> jobs::Look {
        let queues: Vec<String> = jobs::QUEUES.iter().map(|queue| (*queue).to_owned()).collect();
        self.store.look(&queues).await.unwrap()
    }

    pub async fn claim(&self, n: usize) -> Vec<Job> {
        let (queue, worker) = ("runs".to_owned(), "test".to_owned());
        self.store.claim(Ask { queue, worker, limit: n, lease: LEASE, without: Vec::new() }).await.unwrap()
    }

    pub async fn dead(&self) -> Vec<jobs::DeadJob> {
        let mut rx = self.db.read().await.unwrap();
        jobs::dead::list(&mut rx, "runs", None, None, 100).await.unwrap()
    }

    pub fn advance(&self, seconds: i64) {
        self.clock.advance(chrono::Duration::seconds(seconds));
        assert!(self.clock.now() > start_of_time());
    }

    pub fn workspace(&self) -> WorkspaceId {
        WorkspaceId::from_uuid(self.source.new_id::<JobId>().uuid())
    }
}

pub const LEASE: Duration = Duration::from_secs(15);

/// Tells a story on every database there is; with the machine's clock, or one that is set by hand.
pub async fn on_each(real_time: bool, story: impl AsyncFn(&Place)) {
    for place in [Some(Place::sqlite(real_time).await), Place::postgres(real_time).await].into_iter().flatten() {
        story(&place).await;
        place.remove().await;
    }
}

async fn admin(server: &str, sql: &str) {
    let mut conn = PgConnection::connect(&format!("{server}/postgres")).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
}

/// What a probe job does.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Do {
    Nothing,
    /// Fails this often, then succeeds.
    Fail(usize),
    Panic,
    /// Ends the whole process.
    Abort,
    Sleep(u64),
}

/// Runs probe jobs and remembers each run.
#[derive(Clone, Default)]
pub struct Probe {
    pub runs: Arc<Mutex<HashMap<JobId, usize>>>,
    pub started: Arc<AtomicUsize>,
    /// Handlers that were dropped before they ended.
    pub dropped: Arc<AtomicUsize>,
}

impl Probe {
    pub fn handlers(&self) -> Handlers {
        Handlers::new(vec![entry(Noop), entry(self.clone())]).unwrap()
    }

    pub fn ran(&self) -> usize {
        self.runs.lock().unwrap().values().sum()
    }

    pub fn times(&self, id: JobId) -> usize {
        self.runs.lock().unwrap().get(&id).copied().unwrap_or(0)
    }
}

struct Dropped<'a>(&'a AtomicUsize, bool);

impl Drop for Dropped<'_> {
    fn drop(&mut self) {
        if !self.1 {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl Handler for Probe {
    const KIND: &'static str = "probe";
    type Payload = Do;

    async fn run(&self, job: &Job, payload: Do) -> Outcome {
        self.started.fetch_add(1, Ordering::SeqCst);
        let mut dropped = Dropped(&self.dropped, false);
        if let Do::Sleep(millis) = payload {
            tokio::time::sleep(Duration::from_millis(millis)).await;
        }
        dropped.1 = true;
        let times = {
            let mut runs = self.runs.lock().unwrap();
            let times = runs.entry(job.id).or_default();
            *times += 1;
            *times
        };
        match payload {
            Do::Fail(wanted) if times <= wanted => Outcome::retry(format!("failure {times}")),
            Do::Abort => std::process::abort(),
            Do::Panic => panic!("a probe panics"),
            _ => Outcome::Done,
        }
    }
}

/// Waits until `done`, at most so many seconds.
pub async fn wait_for(seconds: u64, what: &str, mut done: impl AsyncFnMut() -> bool) {
    let until = tokio::time::Instant::now() + Duration::from_secs(seconds);
    while !done().await {
        assert!(tokio::time::Instant::now() < until, "{what} did not happen within {seconds} s");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

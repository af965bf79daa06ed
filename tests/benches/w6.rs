//! W6: durable jobs that do nothing, through the real queue in one process: enqueued in batches, and singly by many
//! producers; and the time from enqueue to start on an idle node. See docs/benchmarks.md.
//!
//! The processor time is that of the whole process, producers included.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use trackside_engine::cx::Source;
use trackside_engine::db::{self, Db};
use trackside_engine::jobs::{self, DbJobs, Job, NewJob, Outcome};
use trackside_tests::harness::Database;
use trackside_tests::measure::{self, Figures, Usage, percentile};
use trackside_workers::queue::{Handler, Handlers, Options, entry, start};

/// Jobs of each part.
const JOBS: u64 = 20_000;
/// Jobs enqueued in one write, in bulk.
const BATCH: u64 = 1_000;
/// Tasks that enqueue singly.
const PRODUCERS: u64 = 32;
/// Jobs enqueued one at a time on an idle node.
const IDLE: usize = 300;

/// A no-op that counts, and says when it started.
#[derive(Clone)]
struct Counted {
    done: Arc<AtomicU64>,
    started: mpsc::UnboundedSender<Instant>,
}

impl Handler for Counted {
    const KIND: &'static str = "counted";
    type Payload = bool;

    async fn run(&self, _: &Job, tell: bool) -> Outcome {
        if tell {
            let _ = self.started.send(Instant::now()); // nobody listens before the last part
        }
        self.done.fetch_add(1, Ordering::Relaxed);
        Outcome::Done
    }
}

pub async fn run(which: Option<&str>) {
    for (name, database) in measure::databases(which).await {
        measure_on(name, &database).await;
        database.close().await;
    }
}

fn job(source: &Source, tell: bool) -> NewJob {
    NewJob::new(source, None, "runs", Counted::KIND, &tell).expect("a job can be made")
}

async fn measure_on(name: &str, database: &Database) {
    let db = Db::open(&db::Options::new(database.url())).await.expect("the database opens");
    db.migrate().await.expect("the database can be migrated");
    let postmaster = match database.is_postgres() {
        true => Some(measure::postmaster(&database.admin_url()).await),
        false => None,
    };
    let (started, mut starts) = mpsc::unbounded_channel();
    let bench =
        Bench { db: db.clone(), source: Source::default(), done: Arc::default(), postmaster, name: name.to_owned() };
    let handlers =
        Handlers::new(vec![entry(Counted { done: bench.done.clone(), started })]).expect("one handler is sorted");
    let store = Arc::new(DbJobs::new(db.clone(), bench.source.clone()));
    let running = start(store, Options::new(handlers)).expect("the usual settings are sound");
    tokio::time::sleep(Duration::from_secs(1)).await;

    bench.bulk("W6 warm-up").await;
    bench.bulk("W6 bulk").await;
    bench.singly().await;
    while starts.try_recv().is_ok() {}
    let mut times = Vec::new();
    for _ in 0..IDLE {
        tokio::time::sleep(Duration::from_millis(10)).await;
        let new = job(&bench.source, true);
        let since = Instant::now();
        db.write(async move |tx| jobs::service::enqueue(tx, &new).await).await.expect("a job can be enqueued");
        let at = starts.recv().await.expect("the handler lives");
        times.push(at.duration_since(since).as_micros() as u64);
    }
    times.sort_unstable();
    let figures = Figures::new("enqueue to start, idle node", name)
        .with("p50_ms", percentile(&times, 0.5) as f64 / 1e3)
        .with("p99_ms", percentile(&times, 0.99) as f64 / 1e3);
    measure::report(figures);
    running.stop().await;
    db.close().await;
}

struct Bench {
    db: Db,
    source: Source,
    done: Arc<AtomicU64>,
    postmaster: Option<u32>,
    name: String,
}

impl Bench {
    async fn bulk(&self, workload: &str) {
        let since = self.since();
        for _ in 0..JOBS / BATCH {
            let new: Vec<NewJob> = (0..BATCH).map(|_| job(&self.source, false)).collect();
            let enqueued = self.db.write(async move |tx| jobs::service::enqueue_many(tx, &new).await).await;
            enqueued.expect("jobs can be enqueued");
        }
        self.finish(workload, since).await;
    }

    async fn singly(&self) {
        let since = self.since();
        let producers: Vec<_> = (0..PRODUCERS)
            .map(|_| {
                let (db, source) = (self.db.clone(), self.source.clone());
                tokio::spawn(async move {
                    for _ in 0..JOBS / PRODUCERS {
                        let new = job(&source, false);
                        let enqueued = db.write(async move |tx| jobs::service::enqueue(tx, &new).await).await;
                        enqueued.expect("a job can be enqueued");
                    }
                })
            })
            .collect();
        for producer in producers {
            producer.await.expect("a producer panicked");
        }
        self.finish("W6 singly, 32 producers", since).await;
    }

    fn since(&self) -> (u64, Instant, Usage, Usage) {
        let usage = self.postmaster.map(Usage::of).unwrap_or_default();
        (self.done.load(Ordering::Relaxed), Instant::now(), Usage::own(), usage)
    }

    async fn finish(&self, workload: &str, (before, since, own, database): (u64, Instant, Usage, Usage)) {
        while self.done.load(Ordering::Relaxed) < before + JOBS {
            assert!(since.elapsed() < Duration::from_secs(120), "the jobs did not end within two minutes");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let took = since.elapsed();
        let after = self.postmaster.map(Usage::of).unwrap_or_default();
        if workload == "W6 warm-up" {
            return;
        }
        let figures = Figures::new(workload, &self.name)
            .with("completed_per_s", JOBS as f64 / took.as_secs_f64())
            .with("cpu_us", Usage::own().cpu_us_since(&own, JOBS))
            .with("database_cpu_us", after.cpu_us_since(&database, JOBS));
        measure::report(figures);
    }
}

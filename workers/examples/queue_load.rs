//! Measures the job queue in one process: jobs per second in bulk and singly, and the time from enqueue to start on an
//! idle node. `queue_load [DATABASE_URL] [REDIS_URL]`; without a URL on SQLite in a temporary folder, with full fsync.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use trackside_engine::cx::Source;
use trackside_engine::db::{self, Db};
use trackside_engine::jobs::{self, DbJobs, Job, NewJob, Outcome};
use trackside_workers::queue::{Handler, Handlers, Options, entry, start};

/// A no-op that counts, and says when it started.
#[derive(Clone)]
struct Counted {
    done: Arc<AtomicUsize>,
    started: mpsc::UnboundedSender<Instant>,
}

impl Handler for Counted {
    const KIND: &'static str = "counted";
    type Payload = bool;

    async fn run(&self, _: &Job, tell: bool) -> Outcome {
        if tell {
            let _ = self.started.send(Instant::now());
        }
        self.done.fetch_add(1, Ordering::Relaxed);
        Outcome::Done
    }
}

/// The processor time this process has used so far, from Linux's `/proc`; zero elsewhere.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: u64 = fields.iter().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = tempfile::tempdir()?;
    let url = arguments
        .next()
        .filter(|url| !url.is_empty())
        .unwrap_or_else(|| format!("sqlite://{}", folder.path().join("load.db").display()));
    let db = Db::open(&db::Options::new(url)).await?;
    db.migrate().await?;
    let source = Source::default();
    let (started, mut starts) = mpsc::unbounded_channel();
    let done = Arc::new(AtomicUsize::new(0));
    let handlers = Handlers::new(vec![entry(Counted { done: done.clone(), started })])?;
    let store = Arc::new(DbJobs::new(db.clone(), source.clone()));
    let running = start(store, Options { redis: arguments.next(), ..Options::new(handlers) })?;
    tokio::time::sleep(Duration::from_secs(2)).await;

    let make = move |source: &Source, tell: bool| NewJob::new(source, None, "runs", "counted", &tell);
    let finished = async |n: usize| {
        while done.load(Ordering::Relaxed) < n {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let mut before = 0;
    for batch in [100, 1_000] {
        const JOBS: usize = 20_000;
        let (since, used) = (Instant::now(), cpu());
        for _ in 0..JOBS / batch {
            let new: Vec<NewJob> = (0..batch).map(|_| make(&source, false)).collect::<Result<_, _>>()?;
            db.write(async move |tx| jobs::service::enqueue_many(tx, &new).await).await?;
        }
        let enqueued = since.elapsed();
        before += JOBS;
        finished(before).await;
        report(&format!("{JOBS} jobs in batches of {batch} (enqueued in {enqueued:.0?})"), JOBS, since, used);
    }

    const SINGLE: usize = 10_000;
    let (since, used) = (Instant::now(), cpu());
    let mut producers = Vec::new();
    for _ in 0..32 {
        let (db, source) = (db.clone(), source.clone());
        producers.push(tokio::spawn(async move {
            for _ in 0..SINGLE / 32 {
                let new = make(&source, false)?;
                db.write(async move |tx| jobs::service::enqueue(tx, &new).await).await?;
            }
            Ok::<(), trackside_engine::Error>(())
        }));
    }
    for producer in producers {
        producer.await??;
    }
    let single = SINGLE / 32 * 32;
    before += single;
    finished(before).await;
    report(&format!("{single} jobs one by one from 32 producers"), single, since, used);

    while starts.try_recv().is_ok() {}
    let (mut to_start, mut to_commit) = (Vec::new(), Vec::new());
    for _ in 0..300 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        let new = make(&source, true)?;
        let since = Instant::now();
        db.write(async move |tx| jobs::service::enqueue(tx, &new).await).await?;
        to_commit.push(since.elapsed());
        if let Some(at) = starts.recv().await {
            to_start.push(at.duration_since(since));
        }
    }
    for (what, mut times) in [("enqueue to commit", to_commit), ("enqueue to start ", to_start)] {
        times.sort();
        println!("idle, {what}: p50 {:.2?}, p99 {:.2?}", times[times.len() / 2], times[times.len() * 99 / 100]);
    }
    running.stop().await;
    db.close().await;
    Ok(())
}

fn report(what: &str, jobs: usize, since: Instant, used: Duration) {
    let (took, used) = (since.elapsed(), cpu() - used);
    println!(
        "{what}: {:.0} jobs/s, {:.1} µs processor time per job",
        jobs as f64 / took.as_secs_f64(),
        used.as_secs_f64() * 1e6 / jobs as f64
    );
}

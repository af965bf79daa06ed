//! What the program costs when nothing happens: the time to start, and memory, statements and processor time of a node
//! with a hook and an enabled rule that nobody uses. See docs/benchmarks.md.

use std::time::{Duration, Instant};

use trackside_tests::harness::{Api, Database, Server};
use trackside_tests::measure::{self, Figures, Sink, Usage};

/// Starts on a migrated database.
const STARTS: usize = 10;
/// How long the idle node is watched.
const WATCHED: Duration = Duration::from_secs(60);

pub async fn run(which: Option<&str>) {
    let sink = Sink::start();
    for (name, database) in measure::databases(which).await {
        measure_on(name, &database, &sink).await;
        database.close().await;
    }
}

async fn start(database: &Database) -> (Server, f64) {
    let since = Instant::now();
    let server = measure::server(database).start().await;
    (server, since.elapsed().as_secs_f64() * 1e3)
}

async fn measure_on(name: &str, database: &Database, sink: &Sink) {
    let (server, first) = start(database).await;
    measure::hook_and_rule(&Api::set_up(&server).await, sink).await;
    drop(server);
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let (server, took) = start(database).await;
        times.push(took);
        drop(server);
    }
    times.sort_by(f64::total_cmp);
    let figures = Figures::new("start", name)
        .with("ready_ms_first", first)
        .with("ready_ms_median", times[STARTS / 2])
        .with("ready_ms_worst", times[STARTS - 1]);
    measure::report(figures);

    let (server, _) = start(database).await;
    let api = Api::new(&server).outside();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let (before, used) = (statements(&api).await, Usage::of(server.pid()));
    tokio::time::sleep(WATCHED).await;
    let (after, now) = (statements(&api).await, Usage::of(server.pid()));
    let minutes = WATCHED.as_secs_f64() / 60.0;
    let figures = Figures::new("idle", name)
        .with("statements_per_minute", (after - before) / minutes)
        .with("mib_after", now.mib())
        .with("cpu_ms_per_minute", now.cpu_us_since(&used, 1) / 1e3 / minutes);
    measure::report(figures);
}

/// How many statements the node has run since it started.
async fn statements(api: &Api) -> f64 {
    let answer = api.get("/metrics").await.expect_status(200);
    let text = answer.body.as_str().unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("trackside_statements_total "));
    line.and_then(|figure| figure.trim().parse().ok()).expect("/metrics counts statements")
}

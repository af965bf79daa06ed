//! W1: a webhook comes in, a rule's condition is judged, an HTTP call goes out, the run is kept. The real program on a
//! durable database; see docs/benchmarks.md.
//!
//! `W1_EVENTS` sets the number of events at full load, `W1_WAIT` seconds to wait before it (to attach a profiler).

use std::time::Duration;

use trackside_tests::harness::{Api, Database};
use trackside_tests::measure::{self, Arrived, Figures, Load, Loaded, Sink, Usage, percentile, request};

/// Connections of the load generator, each with one event at a time.
const CONNECTIONS: usize = 32;
/// No phase posts for longer.
const WITHIN: Duration = Duration::from_secs(10);
/// Give up when nothing more has reached the sink for this long.
const PATIENCE: Duration = Duration::from_secs(5);

pub async fn run(which: Option<&str>) {
    let sink = Sink::start();
    for (name, database) in measure::databases(which).await {
        measure_on(name, &database, &sink).await;
        database.close().await;
    }
}

/// What is posted: the body that the peers get.
fn event(path: &str, seq: u64, ts: u64) -> Vec<u8> {
    let body = format!(
        r#"{{"seq":{seq},"ts":{ts},"priority":"high","title":"load test item {seq}","project":"{}"}}"#,
        seq % 50
    );
    request("POST", path, &[], Some(&body))
}

/// Posts events and waits for them at the sink.
async fn post(load: &Load, path: &str, sink: &Sink) -> (Loaded, Arrived) {
    sink.expect(load.first);
    let path = path.to_owned();
    let loaded = load.run(move |seq, ts| event(&path, seq, ts)).await;
    let arrived = sink.wait(loaded.accepted, PATIENCE).await;
    if let Some(complaint) = &loaded.complaint {
        eprintln!("{} posts were refused; the first one: {complaint}", loaded.refused);
    }
    (loaded, arrived)
}

async fn measure_on(name: &str, database: &Database, sink: &Sink) {
    let server = measure::server(database).start().await;
    let path = measure::hook_and_rule(&Api::set_up(&server).await, sink).await;
    let address = server.url().trim_start_matches("http://").parse().expect("the server says its address");
    let postmaster = match database.is_postgres() {
        true => Some(measure::postmaster(&database.admin_url()).await),
        false => None,
    };
    let usage = || (Usage::of(server.pid()), postmaster.map(Usage::of).unwrap_or_default());
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());

    let mut load = Load { address, connections: CONNECTIONS, first: 0, requests: 2_000, within: WITHIN, rate: None };
    post(&load, &path, sink).await;
    tokio::time::sleep(Duration::from_secs(number("W1_WAIT").unwrap_or(1))).await;

    // Full load: as many as the server takes.
    let before = usage();
    load = Load { first: 1_000_000, requests: number("W1_EVENTS").unwrap_or(60_000), ..load };
    let (loaded, arrived) = post(&load, &path, sink).await;
    let runs = succeeded(database).await;
    let after = usage();
    let events = arrived.events;
    let took = arrived.last_us.saturating_sub(loaded.began_us).max(1) as f64 / 1e6;
    let completed = events as f64 / took;
    let figures = Figures::new("W1", name)
        .with("accepted_per_s", loaded.per_second())
        .with("completed_per_s", completed)
        .with("p50_ms", percentile(&arrived.latencies_us, 0.5) as f64 / 1e3)
        .with("p99_ms", percentile(&arrived.latencies_us, 0.99) as f64 / 1e3)
        .with("answer_p99_ms", percentile(&loaded.answered_us, 0.99) as f64 / 1e3)
        .with("cpu_us", after.0.cpu_us_since(&before.0, events))
        .with("database_cpu_us", after.1.cpu_us_since(&before.1, events))
        .with("mib_before", before.0.mib())
        .with("mib_after", after.0.mib())
        .and("events", events)
        .and("lost", loaded.accepted.saturating_sub(events))
        .and("duplicates", arrived.duplicates)
        .and("runs_succeeded", runs);
    measure::report(figures);

    // Half of that, at a pace: what an event costs and how long it takes when there is room.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let rate = completed / 2.0;
    let before = usage();
    load = Load { first: 2_000_000, requests: ((rate * 4.0) as u64).clamp(100, 40_000), rate: Some(rate), ..load };
    let (loaded, arrived) = post(&load, &path, sink).await;
    let after = usage();
    let figures = Figures::new("W1 at half load", name)
        .with("accepted_per_s", loaded.per_second())
        .with("p50_ms", percentile(&arrived.latencies_us, 0.5) as f64 / 1e3)
        .with("p99_ms", percentile(&arrived.latencies_us, 0.99) as f64 / 1e3)
        .with("cpu_us", after.0.cpu_us_since(&before.0, arrived.events))
        .with("database_cpu_us", after.1.cpu_us_since(&before.1, arrived.events))
        .and("events", arrived.events)
        .and("lost", loaded.accepted.saturating_sub(arrived.events))
        .and("duplicates", arrived.duplicates);
    measure::report(figures);
}

/// How many runs of the full load stand in the database as succeeded, once none is under way any more.
async fn succeeded(database: &Database) -> i64 {
    const WARM_UP: i64 = 2_000;
    for _ in 0..200 {
        if measure::count(database, "select count(*) from runs where state in ('queued', 'running', 'retrying')").await
            == 0
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    measure::count(database, "select count(*) from runs where state = 'succeeded'").await - WARM_UP
}

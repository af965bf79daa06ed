//! One event held against 1,000 rules that listen to it: the processor time per rule, over what the event costs by itself.
//! The real program; see docs/benchmarks.md.

use std::time::Duration;

use serde_json::{Value, json};
use trackside_tests::harness::{Api, Database};
use trackside_tests::measure::{self, Figures, Load, Usage, request};

/// Rules that hear of each event.
const RULES: usize = 1_000;
/// Rules that one request of a batch makes ready; they are made one by one, so many at a time.
const TOGETHER: usize = 16;
/// Events posted without rules, and with them.
const EVENTS: u64 = 2_000;
/// No phase takes longer.
const WITHIN: Duration = Duration::from_secs(60);

pub async fn run(which: Option<&str>) {
    for (name, database) in measure::databases(which).await {
        measure_on(name, &database).await;
        database.close().await;
    }
}

async fn measure_on(name: &str, database: &Database) {
    let server = measure::server(database).start().await;
    let api = Api::set_up(&server).await;
    let hook = api.post("/hooks", json!({ "name": "Load", "scheme": "none" })).await.expect_status(201);
    let path = hook.text("/path");
    let address = server.url().trim_start_matches("http://").parse().expect("the server says its address");
    let load = Load { address, connections: 4, first: 0, requests: EVENTS, within: WITHIN, rate: None };

    post(&load, &path).await;
    database.quiet(WITHIN).await;
    let bare = cost(&load, &path, database, server.pid()).await;
    for first in (0..RULES).step_by(TOGETHER) {
        futures::future::join_all((first..RULES.min(first + TOGETHER)).map(|n| enabled(&api, n))).await;
    }
    post(&Load { requests: 50, ..load.clone() }, &path).await;
    database.quiet(WITHIN).await;
    let judged = cost(&load, &path, database, server.pid()).await;
    let figures = Figures::new("judge", name)
        .with("cpu_us_bare", bare)
        .with("cpu_us_judged", judged)
        .with("cpu_us_per_rule", (judged - bare) / RULES as f64)
        .and("rules", RULES)
        .and("events", EVENTS);
    measure::report(figures);
}

/// Processor time per event, µs, until nothing is left to do.
async fn cost(load: &Load, path: &str, database: &Database, pid: u32) -> f64 {
    let before = Usage::of(pid);
    post(load, path).await;
    database.quiet(WITHIN).await;
    Usage::of(pid).cpu_us_since(&before, EVENTS)
}

async fn post(load: &Load, path: &str) {
    let path = path.to_owned();
    let event = move |seq: u64, ts: u64| {
        let body = format!(
            r#"{{"seq":{seq},"ts":{ts},"priority":"high","title":"load test item {seq}","labels":["billing","urgent"]}}"#
        );
        request("POST", &path, &[], Some(&body))
    };
    let loaded = load.run(event).await;
    assert_eq!(loaded.refused, 0, "posts were refused: {:?}", loaded.complaint);
}

/// A rule that looks at each event and finds that it is not for it.
async fn enabled(api: &Api, n: usize) -> Value {
    let condition =
        format!("body.priority in ['high', 'critical'] && body.labels.contains('team-{n}') && body.seq > {n}");
    let rule = json!({
        "name": format!("Team {n}"), "trigger": { "on": "hook.received" }, "condition": condition,
        "steps": [{ "id": "end", "stop": "never" }],
    });
    let rule = api.post("/rules", rule).await.expect_status(201).text("/id");
    api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200).body
}

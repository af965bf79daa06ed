//! W4: a list of tasks: 10,000 tasks, 25 a page, filtered by status, 16 requests at a time. See docs/benchmarks.md.

use std::time::Duration;

use serde_json::json;
use trackside_tests::harness::{Api, Database};
use trackside_tests::measure::{self, Figures, Load, Usage, percentile, request};

/// Tasks in the project.
const TASKS: u64 = 10_000;
/// Lists that are asked for.
const LISTS: u64 = 20_000;
/// Requests at a time.
const CONNECTIONS: usize = 16;
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
    api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
    let token = api.post("/tokens", json!({ "name": "Load" })).await.expect_status(201).text("/token");
    let bearer = format!("authorization: Bearer {token}");
    let address = server.url().trim_start_matches("http://").parse().expect("the server says its address");
    let postmaster = match database.is_postgres() {
        true => Some(measure::postmaster(&database.admin_url()).await),
        false => None,
    };
    let usage = || (Usage::of(server.pid()), postmaster.map(Usage::of).unwrap_or_default());

    let mut load = Load { address, connections: CONNECTIONS, first: 0, requests: TASKS, within: WITHIN, rate: None };
    let header = bearer.clone();
    let before = usage();
    let made = load
        .run(move |seq, _| {
            let status = ["todo", "in_progress", "in_review", "completed"][(seq % 4) as usize];
            let body = format!(
                r#"{{"title":"Task number {seq}","description":"What is to be done, in a sentence.","status":"{status}","labels":["load","l{}"]}}"#,
                seq % 10
            );
            request("POST", "/api/v1/projects/WEB/tasks", &[&header], Some(&body))
        })
        .await;
    assert_eq!(made.refused, 0, "tasks were refused: {:?}", made.complaint);
    let after = usage();
    let figures = Figures::new("task created", name)
        .with("completed_per_s", made.per_second())
        .with("p50_ms", percentile(&made.answered_us, 0.5) as f64 / 1e3)
        .with("p99_ms", percentile(&made.answered_us, 0.99) as f64 / 1e3)
        .with("cpu_us", after.0.cpu_us_since(&before.0, made.accepted))
        .with("database_cpu_us", after.1.cpu_us_since(&before.1, made.accepted));
    measure::report(figures);

    load.requests = LISTS / 10;
    for (workload, report) in [("warm-up", false), ("W4", true)] {
        let header = bearer.clone();
        let before = usage();
        let listed =
            load.run(move |_, _| request("GET", "/api/v1/tasks?status=in_progress&limit=25", &[&header], None)).await;
        assert_eq!(listed.refused, 0, "lists were refused: {:?}", listed.complaint);
        let after = usage();
        let figures = Figures::new(workload, name)
            .with("completed_per_s", listed.per_second())
            .with("p50_ms", percentile(&listed.answered_us, 0.5) as f64 / 1e3)
            .with("p99_ms", percentile(&listed.answered_us, 0.99) as f64 / 1e3)
            .with("cpu_us", after.0.cpu_us_since(&before.0, listed.accepted))
            .with("database_cpu_us", after.1.cpu_us_since(&before.1, listed.accepted))
            .with("mib_after", after.0.mib());
        if report {
            measure::report(figures);
        }
        load.requests = LISTS;
    }
}

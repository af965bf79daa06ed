//! A back-test of one rule over 100,000 events, and what those who work meanwhile notice of it. See docs/benchmarks.md.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trackside_tests::harness::{Api, Database};
use trackside_tests::measure::{self, Figures, Load, Loaded, Usage, percentile, request};

/// Events that the rule listens to.
const EVENTS: usize = 100_000;
/// Operations of a batch, which is the most that it takes.
const BATCH: usize = 1_000;
/// Requests of those who work meanwhile, a second.
const RATE: f64 = 200.0;
/// No phase takes longer.
const WITHIN: Duration = Duration::from_secs(120);

pub async fn run(which: Option<&str>) {
    for (name, database) in measure::databases(which).await {
        measure_on(name, &database).await;
        database.close().await;
    }
}

async fn measure_on(name: &str, database: &Database) {
    let server = measure::server(database).start().await;
    let api = Api::set_up(&server).await;
    api.post("/projects", json!({ "key": "BIG", "name": "A large one" })).await.expect_status(201);
    for first in (0..EVENTS).step_by(BATCH) {
        let operations: Vec<Value> = (first..first + BATCH).map(made).collect();
        let answer = api.post("/tasks/batch", json!({ "atomic": true, "operations": operations })).await;
        answer.expect_status(200);
    }
    database.quiet(WITHIN).await;
    // Of a tenth it would do two things.
    let rule = json!({
        "name": "Escalate", "trigger": { "on": "task.created", "match": { "task.labels": "load" } },
        "condition": "task.priority in ['high', 'critical'] && task.labels.contains('l3') && task.title.starts_with('Task')",
        "steps": [
            { "id": "up", "action": "task.update", "with": { "task": "{{ task.id }}", "priority": "critical" } },
            { "id": "tell", "action": "notify.send", "with": { "to": ["owner"], "message": "{{ task.key }}: {{ task.title }}" } },
        ],
    });
    let rule = api.post("/rules", rule).await.expect_status(201).text("/id");
    let token = api.post("/tokens", json!({ "name": "Load" })).await.expect_status(201).text("/token");
    let header = format!("authorization: Bearer {token}");
    let address = server.url().trim_start_matches("http://").parse().expect("the server says its address");
    let works = async |requests: u64| -> Loaded {
        let load = Load { address, connections: 4, first: 0, requests, within: WITHIN, rate: Some(RATE) };
        let header = header.clone();
        load.run(move |seq, _| {
            let body = format!(r#"{{"title":"Meanwhile {seq}"}}"#);
            request("POST", "/api/v1/projects/BIG/tasks", &[&header], Some(&body))
        })
        .await
    };
    let alone = works(600).await;
    let undisturbed = backtest(&api, &rule).await;
    let (before, since) = (Usage::of(server.pid()), Instant::now());
    let (answer, meanwhile) = tokio::join!(backtest(&api, &rule), works(1_000));
    let used = Usage::of(server.pid()).cpu_us_since(&before, 1) / 1e6;
    assert_eq!(meanwhile.refused + alone.refused, 0, "work was refused: {:?}", meanwhile.complaint);
    let figures = Figures::new("back-test over 100,000 events", name)
        .with("seconds", undisturbed)
        .with("events_per_s", EVENTS as f64 / undisturbed)
        .with("seconds_while_others_work", answer)
        .with("work_alone_p50_ms", percentile(&alone.answered_us, 0.5) as f64 / 1e3)
        .with("work_alone_p99_ms", percentile(&alone.answered_us, 0.99) as f64 / 1e3)
        .with("work_meanwhile_p50_ms", percentile(&meanwhile.answered_us, 0.5) as f64 / 1e3)
        .with("work_meanwhile_p99_ms", percentile(&meanwhile.answered_us, 0.99) as f64 / 1e3)
        .with("cpu_share", used / since.elapsed().as_secs_f64());
    measure::report(figures);
}

/// Runs one; the seconds that it took.
async fn backtest(api: &Api, rule: &str) -> f64 {
    let since = Instant::now();
    let begun = api.post(&format!("/rules/{rule}/backtest"), json!({})).await.expect_status(202).text("/id");
    loop {
        let answer = api.get(&format!("/rules/{rule}/backtests/{begun}")).await.expect_status(200);
        if answer.body["finished_at"].is_string() {
            assert_eq!(answer.text("/state"), "finished", "{:#}", answer.body);
            assert!(answer.at("/events").as_u64() >= Some(EVENTS as u64), "{:#}", answer.body);
            return since.elapsed().as_secs_f64();
        }
        assert!(since.elapsed() < WITHIN, "{:#}", answer.body);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The operation that makes the task of this number.
fn made(seq: usize) -> Value {
    let priority = ["low", "medium", "high", "critical"][seq / 10 % 4];
    json!({ "op": "create", "project": "BIG", "task": {
        "title": format!("Task {seq}"), "description": format!("What is to be done in a sentence, of number {seq}."),
        "priority": priority, "labels": ["load", format!("l{}", seq % 5)],
    } })
}

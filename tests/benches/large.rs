//! Reading where there is much: 100,000 tasks in one project; a list, a search and the columns of a board. See
//! docs/benchmarks.md.

use std::time::Duration;

use serde_json::{Value, json};
use trackside_tests::harness::{Api, Database};
use trackside_tests::measure::{self, Figures, Load, Usage, percentile, request};

/// Tasks in the project.
const TASKS: usize = 100_000;
/// Operations of a batch, which is the most that it takes.
const BATCH: usize = 1_000;
/// Requests of each kind.
const REQUESTS: u64 = 2_000;
/// Requests at a time: what a latency is worth depends on it, so there are few.
const CONNECTIONS: usize = 2;
/// No phase takes longer.
const WITHIN: Duration = Duration::from_secs(120);

/// What is asked for. `{n}` is a number that differs from one request to the next.
const ASKED: &[(&str, &str)] = &[
    ("list, filtered", "/api/v1/tasks?status=in_progress&limit=25"),
    ("list, two filters, by priority", "/api/v1/tasks?status=in_progress&label=l{n}&sort=-priority,due_at&limit=25"),
    ("list, with its total", "/api/v1/tasks?status=in_progress&limit=25&total=true"),
    ("search, a word", "/api/v1/search?q=number{n}"),
    ("search, two words", "/api/v1/search?q=payments+number{n}"),
    ("search, a word of every task", "/api/v1/search?q=task"),
    ("search, the beginning of a word", "/api/v1/search?q=num"),
    ("board, a column", "/api/v1/tasks?project=BIG&status=in_review&sort=-priority,due_at&limit=50"),
];

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
    for first in (0..TASKS).step_by(BATCH) {
        let operations: Vec<Value> = (first..first + BATCH).map(made).collect();
        let answer = api.post("/tasks/batch", json!({ "atomic": true, "operations": operations })).await;
        answer.expect_status(200);
    }
    let token = api.post("/tokens", json!({ "name": "Load" })).await.expect_status(201).text("/token");
    let bearer = format!("authorization: Bearer {token}");
    let address = server.url().trim_start_matches("http://").parse().expect("the server says its address");
    let postmaster = match database.is_postgres() {
        true => Some(measure::postmaster(&database.admin_url()).await),
        false => None,
    };
    let usage = || (Usage::of(server.pid()), postmaster.map(Usage::of).unwrap_or_default());
    for (what, path) in ASKED {
        for (requests, counts) in [(REQUESTS / 20, false), (REQUESTS, true)] {
            let load = Load { address, connections: CONNECTIONS, first: 0, requests, within: WITHIN, rate: None };
            let header = bearer.clone();
            let before = usage();
            let read = load
                .run(move |seq, _| request("GET", &path.replace("{n}", &(seq % 10).to_string()), &[&header], None))
                .await;
            assert_eq!(read.refused, 0, "{path} was refused: {:?}", read.complaint);
            let after = usage();
            if counts {
                let figures = Figures::new(&format!("100,000 tasks: {what}"), name)
                    .with("completed_per_s", read.per_second())
                    .with("p50_ms", percentile(&read.answered_us, 0.5) as f64 / 1e3)
                    .with("p99_ms", percentile(&read.answered_us, 0.99) as f64 / 1e3)
                    .with("cpu_us", after.0.cpu_us_since(&before.0, read.accepted))
                    .with("database_cpu_us", after.1.cpu_us_since(&before.1, read.accepted));
                measure::report(figures);
            }
        }
    }
}

/// The operation that makes the task of this number. Words are as rare and as frequent as in a real project: some in
/// every task, some in a tenth, one in a single one.
fn made(seq: usize) -> Value {
    let status = ["todo", "in_progress", "in_review", "completed"][seq % 4];
    let priority = ["low", "medium", "high", "critical"][seq / 4 % 4];
    let subject = ["payments", "search", "sign-in", "invoices", "exports", "mail", "charts"][seq % 7];
    json!({ "op": "create", "project": "BIG", "task": {
        "title": format!("Task {seq} about {subject}"),
        "description": format!("What is to be done for number{} in a sentence, and a word of its own: w{seq}.", seq % 10),
        "status": status, "priority": priority, "labels": ["load", format!("l{}", seq % 10)],
    } })
}

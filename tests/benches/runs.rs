//! The history of a million runs: lists, filters, words of errors, one run, and how rules do, while old ones are deleted behind.
//! See docs/benchmarks.md.

use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use trackside_tests::harness::{Api, Database};
use trackside_tests::measure::{self, Figures, Load, percentile, request};

/// Runs, each with a step.
const RUNS: u64 = 1_000_000;
/// They are written in groups of so many.
const GROUP: u64 = 50_000;
/// Of so many rules.
const RULES: u64 = 20;
/// One every nine seconds: the oldest are older than the 90 days for which runs are kept.
const APART_MS: u64 = 9_000;
/// Requests of each kind, so many at a time.
const REQUESTS: u64 = 400;
const CONNECTIONS: usize = 4;
/// No phase takes longer.
const WITHIN: Duration = Duration::from_secs(60);

pub async fn run(which: Option<&str>) {
    for (name, database) in measure::databases(which).await {
        measure_on(name, &database).await;
        database.close().await;
    }
}

async fn measure_on(name: &str, database: &Database) {
    let mut server = measure::server(database).start().await;
    let api = Api::set_up(&server).await;
    let rule =
        json!({ "name": "Past", "trigger": { "on": "task.created" }, "steps": [{ "id": "end", "stop": "done" }] });
    for _ in 0..RULES {
        api.post("/rules", rule.clone()).await.expect_status(201);
    }
    let token = api.post("/tokens", json!({ "name": "Load" })).await.expect_status(201).text("/token");
    let header = format!("authorization: Bearer {token}");
    server.stop().await;
    let since = Instant::now();
    fill(database).await;
    let filled = since.elapsed().as_secs_f64();
    server.restart().await;
    let api = api.at(&server).with_token(&token);
    let failed = api.get("/runs?state=failed&limit=1").await.expect_status(200);
    let (rule, run) = (failed.text("/items/0/rule"), failed.text("/items/0/id"));
    let address = server.url().trim_start_matches("http://").parse().expect("the server says its address");
    let asked = [
        ("runs: list, 25", "/runs?limit=25".to_owned()),
        ("runs: of a rule, failed", format!("/runs?rule_id={rule}&state=failed&limit=25")),
        ("runs: by words of the error, newest", "/runs?q=number%2077&limit=25".to_owned()),
        ("runs: by words of the error, one of all", "/runs?q=number%20999950%20&limit=25".to_owned()),
        ("runs: by state over a week", format!("/runs?state=skipped&since={}&limit=25", days_ago(7))),
        ("runs: one with its steps", format!("/runs/{run}")),
        ("runs: how a rule does", format!("/rules/{rule}/health")),
        ("runs: how all rules do, a day", "/rules/health".to_owned()),
    ];
    for (workload, path) in asked {
        let load = Load { address, connections: CONNECTIONS, first: 0, requests: REQUESTS, within: WITHIN, rate: None };
        let (header, path) = (header.clone(), format!("/api/v1{path}"));
        let asked = load.run(move |_, _| request("GET", &path, &[&header], None)).await;
        assert_eq!(asked.refused, 0, "refused: {:?}", asked.complaint);
        let figures = Figures::new(workload, name)
            .with("completed_per_s", asked.per_second())
            .with("p50_ms", percentile(&asked.answered_us, 0.5) as f64 / 1e3)
            .with("p99_ms", percentile(&asked.answered_us, 0.99) as f64 / 1e3);
        measure::report(figures);
    }
    let gone = RUNS as i64 - database.count("runs").await;
    let figures = Figures::new("runs: filled", name).with("seconds", filled).with("deleted_behind", gone as f64);
    measure::report(figures);
}

fn days_ago(days: i64) -> String {
    let then = trackside_engine::Source::default().now() - chrono::TimeDelta::days(days);
    then.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Writes the runs into the database itself: what is measured is how they are read.
async fn fill(database: &Database) {
    let now = trackside_engine::Source::default().now().timestamp_millis();
    let error = r#"'{"code":"step_failed","message":"step call failed: the service answered 400 to number ' || i || ' of many","step":"call"}'"#;
    let columns = "id, workspace_id, rule_id, rule_version, mode, state, depth, error, created_at, finished_at";
    let state = "case when i % 50 = 0 then 'failed' when i % 97 = 0 then 'skipped' else 'succeeded' end";
    let error = format!("case when i % 50 = 0 or i % 97 = 0 then {error} end");
    let step = "'tell', 1, 'http.request', 'succeeded', 1, '{\"method\":\"POST\",\"url\":\"https://example.org/\"}', '{\"status\":200}'";
    let steps = "run_id, path, ordinal, kind, state, attempts, input, output, started_at, finished_at";
    for first in (0..RUNS).step_by(GROUP as usize) {
        let last = first + GROUP - 1;
        if database.is_postgres() {
            let millis = format!("({now} - ({RUNS} - i) * {APART_MS})");
            let id = format!(
                "cast(lpad(to_hex({millis}), 12, '0') || '7000' || '8000' || lpad(to_hex(i), 12, '0') as uuid)"
            );
            let at = format!("to_timestamp({millis} / 1000.0)");
            let mut connection = PgConnection::connect(database.url()).await.expect("the database answers");
            for sql in [
                format!(
                    "insert into runs ({columns}) select {id}, r.workspace_id, r.id, 1, 'live', {state}, 1, {error}, {at}, {at} \
                     from generate_series(cast({first} as bigint), {last}) i \
                     join (select id, workspace_id, row_number() over (order by id) - 1 as n from rules) r on r.n = i % {RULES}"
                ),
                format!(
                    "insert into run_steps ({steps}) select {id}, {step}, {at}, {at} from generate_series(cast({first} as bigint), {last}) i"
                ),
            ] {
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect("runs are written");
            }
            continue;
        }
        let millis = format!("({now} - ({RUNS} - i) * {APART_MS})");
        let id = format!("unhex(printf('%012x70008000%012x', {millis}, i))");
        let at = format!("{millis} * 1000");
        let series = format!(
            "with recursive series (i) as (select {first} union all select i + 1 from series where i < {last})"
        );
        let path = database.url().strip_prefix("sqlite://").expect("a SQLite database has such a URL");
        let connection = rusqlite::Connection::open(path).expect("the database file can be opened");
        let sql = format!(
            "pragma synchronous = off; pragma cache_size = -200000; begin; \
             insert into runs ({columns}) {series} select {id}, r.workspace_id, r.id, 1, 'live', {state}, 1, {error}, {at}, {at} \
             from series join (select id, workspace_id, row_number() over (order by id) - 1 as n from rules) r on r.n = i % {RULES}; \
             insert into run_steps ({steps}) {series} select {id}, {step}, {at}, {at} from series; commit;"
        );
        connection.execute_batch(&sql).expect("runs are written");
    }
    if database.is_postgres() {
        let mut connection = PgConnection::connect(database.url()).await.expect("the database answers");
        sqlx::raw_sql("vacuum analyze runs").execute(&mut connection).await.expect("statistics are made");
    }
}

//! The process dies at every place where it could do harm, three times over, and is started again on the same data.

use std::collections::HashMap;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use serde_json::json;
use trackside_engine::Source;
use trackside_engine::db::{Db, Options};
use trackside_engine::jobs::{self, NewJob};
use trackside_tests::both_databases;
use trackside_tests::harness::{Database, Server};

use crate::ledger::{Workshop, serve};

/// How many posts are made before each death is waited for.
const POSTS: i64 = 20;
/// SIGABRT: how a crash point ends the process.
const ABORTED: i32 = 6;

/// Dies the first, the second and the third time that `point` is reached, each time with work on the way.
async fn dies_at(db: Database, point: &str) {
    let server = serve(&db).start().await;
    let shop = Workshop::open(&db, &server).await;
    drop(server);
    dies(&db, shop, point).await;
}

/// The same where runs stand in line for one of three keys; then none of a key may have overlapped.
async fn dies_in_line_at(db: Database, point: &str) {
    let server = serve(&db).start().await;
    let shop = Workshop::open(&db, &server).await;
    shop.limit(json!({ "concurrency": { "key": "body.n % 3" }, "throttle": { "runs": 50, "per": "1s" } })).await;
    drop(server);
    dies(&db, shop, point).await;
    let micros = |column: &str| match db.is_postgres() {
        true => format!("cast(extract(epoch from {column}) * 1000000 as bigint)"),
        false => column.to_owned(),
    };
    let begun = db.rows(&format!("select title, {} from tasks", micros("created_at"))).await;
    let noted = db.rows(&format!("select body, {} from comments", micros("created_at"))).await;
    let noted: HashMap<String, i64> = noted.into_iter().collect();
    for key in 0..3 {
        let of_key = begun.iter().filter(|(title, _)| title[1..].parse::<i64>().is_ok_and(|n| n % 3 == key));
        let mut spans: Vec<(i64, i64)> = of_key.map(|(title, begun)| (*begun, noted[title])).collect();
        spans.sort_unstable();
        assert!(spans.windows(2).all(|two| two[0].1 <= two[1].0), "{spans:?}");
    }
}

async fn dies(db: &Database, mut shop: Workshop, point: &str) {
    for nth in 1..=3 {
        // It may die over what the one before left, even before it is ready.
        if let Ok(mut server) = crashing(db, point, nth).try_start().await {
            shop.at(&server);
            shop.post(POSTS).await;
            let status = server.wait_for_end(Duration::from_secs(20)).await;
            assert_eq!(status.signal(), Some(ABORTED), "it died at {point}");
        }
    }
    let server = serve(db).start().await;
    shop.at(&server);
    shop.post(POSTS).await;
    shop.balance().await;
}

fn crashing(db: &Database, point: &str, nth: u32) -> trackside_tests::harness::Setup {
    serve(db).env("TRACKSIDE_CRASH_AT", format!("{point}:{nth}"))
}

/// Dies over writing down what became of jobs that settle nothing themselves.
async fn dies_over_outcomes_at(db: Database, point: &str) {
    let server = serve(&db).start().await;
    let mut shop = Workshop::open(&db, &server).await;
    drop(server);
    let mut server = crashing(&db, point, 1).start().await;
    let source = Source::default();
    let jobs: Vec<NewJob> = (0..200).map(|_| NewJob::new(&source, None, "runs", "noop", &()).unwrap()).collect();
    let hand = Db::open(&Options::new(db.url())).await.unwrap();
    hand.write(async move |tx| jobs::service::enqueue_many(tx, &jobs).await).await.unwrap();
    hand.close().await;
    let status = server.wait_for_end(Duration::from_secs(20)).await;
    assert_eq!(status.signal(), Some(ABORTED), "it died at {point}");
    let server = serve(&db).start().await;
    shop.at(&server);
    shop.post(POSTS).await;
    shop.balance().await;
}

both_databases! {
    async fn before_an_event_commits(db) { dies_at(db, "change.before_commit@hook.received").await; }
    async fn before_the_commit_of_a_dispatch(db) { dies_at(db, "dispatch.before_commit").await; }
    async fn after_the_commit_of_a_dispatch(db) { dies_at(db, "dispatch.committed").await; }
    async fn after_a_claim(db) { dies_at(db, "job.claimed").await; }
    async fn within_the_change_of_a_step(db) { dies_at(db, "change.before_commit@task.created").await; }
    async fn before_the_commit_of_a_step(db) { dies_at(db, "run.step_before_commit").await; }
    async fn after_the_commit_of_a_step(db) { dies_at(db, "run.step_committed").await; }
    async fn when_a_call_was_answered(db) { dies_at(db, "run.call_answered").await; }
    async fn when_an_answer_was_written(db) { dies_at(db, "run.journal_committed").await; }
    async fn before_a_wait_commits(db) { dies_at(db, "run.suspend_before_commit").await; }
    async fn when_a_run_was_put_down(db) { dies_at(db, "run.suspended").await; }
    async fn within_the_change_of_the_last_step(db) { dies_at(db, "change.before_commit@task.commented").await; }
    async fn before_the_end_of_a_run_commits(db) { dies_at(db, "run.finish_before_commit").await; }
    async fn when_a_run_is_over(db) { dies_at(db, "run.finished").await; }
    async fn before_a_run_is_let_in(db) { dies_in_line_at(db, "run.admission_before_commit").await; }
    async fn when_a_run_was_let_in(db) { dies_in_line_at(db, "run.admission_committed").await; }
    async fn before_the_end_of_a_run_commits_for_which_others_wait(db) { dies_in_line_at(db, "run.finish_before_commit").await; }
    async fn before_the_outcomes_of_jobs_commit(db) { dies_over_outcomes_at(db, "job.ran").await; }
    async fn when_the_outcomes_of_jobs_were_written(db) { dies_over_outcomes_at(db, "job.finished").await; }

    /// PRO-01: a person's change and its event commit together, or neither does.
    async fn within_a_change_that_a_person_makes(db) {
        let server = Server::start(&db).await;
        let mut shop = Workshop::open(&db, &server).await;
        drop(server);
        let mut answered = 0;
        for nth in 1..=3 {
            let mut server = crashing(&db, "change.before_commit@task.created", nth).start().await;
            shop.at(&server);
            for n in 0..nth {
                let task = json!({ "title": format!("by hand {nth}.{n}") });
                let answer = shop.api.try_send(reqwest::Method::POST, "/projects/KIL/tasks", Some(task)).await;
                assert_eq!(answer.is_ok(), n + 1 < nth, "the last one is never answered");
                answered += i64::from(answer.is_ok());
            }
            server.wait_for_end(Duration::from_secs(20)).await;
        }
        assert_eq!(db.count("tasks").await, answered);
        assert_eq!(db.count("events where kind = 'task.created'").await, answered);
        let server = serve(&db).start().await;
        shop.at(&server);
        let key = shop.api.post("/projects/KIL/tasks", json!({ "title": "after" })).await.expect_status(201).text("/key");
        assert_eq!(key, format!("KIL-{}", answered + 1), "what was undone left no number behind");
    }
}

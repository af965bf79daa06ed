//! REL-06: the database goes away in the middle of requests and of runs.

use std::time::Duration;

use serde_json::json;
use sqlx::{Connection, PgConnection};
use trackside_tests::harness::{Database, run_story};

use crate::ledger::{Workshop, serve};

/// Cuts off everyone who is connected to the database; says how many.
async fn cut_off(db: &Database) -> usize {
    let mut connection = PgConnection::connect(db.url()).await.unwrap();
    let cut = sqlx::query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()",
    );
    cut.fetch_all(&mut connection).await.unwrap().len()
}

/// Lets nobody in, or everybody again.
async fn allow(db: &Database, allowed: bool) {
    let name = db.url().rsplit('/').next().unwrap().to_owned();
    let admin = std::env::var("TRACKSIDE_TEST_PG").unwrap();
    let mut connection = PgConnection::connect(&admin).await.unwrap();
    let sql = format!("alter database {name} with allow_connections {allowed}");
    sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
}

/// Another node that froze with the head of the log in its hands holds up what is dispatched, but nobody who posts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn posts_are_answered_while_another_node_holds_the_head_of_the_log() {
    run_story(Database::postgres().await, |db| async move {
        let server = serve(&db).start().await;
        let mut shop = Workshop::open(&db, &server).await;
        let mut frozen = PgConnection::connect(db.url()).await.unwrap();
        let mut held = frozen.begin().await.unwrap();
        sqlx::query("select position from log_head for update").fetch_one(&mut *held).await.unwrap();
        shop.api.post("/projects", json!({ "key": "HELD", "name": "Held" })).await.expect_status(201);
        assert_eq!(shop.post(40).await, 40, "answered while it is held");
        assert!(db.count("events where position is null").await > 40);
        held.rollback().await.unwrap();
        shop.balance().await;
    })
    .await;
}

/// Every connection is cut, again and again, under load: each answer is a promise kept or an honest 503.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_connection_to_the_database_is_cut_again_and_again() {
    run_story(Database::postgres().await, |db| async move {
        let server = serve(&db).start().await;
        let mut shop = Workshop::open(&db, &server).await;
        let load = shop.load();
        let posters = load.start(6);
        for _ in 0..8 {
            tokio::time::sleep(Duration::from_millis(300)).await;
            assert!(cut_off(&db).await > 0);
            let answer = shop.api.get("/tasks?limit=1").await;
            assert!(matches!(answer.status, 200 | 503), "{} {:#}", answer.status, answer.body);
        }
        load.stop();
        for poster in posters {
            poster.await.unwrap();
        }
        shop.take(&load);
        assert!(shop.accepted.len() > 50);
        shop.balance().await;
    })
    .await;
}

/// The database is away for longer than any retry: requests are told so, nothing fails for it, and all goes on by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_is_away_for_a_while() {
    run_story(Database::postgres().await, |db| async move {
        let server = serve(&db).start().await;
        let mut shop = Workshop::open(&db, &server).await;
        shop.sink.dawdle(Duration::from_millis(200));
        assert_eq!(shop.post(100).await, 100);
        // Only the administrator's session could still get in, and the server's user is one: so it is cut for good.
        allow(&db, false).await;
        cut_off_from_outside(&db).await;
        let answer = shop.api.post("/projects/KIL/tasks", json!({ "title": "now?" })).await.expect_status(503);
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        assert!(answer.headers["retry-after"].to_str().unwrap().parse::<u32>().unwrap() > 0);
        assert_eq!(answer.text("/type"), "/problems/database_unavailable");
        assert_eq!(shop.api.outside().get("/healthz").await.status, 200, "the process is well");
        assert_eq!(shop.api.outside().get("/readyz").await.status, 503, "and knows that it cannot work");
        tokio::time::sleep(Duration::from_secs(8)).await;
        assert_eq!(shop.post(3).await, 0, "nothing is promised that cannot be kept");
        allow(&db, true).await;
        shop.balance().await;
        assert_eq!(shop.post(5).await, 5);
        shop.balance().await;
        assert_eq!(shop.api.outside().get("/readyz").await.status, 200);
    })
    .await;
}

async fn cut_off_from_outside(db: &Database) {
    let name = db.url().rsplit('/').next().unwrap().to_owned();
    let admin = std::env::var("TRACKSIDE_TEST_PG").unwrap();
    let mut connection = PgConnection::connect(&admin).await.unwrap();
    let cut = sqlx::query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1").bind(name);
    cut.fetch_all(&mut connection).await.unwrap();
}

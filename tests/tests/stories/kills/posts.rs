//! A POST with an `Idempotency-Key` is never done twice, wherever the server is killed.

use std::time::Duration;

use serde_json::json;
use trackside_engine::db::{Db, Options, Tx};
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, Database, Server};

/// Makes every key older than any request may take.
async fn later(db: &Database) {
    let hand = Db::open(&Options::new(db.url())).await.unwrap();
    let long_ago = trackside_engine::Source::default().now() - Duration::from_secs(150);
    let age = async move |tx: &mut Tx| tx.execute("update idempotency_keys set created_at = $1", (long_ago,)).await;
    assert_eq!(hand.write(age).await.unwrap(), 1);
    hand.close().await;
}

both_databases! {
    async fn a_post_that_was_killed_before_its_answer_is_not_done_again(db) {
        let mut server = Server::start(&db).await;
        let api = Api::set_up(&server).await;
        server.kill9();
        let mut dying = Server::on(&db).env("TRACKSIDE_CRASH_AT", "idempotency.before_note:1").start().await;
        let keyed = api.at(&dying).with_header("idempotency-key", "once");
        let project = json!({ "key": "APP", "name": "App" });
        let answer = keyed.try_send(reqwest::Method::POST, "/projects", Some(project.clone())).await;
        assert!(answer.is_err(), "{answer:?}");
        dying.wait_for_end(Duration::from_secs(30)).await;
        let server = Server::start(&db).await;
        let keyed = keyed.at(&server);
        keyed.post("/projects", project.clone()).await.expect_problem(409, "idempotency_key_in_use");
        later(&db).await;
        keyed.post("/projects", project.clone()).await.expect_problem(409, "idempotency_answer_lost");
        let projects = keyed.get("/projects").await.expect_status(200);
        assert_eq!(projects.at("/items").as_array().unwrap().len(), 1, "{:#}", projects.body);
    }

    async fn a_post_that_was_killed_before_it_did_anything_is_done_when_it_is_repeated(db) {
        let mut server = Server::start(&db).await;
        let api = Api::set_up(&server).await;
        server.kill9();
        let mut dying = Server::on(&db).env("TRACKSIDE_CRASH_AT", "change.before_commit@project.created:1").start().await;
        let keyed = api.at(&dying).with_header("idempotency-key", "once");
        let project = json!({ "key": "APP", "name": "App" });
        let answer = keyed.try_send(reqwest::Method::POST, "/projects", Some(project.clone())).await;
        assert!(answer.is_err(), "{answer:?}");
        dying.wait_for_end(Duration::from_secs(30)).await;
        let server = Server::start(&db).await;
        let keyed = keyed.at(&server);
        keyed.post("/projects", project.clone()).await.expect_problem(409, "idempotency_key_in_use");
        later(&db).await;
        let made = keyed.post("/projects", project.clone()).await.expect_status(201);
        assert_eq!(keyed.post("/projects", project).await.expect_status(201).text("/id"), made.text("/id"));
    }
}

//! A throttle counts when runs begin, also those whose worker died between being let in and beginning.

use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trackside_engine::Source;
use trackside_engine::db::{Db, Options, Tx};
use trackside_tests::both_databases;
use trackside_tests::harness::Api;

use crate::ledger::{REST, serve};

/// SIGABRT: how a crash point ends the process.
const ABORTED: i32 = 6;

both_databases! {
    async fn a_run_that_was_let_in_and_taken_over_counts_when_it_begins(db) {
        let server = serve(&db).start().await;
        let api = Api::set_up(&server).await;
        api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
        let hook = api.post("/hooks", json!({ "name": "in", "scheme": "none" })).await.expect_status(201).text("/path");
        let rule = json!({ "name": "Slowly", "trigger": { "on": "hook.received", "match": { "hook": "in" } },
            "policy": { "throttle": { "runs": 1, "per": "1h" }, "concurrency": { "key": "\"one\"" } },
            "steps": [{ "id": "make", "action": "task.create", "with": { "project": "WEB", "title": "n{{ body.n }}" } }] });
        let rule = api.post("/rules", rule).await.expect_status(201).text("/id");
        api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        drop(server);
        let mut dying = serve(&db).env("TRACKSIDE_CRASH_AT", "run.admission_committed:1").start().await;
        let _ = api.at(&dying).outside().try_send(reqwest::Method::POST, &hook, Some(json!({ "n": 1 }))).await;
        assert_eq!(dying.wait_for_end(Duration::from_secs(20)).await.signal(), Some(ABORTED));
        // It was let in nearly an hour ago.
        let hand = Db::open(&Options::new(db.url())).await.unwrap();
        let long_ago = Source::default().now() - Duration::from_secs(3_599);
        let age = async move |tx: &mut Tx| tx.execute("update run_turns set at = $1 where policy = 'throttle' and passed", (long_ago,)).await;
        assert_eq!(hand.write(age).await.unwrap(), 1);
        hand.close().await;
        let server = serve(&db).start().await;
        let api = api.at(&server);
        let runs = async || api.get(&format!("/runs?rule_id={rule}&sort=created_at")).await.expect_status(200).at("/items").as_array().unwrap().clone();
        let until = async |wanted: &dyn Fn(&[Value]) -> bool| {
            let start = Instant::now();
            loop {
                let found = runs().await;
                if wanted(&found) {
                    break found;
                }
                assert!(start.elapsed() < REST, "{found:#?}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        until(&|runs| runs.len() == 1 && runs[0]["state"] == "succeeded").await;
        api.outside().post(&hook, json!({ "n": 2 })).await.expect_status(202);
        let found = until(&|runs| runs.len() == 2 && runs[1]["waiting"].is_object() || runs.iter().all(|run| run["finished_at"].is_string()) && runs.len() == 2).await;
        assert_eq!(found[1]["waiting"]["for"], "rate", "{found:#?}");
        let next: chrono::DateTime<chrono::Utc> = found[1]["waiting"]["until"].as_str().unwrap().parse().unwrap();
        assert!(next > Source::default().now() + Duration::from_secs(3_000), "an hour after the first began, not after it was let in: {found:#?}");
    }
}

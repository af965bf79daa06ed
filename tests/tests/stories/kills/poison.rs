//! PRO-06, REL-03: a run that kills its worker every time is given up, and takes nothing with it.

use std::time::{Duration, Instant};

use serde_json::json;
use trackside_tests::both_databases;

use crate::ledger::{Workshop, serve};

/// So often may a run kill its worker before it is given up.
const LIMIT: usize = 5;

both_databases! {
    async fn a_run_that_kills_its_worker_is_given_up_and_takes_nothing_with_it(db) {
        let mut server = serve(&db).start().await;
        let mut shop = Workshop::open(&db, &server).await;
        shop.api.post("/projects/KIL/tasks", json!({ "title": "poisoned" })).await.expect_status(201);
        let poison = json!({
            "name": "Poison", "trigger": { "on": "manual" }, "on_failure": { "notify": ["owner"] },
            "steps": [{ "id": "bite", "action": "task.assign", "with": { "task": "KIL-1", "pick": "least_loaded" } }],
        });
        let poison = shop.api.post("/rules", poison).await.expect_status(201).text("/id");
        shop.api.post(&format!("/rules/{poison}/enable"), json!({})).await.expect_status(200);
        server.kill9();

        // Its neighbours are under way each time, over slow calls.
        shop.sink.dawdle(Duration::from_millis(250));
        let deadly = || serve(&db).env("TRACKSIDE_CRASH_AT", "run.step_before_commit@task.assign:1");
        let mut server = deadly().start().await;
        shop.at(&server);
        shop.post(40).await;
        let run = shop.api.try_send(reqwest::Method::POST, &format!("/rules/{poison}/run"), Some(json!({}))).await;
        let run = run.ok().map(|answer| answer.expect_status(202).text("/id"));
        let mut deaths = 0;
        let start = Instant::now();
        loop {
            assert!(start.elapsed() < Duration::from_secs(120), "after {deaths} deaths the run still kills");
            let quiet = db.count("events where position is null").await + db.count("jobs").await == 0;
            if quiet {
                break;
            }
            let end = server.wait_for_end(Duration::from_secs(60));
            if tokio::time::timeout(Duration::from_millis(50), end).await.is_ok() {
                deaths += 1;
                assert!(deaths <= LIMIT, "it may not kill for ever");
                server = deadly().start().await;
                shop.at(&server);
                shop.post(5).await;
            }
        }
        assert_eq!(deaths, LIMIT);
        let runs = shop.api.get(&format!("/runs?rule_id={poison}")).await.expect_status(200);
        let id = run.unwrap_or_else(|| runs.text("/items/0/id"));
        let run = shop.api.get(&format!("/runs/{id}")).await.expect_status(200);
        assert_eq!((run.text("/state").as_str(), run.text("/error/code").as_str()), ("failed", "worker_died"));
        let start = std::time::Instant::now();
        let told = loop {
            let told = shop.api.get("/notifications").await.expect_status(200);
            if told.body.pointer("/items/0").is_some() { break told; }
            assert!(start.elapsed() < Duration::from_secs(30), "nobody was told");
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert!(told.text("/items/0/message").contains("Poison"), "{:#}", told.body);

        shop.forgive = vec!["Poison".into()];
        shop.by_hand = 1;
        shop.balance().await;
        assert!(shop.accepted.len() >= 40, "the others were there to be taken down");
    }
}

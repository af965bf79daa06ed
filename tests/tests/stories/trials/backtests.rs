//! Back-tests: when a rule would have fired, over the log or a stretch of it, and what it would have changed.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trackside_tests::both_databases;
use trackside_tests::harness::{Answer, Api};

use super::{PATIENCE, Place, tells};
use crate::ledger::serve;

/// Twelve tasks: every third has the priority high, every second the label billing.
async fn twelve(api: &Api) {
    for at in 0..12 {
        let priority = if at % 3 == 0 { "high" } else { "low" };
        let labels = if at % 2 == 0 { json!(["billing"]) } else { json!([]) };
        let task = json!({ "title": format!("Task {at}"), "priority": priority, "labels": labels });
        api.post("/projects/WEB/tasks", task).await.expect_status(201);
    }
}

fn escalates() -> Value {
    json!({
        "name": "Escalate", "trigger": { "on": "task.created", "match": { "task.labels": "billing" } },
        "condition": "task.priority in ['high', 'critical'] && task.title != 'Task 6'",
        "steps": [
            { "id": "up", "action": "task.update", "with": { "task": "{{ task.id }}", "priority": "critical" } },
            { "id": "tell", "action": "notify.send", "with": { "to": ["owner"], "message": "{{ task.key }}" } },
        ],
    })
}

/// A back-test once it is over.
async fn over(api: &Api, rule: &str, id: &str, within: Duration) -> Answer {
    let start = Instant::now();
    loop {
        let answer = api.get(&format!("/rules/{rule}/backtests/{id}")).await.expect_status(200);
        if answer.body["finished_at"].is_string() {
            return answer;
        }
        assert!(start.elapsed() < within, "{:#}", answer.body);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What the rule above finds in the twelve.
fn found(answer: &Answer) {
    assert_eq!(
        (answer.text("/state").as_str(), answer.at("/progress").as_f64()),
        ("finished", Some(1.0)),
        "{:#}",
        answer.body
    );
    // Of 0, 2, 4, 6, 8 and 10, which have the label, 0 and 6 are high, and 6 is left out by name.
    assert_eq!((answer.at("/events"), answer.at("/fired")), (&json!(12), &json!(1)), "{:#}", answer.body);
    assert_eq!(
        answer.at("/not_fired"),
        &json!([
            { "what": "match", "at": "task.labels", "events": 6 },
            { "what": "condition", "at": "task.priority in ['high', 'critical']", "events": 4 },
            { "what": "condition", "at": "task.title != 'Task 6'", "events": 1 },
        ])
    );
    assert_eq!(answer.at("/actions"), &json!({ "notify.send": 1, "task.update": 1 }));
    assert_eq!(answer.at("/changed"), &json!({ "priority": 1 }));
    assert_eq!(answer.at("/states"), &json!({ "succeeded": 1 }));
}

both_databases! {
    /// AUT-13.
    async fn a_back_test_counts_what_would_have_happened_and_why_the_rest_would_not(db) {
        let place = Place::open(&db).await;
        twelve(&place.api).await;
        place.quiet().await;
        let rule = place.draft(escalates()).await;
        place.quiet().await;
        let mut before = Vec::new();
        let tables = ["events", "runs", "notifications", "tasks where priority = 4"];
        for table in tables { before.push(db.count(table).await); }
        let begun = place.api.post(&format!("/rules/{rule}/backtest"), json!({})).await.expect_status(202);
        assert_eq!(begun.at("/rule_version"), &json!(1));
        let answer = place.over(&rule, &begun.text("/id")).await;
        found(&answer);
        let firing = answer.at("/firings/0");
        assert_eq!((&firing["task"], &firing["state"]), (&json!("WEB-1"), &json!("succeeded")));
        assert_eq!((&firing["steps"][0]["changes"][0]["from"], &firing["steps"][0]["changes"][0]["to"]), (&json!("high"), &json!("critical")));
        assert_eq!(firing["steps"][1]["input"]["message"], "WEB-1");
        let listed = place.api.get(&format!("/rules/{rule}/backtests")).await.expect_status(200);
        assert_eq!(listed.text("/items/0/id"), begun.text("/id"));
        for (table, count) in tables.iter().zip(before) { assert_eq!(db.count(table).await, count, "{table}"); }
    }

    async fn a_back_test_looks_at_the_stretch_that_is_asked_for(db) {
        let place = Place::open(&db).await;
        twelve(&place.api).await;
        let events = place.events("task.created").await;
        let at = |n: usize| events[n]["occurred_at"].clone();
        let rule = place.draft(tells("All", json!({ "on": "task.*" }), Value::Null)).await;
        for (stretch, fired) in [
            (json!({}), 12),
            (json!({ "from": at(4), "to": at(9) }), 5),
            (json!({ "from": at(10) }), 2),
            (json!({ "to": at(0) }), 0),
            (json!({ "from": "2090-01-01T00:00:00Z" }), 0),
        ] {
            let begun = place.api.post(&format!("/rules/{rule}/backtest"), stretch.clone()).await.expect_status(202).text("/id");
            let answer = place.over(&rule, &begun).await;
            assert_eq!((answer.text("/state").as_str(), answer.at("/fired")), ("finished", &json!(fired)), "{stretch}: {:#}", answer.body);
        }
    }

    async fn what_a_back_test_cannot_be_asked_is_refused(db) {
        let place = Place::open(&db).await;
        let rule = place.draft(tells("All", json!({ "on": "task.created" }), Value::Null)).await;
        let path = format!("/rules/{rule}/backtest");
        let wrong = place.api.post(&path, json!({ "from": "2026-02-01T00:00:00Z", "to": "2026-01-01T00:00:00Z" })).await.expect_problem(422, "invalid_fields");
        assert_eq!(wrong.text("/errors/0/pointer"), "/from");
        place.api.post(&path, json!({ "form": "2026-02-01T00:00:00Z" })).await.expect_problem(422, "invalid_fields");
        place.api.post(&path, json!({ "from": "yesterday" })).await.expect_problem(422, "invalid_fields");
        let hand = place.draft(json!({ "name": "hand", "trigger": { "on": "manual" }, "steps": [{ "id": "end", "stop": "x" }] })).await;
        place.api.post(&format!("/rules/{hand}/backtest"), json!({})).await.expect_problem(409, "rule_hears_nothing");
        place.eve.post(&path, json!({})).await.expect_problem(404, "rule_not_found");
        place.api.get(&format!("/rules/{rule}/backtests/bt_01h455vb4pex5vsknk084sn02q")).await.expect_problem(404, "backtest_not_found");
        // One is found under its own rule alone.
        let begun = place.api.post(&path, json!({})).await.expect_status(202).text("/id");
        place.over(&rule, &begun).await;
        place.api.get(&format!("/rules/{hand}/backtests/{begun}")).await.expect_problem(404, "backtest_not_found");
        place.eve.get(&format!("/rules/{rule}/backtests/{begun}")).await.expect_refusal().expect_status(404);
        place.api.post(&format!("/rules/{rule}/backtests/{begun}/cancel"), json!({})).await.expect_problem(409, "backtest_over");
        // It goes with its rule.
        place.api.delete(&format!("/rules/{rule}")).await.expect_status(204);
        assert_eq!(db.count("backtests").await, 0);
    }

    async fn a_back_test_waits_is_cancelled_and_stays_so(db) {
        let place = Place::open(&db).await;
        twelve(&place.api).await;
        let rule = place.draft(escalates()).await;
        place.quiet().await;
        place.api.post("/queues/maintenance/pause", json!({})).await;
        let path = format!("/rules/{rule}/backtest");
        let mut begun = Vec::new();
        for _ in 0..3 {
            begun.push(place.api.post(&path, json!({})).await.expect_status(202).text("/id"));
        }
        place.api.post(&path, json!({})).await.expect_problem(409, "too_many_backtests");
        let cancelled = place.api.post(&format!("/rules/{rule}/backtests/{}/cancel", begun[1]), json!({})).await.expect_status(200);
        assert_eq!(cancelled.text("/state"), "cancelled");
        place.api.post("/queues/maintenance/resume", json!({})).await;
        for id in [&begun[0], &begun[2]] { found(&place.over(&rule, id).await); }
        assert_eq!(place.over(&rule, &begun[1]).await.text("/state"), "cancelled");
        place.quiet().await;
    }

    /// What it would have done says what events said: others see the figures only.
    async fn a_back_test_sees_with_the_eyes_of_whoever_asks(db) {
        let place = Place::open(&db).await;
        twelve(&place.api).await;
        let rule = place.draft(tells("All", json!({ "on": "task.created" }), Value::Null)).await;
        place.quiet().await;
        for permission in ["rule.view", "rule.edit", "event.view", "task.view"] {
            place.api.post("/assignments", json!({ "user": place.gus_id, "permission": permission, "on": "workspace" })).await.expect_status(201);
        }
        let path = format!("/rules/{rule}/backtest");
        let all = place.api.post(&path, json!({})).await.expect_status(202).text("/id");
        assert_eq!(place.over(&rule, &all).await.at("/firings").as_array().unwrap().len(), 12);
        let seen = place.gus.get(&format!("/rules/{rule}/backtests/{all}")).await.expect_status(200);
        assert_eq!((seen.at("/fired"), seen.at("/firings")), (&json!(12), &json!([])));
        let hidden = place.api.get("/tasks/WEB-1").await.text("/id");
        place.api.post("/assignments", json!({ "user": place.gus_id, "permission": "task.view", "effect": "deny", "on": hidden })).await.expect_status(201);
        let some = place.gus.post(&path, json!({})).await.expect_status(202).text("/id");
        place.over(&rule, &some).await;
        let own = place.gus.get(&format!("/rules/{rule}/backtests/{some}")).await.expect_status(200);
        assert_eq!((own.at("/events"), own.at("/fired"), own.at("/firings").as_array().unwrap().len()), (&json!(11), &json!(11), 11));
        // A token that may not see tasks finds none.
        let token = json!({ "name": "narrow", "scopes": ["rule.*", "event.view"] });
        let narrow = place.api.with_token(&place.api.post("/tokens", token).await.expect_status(201).text("/token"));
        let none = narrow.post(&path, json!({})).await.expect_status(202).text("/id");
        assert_eq!(place.over(&rule, &none).await.at("/events"), &json!(0));
        assert_eq!(narrow.get(&format!("/rules/{rule}/backtests/{all}")).await.expect_status(200).at("/firings"), &json!([]));
    }

    /// "Running" for ever is what other systems' users complain of: one that was killed goes on, and counts nothing twice.
    async fn a_back_test_that_was_killed_is_brought_to_its_end(db) {
        let mut server = serve(&db).start().await;
        let mut api = Api::set_up(&server).await;
        api.post("/projects", json!({ "key": "WEB", "name": "WEB" })).await.expect_status(201);
        twelve(&api).await;
        let rule = api.post("/rules", escalates()).await.expect_status(201).text("/id");
        db.quiet(PATIENCE).await;
        server.kill9();
        for point in ["backtest.before_commit:1", "backtest.saved:1"] {
            let mut server = serve(&db).env("TRACKSIDE_CRASH_AT", point).start().await;
            api = api.at(&server);
            let begun = api.post(&format!("/rules/{rule}/backtest"), json!({})).await.expect_status(202).text("/id");
            server.wait_for_end(PATIENCE).await;
            let server = serve(&db).start().await;
            api = api.at(&server);
            found(&over(&api, &rule, &begun, PATIENCE).await);
        }
    }

    async fn a_back_test_that_kills_its_workers_fails(db) {
        let server = serve(&db).start().await;
        let mut api = Api::set_up(&server).await;
        api.post("/projects", json!({ "key": "WEB", "name": "WEB" })).await.expect_status(201);
        twelve(&api).await;
        let rule = api.post("/rules", escalates()).await.expect_status(201).text("/id");
        db.quiet(PATIENCE).await;
        drop(server);
        let deadly = || serve(&db).env("TRACKSIDE_CRASH_AT", "backtest.before_commit:1");
        let mut server = deadly().start().await;
        api = api.at(&server);
        let begun = api.post(&format!("/rules/{rule}/backtest"), json!({})).await.expect_status(202).text("/id");
        for _ in 0..4 {
            server.wait_for_end(PATIENCE).await;
            server = deadly().start().await;
        }
        server.wait_for_end(PATIENCE).await;
        let server = deadly().start().await;
        api = api.at(&server);
        let answer = over(&api, &rule, &begun, PATIENCE).await;
        assert_eq!(answer.text("/state"), "failed");
        assert!(answer.text("/error").contains("5 times"), "{:#}", answer.body);
    }
}

//! What people do with rules and runs: start by hand, shadow, pause, change, cancel, repeat.

use std::time::Duration;

use serde_json::json;
use trackside_tests::both_databases;

use super::{Place, told};

both_databases! {
    async fn a_rule_is_started_by_hand_with_its_form(db) {
        let place = Place::open(&db).await;
        let rule = place.rule(json!({
            "name": "On demand",
            "trigger": { "on": "manual", "form": {
                "title": { "type": "string", "required": true }, "urgent": { "type": "boolean", "default": false } } },
            "condition": "inputs.title != 'no'",
            "steps": [{ "id": "make", "action": "task.create", "with": {
                "project": "WEB", "title": "{{ inputs.title }}", "custom": { "urgent": "{{ inputs.urgent }}" } } }],
        })).await;
        let start = |inputs| { let api = place.api.clone(); let path = format!("/rules/{rule}/run"); async move { api.post(&path, json!({ "inputs": inputs })).await } };
        let run = start(json!({ "title": "By hand" })).await.expect_status(202).text("/id");
        let run = place.over(&run).await;
        assert_eq!((run.text("/state").as_str(), run.at("/inputs")), ("succeeded", &json!({ "title": "By hand", "urgent": false })));
        assert_eq!(place.api.get("/tasks/WEB-1").await.expect_status(200).at("/custom/urgent"), &json!(false));
        let run = start(json!({ "title": "no" })).await.expect_status(202);
        assert_eq!(run.text("/state"), "skipped");
        let wrong = start(json!({ "titel": "x" })).await.expect_status(422);
        assert!(wrong.body["errors"].to_string().contains("/inputs/"), "{:#}", wrong.body);
        start(json!({ "title": 7 })).await.expect_status(422);
        place.quiet().await;
        assert_eq!(place.titles().await, ["By hand"]);
    }

    async fn a_shadow_is_recorded_and_does_nothing(db) {
        let place = Place::open(&db).await;
        let rule = place.on_hook("Shadow", json!([
            { "id": "make", "action": "task.create", "with": { "project": "WEB", "title": "{{ body.t }}" } },
            { "id": "nap", "wait": { "for": "1h" } },
            place.call("tell", json!({})),
            { "id": "big", "if": "body.t == 'x'", "then": [place.call("more", json!({}))] },
        ])).await;
        place.api.post(&format!("/rules/{rule}/shadow"), json!({})).await.expect_status(200);
        place.post(json!({ "t": "x" })).await;
        let run = place.last(&rule, 1).await;
        assert_eq!((run.text("/mode").as_str(), run.text("/state").as_str()), ("shadow", "succeeded"));
        assert_eq!(told(&run), ["make recorded", "nap recorded", "tell recorded", "big entered", "more recorded"]);
        assert_eq!(run.at("/steps/0/input/title"), "x", "what it would have done");
        place.quiet().await;
        assert!(place.titles().await.is_empty() && place.sink.hits().is_empty());
    }

    /// A post is judged before it is written, by what this process knows of the rules; what counts is what they are then.
    async fn a_post_right_after_a_rule_was_switched_is_judged_by_what_it_is_now(db) {
        let place = Place::open(&db).await;
        let rule = place.on_hook("Switched", json!([{ "id": "end", "stop": "done" }])).await;
        let mut fired = 0;
        for n in 0..12 {
            let (verb, more) = if n % 2 == 0 { ("pause", 0) } else { ("enable", 3) };
            place.api.post(&format!("/rules/{rule}/{verb}"), json!({})).await.expect_status(200);
            for _ in 0..3 {
                place.post(json!({ "n": n })).await;
            }
            place.quiet().await;
            fired += more;
            assert_eq!(db.count("runs").await, fired, "after {verb}");
        }
    }

    /// Rules that go away under posts and changes harm neither.
    async fn rules_are_deleted_while_posts_and_changes_come_in(db) {
        let place = Place::open(&db).await;
        place.on_hook("Stays", json!([{ "id": "end", "stop": "done" }])).await;
        let rules = async {
            for n in 0..25 {
                let rule = place.on_hook(&format!("Goes {n}"), json!([{ "id": "end", "stop": "done" }])).await;
                place.api.delete(&format!("/rules/{rule}")).await.expect_status(204);
            }
        };
        let posts = async {
            for n in 0..150 {
                place.post(json!({ "n": n })).await;
                if n % 10 == 0 {
                    place.api.post("/projects/WEB/tasks", json!({ "title": "x" })).await.expect_status(201);
                }
            }
        };
        tokio::join!(rules, posts);
        place.quiet().await;
        let stays = "runs where rule_id = (select id from rules where name = 'Stays') and state = 'succeeded'";
        assert_eq!(db.count(stays).await, 150);
        assert!(!place.server.log().contains("could not be dispatched"), "{}", place.server.log());
    }

    async fn a_pause_drops_what_has_not_begun_and_stops_listening(db) {
        let place = Place::open(&db).await;
        let rule = place.on_hook("Pausable", json!([place.call("tell", json!({}))])).await;
        place.api.post("/queues/runs/pause", json!({})).await;
        for n in 0..5 {
            place.post(json!({ "n": n })).await;
        }
        let start = std::time::Instant::now();
        while place.runs(&rule).await.len() < 5 {
            assert!(start.elapsed() < super::super::PATIENCE);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        place.api.post(&format!("/rules/{rule}/pause"), json!({})).await.expect_status(200);
        place.api.post("/queues/runs/resume", json!({})).await;
        place.post(json!({ "n": 6 })).await;
        place.quiet().await;
        let runs = place.runs(&rule).await;
        assert_eq!(runs.len(), 5, "a paused rule does not listen");
        assert!(runs.iter().all(|run| run["state"] == "cancelled" && run["error"]["code"] == "rule_off"), "{runs:#?}");
        assert!(place.sink.hits().is_empty());
        place.api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        place.post(json!({ "n": 7 })).await;
        assert_eq!(place.last(&rule, 6).await.text("/state"), "succeeded");
    }

    async fn a_run_stays_with_the_version_that_started_it(db) {
        let place = Place::open(&db).await;
        let body = |word: &str| json!({
            "name": "Versioned", "trigger": { "on": "hook.received", "match": { "hook": "in" } },
            "steps": [{ "id": "nap", "wait": { "for": "1s" } },
                { "id": "make", "action": "task.create", "with": { "project": "WEB", "title": word } }],
        });
        let rule = place.rule(body("old")).await;
        place.post(json!({})).await;
        let start = std::time::Instant::now();
        while place.runs(&rule).await.first().is_none_or(|run| run["state"] != "waiting") {
            assert!(start.elapsed() < super::super::PATIENCE);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let saved = place.api.put(&format!("/rules/{rule}"), body("new")).await.expect_status(200);
        assert_eq!(saved.at("/version"), &json!(2));
        let first = place.last(&rule, 1).await;
        assert_eq!((first.at("/rule_version"), first.at("/steps/1/input/title")), (&json!(1), &json!("old")));
        place.post(json!({})).await;
        let second = place.last(&rule, 2).await;
        assert_eq!((second.at("/rule_version"), second.at("/steps/1/input/title")), (&json!(2), &json!("new")));

        // Repeated as it was, or as the rule is now.
        let rerun = format!("/runs/{}/rerun", first.text("/id"));
        let same = place.api.post(&rerun, json!({})).await.expect_status(202).text("/id");
        let newest = place.api.post(&rerun, json!({ "version": "newest" })).await.expect_status(202).text("/id");
        assert_eq!(place.over(&same).await.at("/steps/1/input/title"), "old");
        assert_eq!(place.over(&newest).await.at("/steps/1/input/title"), "new");
        let versions = place.api.get(&format!("/rules/{rule}/versions")).await.expect_status(200);
        assert_eq!(versions.at("/items").as_array().unwrap().len(), 2);
        assert_eq!(versions.at("/items/1/rule/steps/1/with/title"), "old");
    }

    async fn a_waiting_run_is_cancelled_and_stays_so(db) {
        let place = Place::open(&db).await;
        let rule = place.on_hook("Cancel me", json!([{ "id": "nap", "wait": { "for": "1s" } }, place.call("tell", json!({}))])).await;
        place.post(json!({})).await;
        let start = std::time::Instant::now();
        while place.runs(&rule).await.first().is_none_or(|run| run["state"] != "waiting") {
            assert!(start.elapsed() < super::super::PATIENCE);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let id = place.runs(&rule).await[0]["id"].as_str().unwrap().to_owned();
        place.api.post(&format!("/runs/{id}/rerun"), json!({})).await.expect_status(409);
        let cancelled = place.api.post(&format!("/runs/{id}/cancel"), json!({})).await.expect_status(200);
        assert_eq!(cancelled.text("/state"), "cancelled");
        place.api.post(&format!("/runs/{id}/cancel"), json!({})).await.expect_status(409);
        tokio::time::sleep(Duration::from_millis(1_300)).await;
        place.quiet().await;
        assert_eq!(place.over(&id).await.text("/state"), "cancelled", "terminal states never change");
        assert!(place.sink.hits().is_empty());
    }

    /// Cancelled while its call is under way: what comes back is not written.
    async fn a_running_run_is_cancelled(db) {
        let place = Place::open(&db).await;
        let rule = place.on_hook("Cancel me", json!([place.call("tell", json!({})),
            { "id": "make", "action": "task.create", "with": { "project": "WEB", "title": "too late" } }])).await;
        place.sink.dawdle(Duration::from_millis(700));
        place.post(json!({})).await;
        let start = std::time::Instant::now();
        while place.sink.hits().is_empty() {
            assert!(start.elapsed() < super::super::PATIENCE);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let id = place.runs(&rule).await[0]["id"].as_str().unwrap().to_owned();
        place.api.post(&format!("/runs/{id}/cancel"), json!({})).await.expect_status(200);
        tokio::time::sleep(Duration::from_millis(1_000)).await;
        place.quiet().await;
        assert_eq!(place.over(&id).await.text("/state"), "cancelled");
        assert!(place.titles().await.is_empty());
    }

    async fn a_run_is_repeated_from_the_step_that_failed(db) {
        let place = Place::open(&db).await;
        let rule = place.on_hook("Repeat", json!([
            { "id": "make", "action": "task.create", "with": { "project": "WEB", "title": "once" } },
            place.call("tell", json!({})),
            { "id": "note", "action": "task.comment", "with": { "task": "{{ steps.make.output.id }}", "body": "told" } },
        ])).await;
        place.sink.answer("/tell", [400]);
        place.post(json!({})).await;
        let failed = place.last(&rule, 1).await;
        assert_eq!(told(&failed), ["make succeeded", "tell failed"]);
        let path = format!("/runs/{}/rerun", failed.text("/id"));
        place.api.post(&path, json!({ "from": "nowhere" })).await.expect_status(422);
        let again = place.api.post(&path, json!({ "from": "tell" })).await.expect_status(202);
        assert_eq!(again.at("/rerun_of"), failed.at("/id"));
        let again = place.over(&again.text("/id")).await;
        assert_eq!(told(&again), ["make succeeded", "tell succeeded", "note succeeded"]);
        assert_eq!(place.titles().await, ["once"], "what stands before the step was kept");
        let comments = place.api.get("/tasks/WEB-1/comments").await.expect_status(200);
        assert_eq!(comments.at("/items").as_array().unwrap().len(), 1);
        assert_eq!(place.over(&failed.text("/id")).await.text("/state"), "failed", "the old run stays what it was");

        let whole = place.api.post(&path, json!({})).await.expect_status(202).text("/id");
        assert_eq!(place.over(&whole).await.text("/state"), "succeeded");
        assert_eq!(place.titles().await, ["once", "once"]);
    }

    async fn a_rule_that_fails_three_times_in_a_row_pauses_and_tells_its_owner(db) {
        let place = Place::open(&db).await;
        let rule = place.rule(json!({
            "name": "Fragile", "trigger": { "on": "hook.received", "match": { "hook": "in" } },
            "steps": [place.call("tell", json!({}))], "on_failure": { "notify": ["owner"], "pause_after": 3 },
        })).await;
        for (count, status) in [400, 400, 200, 400, 400, 400].into_iter().enumerate() {
            place.sink.answer("/tell", [status]);
            place.post(json!({})).await;
            let run = place.last(&rule, count + 1).await;
            assert_eq!(run.text("/state"), if status == 200 { "succeeded" } else { "failed" });
            let info = place.api.get(&format!("/rules/{rule}")).await.expect_status(200);
            assert_eq!(info.text("/state"), if count == 5 { "paused" } else { "enabled" }, "after {} runs", count + 1);
        }
        let info = place.api.get(&format!("/rules/{rule}")).await.expect_status(200);
        assert!(info.text("/paused_because").contains("3 times in a row"), "{:#}", info.body);
        place.quiet().await;
        let told = place.api.get("/notifications").await.expect_status(200);
        let messages: Vec<&str> = told.at("/items").as_array().unwrap().iter().map(|one| one["message"].as_str().unwrap()).collect();
        assert_eq!(messages.len(), 5, "{messages:?}");
        assert!(messages.iter().any(|message| message.contains("was paused")), "{messages:?}");
        place.post(json!({})).await;
        place.quiet().await;
        assert_eq!(place.runs(&rule).await.len(), 6);
    }

    /// AUT-24: of runs that fail at once one pauses the rule and tells why; what was before it is switched on again is forgotten.
    async fn failures_at_once_pause_a_rule_once_and_switching_it_on_counts_anew(db) {
        let place = Place::open(&db).await;
        let rule = place.rule(json!({
            "name": "Fragile", "trigger": { "on": "hook.received", "match": { "hook": "in" } },
            "steps": [{ "id": "no", "stop": { "outcome": "failed", "reason": "number {{ body.n }} is wrong" } }],
            // Of a pause the owner hears, whoever hears of each failure.
            "on_failure": { "notify": [], "pause_after": 3 },
        })).await;
        place.api.post("/queues/runs/pause", json!({})).await.expect_status(204);
        for n in 0..8 {
            place.post(json!({ "n": n })).await;
        }
        place.runs_when(&rule, 8, |_| true).await;
        place.api.post("/queues/runs/resume", json!({})).await.expect_status(204);
        place.quiet().await;
        let runs = place.runs(&rule).await;
        let count = |state: &str| runs.iter().filter(|run| run["state"] == state).count();
        assert!(count("failed") >= 3 && count("failed") + count("cancelled") == 8, "{runs:#?}");
        let paused = async || {
            let told = place.api.get("/notifications").await.expect_status(200);
            let messages: Vec<String> = told.at("/items").as_array().unwrap().iter().map(|one| one["message"].as_str().unwrap().to_owned()).collect();
            messages.into_iter().filter(|message| message.contains("was paused")).collect::<Vec<_>>()
        };
        let told = paused().await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("3 times in a row") && told[0].matches("is wrong").count() == 3, "the last errors: {told:?}");
        let info = place.api.get(&format!("/rules/{rule}")).await.expect_status(200);
        assert_eq!(info.text("/state"), "paused");
        assert!(info.text("/paused_because").contains("is wrong"), "{:#}", info.body);
        let failed = place.api.get("/events?after=0&limit=200").await.expect_status(200);
        let failed = failed.at("/items").as_array().unwrap().iter().filter(|event| event["kind"] == "run.failed").count();
        assert_eq!(failed, count("failed"));

        let resumed = place.api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        assert_eq!(resumed.body.get("paused_because"), None);
        for n in 1..=3 {
            place.post(json!({ "n": n })).await;
            place.last(&rule, 8 + n).await;
            let info = place.api.get(&format!("/rules/{rule}")).await.expect_status(200);
            assert_eq!(info.text("/state"), if n == 3 { "paused" } else { "enabled" }, "after {n} more");
        }
        place.quiet().await;
        assert_eq!(paused().await.len(), 2);
    }
}

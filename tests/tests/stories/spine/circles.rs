//! Runs that end one another, answer one another, and wait for one another, all at the same moment: nobody waits in a circle.

use std::time::Duration;

use futures::StreamExt;
use serde_json::{Value, json};
use trackside_tests::both_databases;

use super::Place;

fn nap(period: &str) -> Value {
    json!({ "id": "nap", "wait": { "for": period } })
}

both_databases! {
    /// A called run that needs the key which its caller holds would wait for ever, and the caller for it.
    async fn a_run_that_needs_the_key_of_its_caller_ends_and_says_why(db) {
        let place = Place::open(&db).await;
        for on_busy in ["queue", "replace"] {
            let form = json!({ "key": { "type": "string" }, "deep": { "type": "boolean" } });
            let deeper = json!({ "id": "again", "call": on_busy, "with": { "key": "{{ inputs.key }}", "deep": false } });
            let rule = place.rule(json!({ "name": on_busy, "trigger": { "on": "manual", "form": form },
                "policy": { "concurrency": { "key": "inputs.key", "on_busy": on_busy } },
                "steps": [{ "id": "which", "if": "inputs.deep", "then": [deeper] }] })).await;
            let inputs = json!({ "inputs": { "key": "k", "deep": true } });
            let run = place.api.post(&format!("/rules/{rule}/run"), inputs).await.expect_status(202).text("/id");
            let run = place.over(&run).await;
            assert_eq!(run.text("/state"), "failed", "{:#}", run.body);
            assert!(run.text("/error/message").contains("has the key “k”"), "{:#}", run.body);
            let child = place.runs(&rule).await.into_iter().find(|run| run["parent"].is_string()).unwrap();
            assert_eq!((&child["state"], &child["error"]["code"]), (&json!("blocked"), &json!("loop")), "{child:#}");
            // The key is free again.
            let inputs = json!({ "inputs": { "key": "k", "deep": false } });
            let run = place.api.post(&format!("/rules/{rule}/run"), inputs).await.expect_status(202).text("/id");
            assert_eq!(place.over(&run).await.text("/state"), "succeeded");
        }
        // Where runs are dropped whose key is taken nobody waits, and the caller goes on.
        let again = json!({ "id": "again", "call": "drop", "with": { "deep": false } });
        let rule = place.rule(json!({ "name": "drop", "trigger": { "on": "manual", "form": { "deep": { "type": "boolean" } } },
            "policy": { "concurrency": { "key": "\"k\"", "on_busy": "drop" } }, "steps": [{ "id": "which", "if": "inputs.deep", "then": [again] }] })).await;
        let run = place.api.post(&format!("/rules/{rule}/run"), json!({ "inputs": { "deep": true } })).await.expect_status(202).text("/id");
        assert_eq!(place.over(&run).await.text("/state"), "succeeded");
        let child = place.runs(&rule).await.into_iter().find(|run| run["parent"].is_string()).unwrap();
        assert_eq!((&child["state"], &child["error"]["code"]), (&json!("skipped"), &json!("busy")), "{child:#}");
        assert!(child["error"]["message"].as_str().unwrap().contains(&run), "{child:#}");
        place.quiet().await;
    }

    /// `replace` takes a run out of the way that waits for people, at the moment when they answer.
    async fn what_is_replaced_asks_nobody_any_more(db) {
        let place = Place::open(&db).await;
        let ask = json!({ "id": "ok", "approve": { "by": ["owner"], "allow_self": true } });
        let rule = place.rule(json!({ "name": "Newest", "trigger": { "on": "hook.received", "match": { "hook": "in" } },
            "policy": { "concurrency": { "key": "body.key", "on_busy": "replace" } }, "steps": [ask] })).await;
        place.post(json!({ "key": "k" })).await;
        place.runs_when(&rule, 1, |runs| runs[0]["waiting"]["for"] == "approval").await;
        for count in 2..=12 {
            let asked = place.api.get("/approvals").await.expect_status(200);
            let path = format!("/approvals/{}/decide", asked.text("/items/0/id"));
            let decide = place.api.post(&path, json!({ "decision": "approve" }));
            let (_, decided) = futures::join!(place.post(json!({ "key": "k" })), decide);
            assert!(matches!(decided.status, 200 | 409), "{} {:#}", decided.status, decided.body);
            let runs = place.runs_when(&rule, count, |runs| runs[count - 1]["waiting"]["for"] == "approval").await;
            assert!(runs[..count - 1].iter().all(|run| run["finished_at"].is_string()), "{runs:#?}");
        }
        assert_eq!(db.count("approvals where state = 'pending'").await, 1, "of the newest");
        assert_eq!(db.count("approvals a join runs r on r.id = a.run_id where a.state = 'approved' and r.state not in ('succeeded', 'cancelled')").await, 0);
        let newest = place.runs(&rule).await[0]["id"].as_str().unwrap().to_owned();
        place.api.post(&format!("/runs/{newest}/cancel"), json!({})).await.expect_status(200);
        place.quiet().await;
    }

    /// Whoever cancels a run takes what it called with it, while just that comes to its end and wakes the run.
    async fn runs_are_cancelled_while_what_they_called_side_by_side_ends(db) {
        let place = Place::open(&db).await;
        let lane = json!({ "key": { "type": "integer" } });
        place.rule(json!({ "name": "Lane", "trigger": { "on": "manual", "form": lane }, "policy": { "concurrency": { "key": "inputs.key" } },
            "steps": [nap("10ms")] })).await;
        place.rule(json!({ "name": "Plain", "trigger": { "on": "manual" }, "steps": [nap("30ms")] })).await;
        let call = |id: &str, rule: &str, with: Value| json!({ "steps": [{ "id": id, "call": rule, "with": with }] });
        let rule = place.on_hook("Calls", json!([{ "id": "all", "parallel": [
            call("a", "Lane", json!({ "key": 1 })), call("b", "Plain", json!({})), call("c", "Lane", json!({ "key": 1 })), call("d", "Plain", json!({}))] }])).await;
        let shop = &place;
        let runs = futures::stream::iter(0..40_u64).map(async move |n| {
            let event = shop.post(json!({ "n": n })).await;
            let run = loop {
                let found = shop.api.get(&format!("/runs?event_id={event}")).await.expect_status(200);
                if let Some(run) = found.at("/items").as_array().unwrap().first() {
                    break run["id"].as_str().unwrap().to_owned();
                }
            };
            tokio::time::sleep(Duration::from_millis(n * 7 % 90)).await;
            let cancelled = shop.api.post(&format!("/runs/{run}/cancel"), json!({})).await;
            // 503 is what somebody hears who waited in a circle.
            assert!(matches!(cancelled.status, 200 | 409), "{} {:#}", cancelled.status, cancelled.body);
        });
        runs.buffer_unordered(8).collect::<Vec<()>>().await;
        place.quiet().await;
        assert_eq!(db.count("runs where finished_at is null").await, 0);
        assert_eq!(db.count("runs where parent_id is null and state not in ('cancelled', 'succeeded')").await, 0);
        assert_eq!(place.runs(&rule).await.len(), 40);
    }
}

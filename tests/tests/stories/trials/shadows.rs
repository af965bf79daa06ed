//! A rule in shadow, held against what happened since.

use serde_json::{Value, json};
use trackside_tests::both_databases;

use super::Place;

both_databases! {
    /// AUT-13: shadow mode compares live.
    async fn a_shadow_is_compared_with_what_people_did(db) {
        let place = Place::open(&db).await;
        let rule = place.rule("shadow", json!({ "name": "Triage", "trigger": { "on": "task.created" }, "condition": "task.title != 'other'", "steps": [
            { "id": "up", "action": "task.update", "with": { "task": "{{ task.id }}", "priority": "high" } },
            { "id": "mark", "action": "task.add_label", "with": { "task": "{{ task.key }}", "label": "triaged" } } ] })).await;
        let mut keys = Vec::new();
        for title in ["agrees", "differs", "open", "other"] {
            keys.push(place.task(json!({ "title": title })).await);
        }
        place.quiet().await;
        place.patch(&keys[0], json!({ "priority": "high", "labels": ["a", "triaged"] })).await;
        place.patch(&keys[0], json!({ "priority": "low" })).await;
        place.patch(&keys[1], json!({ "priority": "critical" })).await;
        place.quiet().await;
        let report = place.api.get(&format!("/rules/{rule}/shadow-report")).await.expect_status(200);
        assert_eq!((report.at("/fired"), report.at("/states")), (&json!(3), &json!({ "succeeded": 3 })));
        assert_eq!(report.at("/actions"), &json!({ "task.add_label": 3, "task.update": 3 }));
        assert_eq!(report.at("/agreement"), &json!({ "agrees": 2, "differs": 1, "open": 3 }));
        // The newest first.
        let compared = |run: usize| report.at(&format!("/runs/{run}/compared")).clone();
        assert_eq!(compared(0)[0]["verdict"], "open");
        assert_eq!((&compared(1)[0]["verdict"], &compared(1)[0]["became"], &compared(1)[0]["to"]), (&json!("differs"), &json!("critical"), &json!("high")));
        assert_eq!((&compared(2)[0]["verdict"], &compared(2)[1]["verdict"]), (&json!("agrees"), &json!("agrees")), "the next change counts, not the last");
        assert_eq!(compared(2)[0]["actor"]["type"], "user");
        assert_eq!(report.text("/runs/2/steps/0/does"), "Changes a task; what is left out stays.");
        assert_eq!(report.at("/runs/2/steps/0/changes/0/from"), &json!("medium"));

        // Runs in shadow are told apart in the list as well.
        place.switch(&rule, "enable").await;
        place.task(json!({ "title": "live" })).await;
        place.quiet().await;
        let count = async |mode: &str| place.api.get(&format!("/runs?rule_id={rule}&mode={mode}")).await.expect_status(200).at("/items").as_array().unwrap().len();
        assert_eq!((count("shadow").await, count("live").await), (3, 1));
        place.api.get("/runs?mode=dark").await.expect_problem(422, "invalid_parameter");

        let later = place.api.get(&format!("/rules/{rule}/shadow-report?from=2090-01-01T00:00:00Z")).await.expect_status(200);
        assert_eq!((later.at("/fired"), later.at("/runs")), (&json!(0), &json!([])));
        place.api.get(&format!("/rules/{rule}/shadow-report?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z")).await.expect_problem(422, "invalid_parameter");
        place.eve.get(&format!("/rules/{rule}/shadow-report")).await.expect_problem(404, "rule_not_found");
        // What it would have done is for its owner; runs of what may not be seen are not counted.
        for permission in ["rule.view", "event.view", "run.view", "task.view"] {
            place.api.post("/assignments", json!({ "user": place.gus_id, "permission": permission, "on": "workspace" })).await.expect_status(201);
        }
        let hidden = place.api.get(&format!("/tasks/{}", keys[0])).await.text("/id");
        place.api.post("/assignments", json!({ "user": place.gus_id, "permission": "task.view", "effect": "deny", "on": hidden })).await.expect_status(201);
        let seen = place.gus.get(&format!("/rules/{rule}/shadow-report")).await.expect_status(200);
        assert_eq!((seen.at("/fired"), seen.at("/runs").as_array().unwrap().len()), (&json!(2), 2));
        assert_eq!((&seen.body["runs"][0]["steps"][0]["input"], seen.at("/runs/0/compared")), (&Value::Null, &json!([])));
    }
}

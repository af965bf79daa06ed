//! "Why did this change?": from a field of a task, rule by rule, back to whoever is at the root.

use serde_json::{Value, json};
use trackside_tests::both_databases;

use super::{PATIENCE, Place};

both_databases! {
    /// AUT-14.
    async fn a_change_is_followed_through_two_rules_to_the_person_behind_it(db) {
        let place = Place::open(&db).await;
        let me = place.api.get("/me").await.text("/user/id");
        let (first, second) = (place.task(json!({ "title": "One" })).await, place.task(json!({ "title": "Two" })).await);
        let mark = place.rule("enable", json!({ "name": "Mark", "trigger": { "on": "task.commented" }, "steps": [
            { "id": "mark", "action": "task.set_status", "with": { "task": "{{ task.id }}", "status": "blocked" } } ] })).await;
        let follow = place.rule("enable", json!({ "name": "Follow", "trigger": { "on": "task.status_changed", "match": { "task.key": first, "to": "blocked" } },
            "policy": { "cause": { "accept_rules": true } }, "steps": [
            { "id": "also", "action": "task.update", "with": { "task": second, "priority": "critical" } } ] })).await;
        place.api.post(&format!("/tasks/{first}/comments"), json!({ "body": "stuck" })).await.expect_status(201);
        place.quiet().await;
        place.patch(&second, json!({ "title": "Two, by hand" })).await;
        place.quiet().await;

        let why = place.api.get(&format!("/tasks/{second}/why?field=priority")).await.expect_status(200);
        assert_eq!(why.at("/change"), &json!({ "from": "medium", "to": "critical" }));
        let links: Vec<(String, Value, Value, Value)> = why.at("/chain").as_array().unwrap().iter()
            .map(|link| (link["kind"].as_str().unwrap().to_owned(), link["task"].clone(), link["by"]["name"].clone(), link["by"]["step"].clone())).collect();
        assert_eq!(links, [
            ("task.updated".to_owned(), json!(second), json!("Follow"), json!("also")),
            ("task.status_changed".to_owned(), json!(first), json!("Mark"), json!("mark")),
            ("task.commented".to_owned(), json!(first), Value::Null, Value::Null),
        ]);
        assert_eq!((why.text("/chain/0/by/rule"), why.at("/chain/0/by/version"), why.text("/chain/0/by/action")), (follow, &json!(1), "task.update".to_owned()));
        assert_eq!(why.text("/chain/1/by/rule"), mark);
        assert_eq!(why.at("/root"), &json!({ "what": "person", "id": me }));

        let why = place.api.get(&format!("/tasks/{second}/why?field=title")).await.expect_status(200);
        assert_eq!((why.at("/chain").as_array().unwrap().len(), why.text("/root/what").as_str()), (1, "person"));
        // What was never changed is as the task was made.
        let why = place.api.get(&format!("/tasks/{second}/why?field=due_at")).await.expect_status(200);
        assert_eq!((why.text("/chain/0/kind").as_str(), &why.body["change"]), ("task.created", &Value::Null));
        let why = place.api.get(&format!("/tasks/{first}/why")).await.expect_status(200);
        assert_eq!(why.text("/chain/0/by/name"), "Mark");
    }

    async fn whoever_agreed_is_named(db) {
        let place = Place::open(&db).await;
        let me = place.api.get("/me").await.text("/user/id");
        let key = place.task(json!({ "title": "One" })).await;
        place.rule("enable", json!({ "name": "Asks", "trigger": { "on": "task.commented" }, "steps": [
            { "id": "ask", "approve": { "by": ["owner"], "allow_self": true, "message": "?" }, "then": [
                { "id": "set", "action": "task.update", "with": { "task": key, "priority": "high" } } ] } ] })).await;
        place.api.post(&format!("/tasks/{key}/comments"), json!({ "body": "go" })).await.expect_status(201);
        let asked = loop {
            let asked = place.api.get("/approvals").await.expect_status(200);
            if !asked.at("/items").as_array().unwrap().is_empty() { break asked.text("/items/0/id"); }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        };
        place.api.post(&format!("/approvals/{asked}/decide"), json!({ "decision": "approve" })).await.expect_status(200);
        place.quiet().await;
        let why = place.api.get(&format!("/tasks/{key}/why?field=priority")).await.expect_status(200);
        assert_eq!(why.at("/chain/0/by/approved_by"), &json!([me]), "{:#}", why.body);
    }

    async fn a_hook_the_clock_and_whoever_starts_by_hand_are_at_the_root(db) {
        let place = Place::open(&db).await;
        let me = place.api.get("/me").await.text("/user/id");
        let key = place.task(json!({ "title": "One" })).await;
        let hook = place.api.post("/hooks", json!({ "name": "in", "scheme": "none" })).await.expect_status(201);
        let step = |field: &str, value: Value| {
            let mut with = json!({ "task": key });
            with[field] = value;
            json!([{ "id": "set", "action": "task.update", "with": with }])
        };
        place.rule("enable", json!({ "name": "Hooked", "trigger": { "on": "hook.received", "match": { "hook": "in" } }, "steps": step("priority", json!("high")) })).await;
        place.rule("enable", json!({ "name": "Clocked", "trigger": { "on": "schedule", "every": "1s" }, "steps": step("points", json!(5)) })).await;
        let hand = place.rule("enable", json!({ "name": "Handed", "trigger": { "on": "manual" }, "steps": step("estimate", json!(60)) })).await;
        place.api.outside().post(&hook.text("/path"), json!({})).await.expect_status(202);
        place.api.post(&format!("/rules/{hand}/run"), json!({})).await.expect_status(202);
        let start = std::time::Instant::now();
        loop {
            let task = place.api.get(&format!("/tasks/{key}")).await.expect_status(200);
            if (task.at("/priority"), task.at("/points"), task.at("/estimate")) == (&json!("high"), &json!(5), &json!(60)) { break; }
            assert!(start.elapsed() < PATIENCE, "{:#}", task.body);
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        let root = async |field: &str| place.api.get(&format!("/tasks/{key}/why?field={field}")).await.expect_status(200).at("/root").clone();
        assert_eq!(root("priority").await, json!({ "what": "hook", "id": hook.text("/id") }));
        assert_eq!(root("points").await, json!({ "what": "clock" }));
        assert_eq!(root("estimate").await, json!({ "what": "person", "id": me }));
    }

    async fn what_may_not_be_seen_ends_the_chain_and_unknown_fields_are_refused(db) {
        let place = Place::open(&db).await;
        let (first, second) = (place.task(json!({ "title": "One" })).await, place.task(json!({ "title": "Two", "custom": { "severity": 1 } })).await);
        place.rule("enable", json!({ "name": "Mark", "trigger": { "on": "task.commented" }, "steps": [
            { "id": "mark", "action": "task.update", "with": { "task": second, "custom": { "severity": 3 } } } ] })).await;
        place.api.post(&format!("/tasks/{first}/comments"), json!({ "body": "stuck" })).await.expect_status(201);
        place.quiet().await;
        let all = place.api.get(&format!("/tasks/{second}/why?field=custom.severity")).await.expect_status(200);
        assert_eq!((all.at("/change"), all.text("/root/what").as_str()), (&json!({ "from": 1, "to": 3 }), "person"));
        let id = place.api.get(&format!("/tasks/{second}")).await.text("/id");
        for permission in ["task.view", "event.view"] {
            place.api.post("/assignments", json!({ "user": place.gus_id, "permission": permission, "on": id })).await.expect_status(201);
        }
        let seen = place.gus.get(&format!("/tasks/{second}/why?field=custom.severity")).await.expect_status(200);
        assert_eq!((seen.at("/root"), seen.at("/chain").as_array().unwrap().len()), (&json!({ "what": "hidden" }), 1));
        assert_eq!((&seen.body["chain"][0]["by"]["name"], seen.text("/chain/0/by/step").as_str()), (&Value::Null, "mark"));
        assert!(!seen.body.to_string().contains(&first), "{:#}", seen.body);
        place.gus.get(&format!("/tasks/{first}/why")).await.expect_problem(404, "task_not_found");
        place.eve.get(&format!("/tasks/{id}/why")).await.expect_problem(404, "task_not_found");
        let wrong = place.api.get(&format!("/tasks/{first}/why?field=staus")).await.expect_problem(422, "invalid_parameter");
        assert!(wrong.text("/detail").contains("`status`"), "{:#}", wrong.body);
    }
}

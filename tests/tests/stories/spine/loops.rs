//! AUT-10 and part of AUT-23: what a rule would set off is said when it is saved, before anything loops a thousand times
//! (n8n #32527).

use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::People;

use super::Place;

/// Makes a task with the label `makes` when one with the label `on` was made.
fn link(name: &str, on: &str, makes: &str) -> Value {
    json!({ "name": name, "trigger": { "on": "task.created" }, "condition": format!("task.labels.contains(\"{on}\")"),
        "policy": { "cause": { "accept_rules": true } },
        "steps": [{ "id": "make", "action": "task.create", "with": { "project": "WEB", "title": name, "labels": [makes] } }] })
}

both_databases! {
    async fn a_loop_is_named_at_save_with_the_whole_way_round(db) {
        let place = Place::open(&db).await;
        let ab = place.api.post("/rules", link("ab", "a", "b")).await.expect_status(201);
        assert_eq!(ab.at("/analysis/loops/can_loop"), &json!(false));
        assert!(ab.text("/analysis/loops/detail").starts_with("Cannot loop"), "{:#}", ab.body);
        let id = ab.text("/id");
        place.api.post(&format!("/rules/{id}/enable"), json!({})).await.expect_status(200);
        place.rule(link("bc", "b", "c")).await;
        // Three in a circle; the fourth only looks as if.
        let checked = place.api.post("/rules/check", link("ca", "c", "a")).await.expect_status(200);
        let path: Vec<Value> = checked.at("/analysis/loops/path").as_array().unwrap().clone();
        let names: Vec<&str> = path.iter().map(|link| link["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["ca", "ab", "bc"], "{:#}", checked.body);
        assert_eq!(path[1], json!({ "rule": id, "name": "ab", "step": "make", "event": "task.created" }));
        assert!(checked.text("/analysis/loops/detail").contains("ended after 5 rules"), "{:#}", checked.body);
        let harmless = place.api.post("/rules/check", link("cd", "c", "d")).await.expect_status(200);
        assert_eq!(harmless.at("/analysis/loops/can_loop"), &json!(false));
        // It is said of what is saved as well, and of what is there as the others change.
        place.rule(link("ca", "c", "a")).await;
        let now = place.api.get(&format!("/rules/{id}/analysis")).await.expect_status(200);
        assert_eq!(now.at("/loops/can_loop"), &json!(true));
        let mut deaf = link("ab", "a", "b");
        deaf["policy"] = json!({});
        let deaf = place.api.put(&format!("/rules/{id}"), deaf).await.expect_status(200);
        assert!(deaf.text("/analysis/loops/detail").contains("accept_rules"), "{:#}", deaf.body);
        let paused = place.api.post(&format!("/rules/{id}/pause"), json!({})).await.expect_status(200);
        assert_eq!(paused.at("/analysis/loops/path"), &json!([]));
    }

    async fn what_was_said_to_loop_does_and_is_ended(db) {
        let place = Place::open(&db).await;
        let saved = place.api.post("/rules", link("self", "a", "a")).await.expect_status(201);
        assert_eq!(saved.at("/analysis/loops/can_loop"), &json!(true));
        place.rule(link("self", "a", "a")).await;
        place.api.post("/projects/WEB/tasks", json!({ "title": "start", "labels": ["a"] })).await.expect_status(201);
        place.quiet().await;
        assert_eq!(place.titles().await.len(), 1 + 5);
    }

    async fn a_loop_through_a_call_is_named_and_ended(db) {
        let place = Place::open(&db).await;
        let accepts = json!({ "cause": { "accept_rules": true, "max_depth": 3 } });
        let form = json!({ "task": { "type": "string", "required": true } });
        place.rule(json!({ "name": "Setter", "trigger": { "on": "manual", "form": form }, "policy": accepts,
            "steps": [{ "id": "say", "action": "task.comment", "with": { "task": "{{ inputs.task }}", "body": "again" } }] })).await;
        let echo = place.rule(json!({ "name": "Echo", "trigger": { "on": "task.commented" }, "policy": accepts,
            "steps": [{ "id": "go", "call": "Setter", "with": { "task": "{{ task.id }}" } }] })).await;
        let said = place.api.get(&format!("/rules/{echo}/analysis")).await.expect_status(200);
        let path: Vec<(&str, &Value)> = said.at("/loops/path").as_array().unwrap().iter().map(|link| (link["name"].as_str().unwrap(), &link["event"])).collect();
        assert_eq!(path, [("Echo", &Value::Null), ("Setter", &json!("task.commented"))], "{:#}", said.body);
        assert!(said.text("/loops/detail").contains("“Echo” in its step `go` calls the next"), "{:#}", said.body);
        // One that calls itself, though no event starts it.
        let own = json!({ "name": "Rec", "trigger": { "on": "manual" }, "steps": [{ "id": "me", "call": "Rec" }] });
        let own = place.api.post("/rules/check", own).await.expect_status(200);
        assert_eq!(own.at("/analysis/loops/can_loop"), &json!(true), "{:#}", own.body);
        let task = place.api.post("/projects/WEB/tasks", json!({ "title": "t" })).await.expect_status(201).text("/id");
        place.api.post(&format!("/tasks/{task}/comments"), json!({ "body": "start" })).await.expect_status(201);
        place.quiet().await;
        let states: Vec<Value> = place.runs(&echo).await.iter().rev().map(|run| run["state"].clone()).collect();
        assert_eq!(states, ["succeeded", "failed"], "the second may call no more: the chain has three");
    }

    async fn a_date_that_a_rule_sets_stands_in_the_chain(db) {
        let place = Place::open(&db).await;
        let moves = |name: &str, cause: Value| json!({ "name": name, "trigger": { "on": "date", "field": "due_at" }, "policy": { "cause": cause },
            "condition": format!("task.title == \"{name}\""),
            "steps": [{ "id": "move", "action": "task.update", "with": { "task": "{{ task.id }}", "due_at": "{{ now - seconds(1) }}" } }] });
        let deaf = place.rule(moves("deaf", json!({}))).await;
        let says = place.api.post("/rules/check", moves("loud", json!({ "accept_rules": true }))).await.expect_status(200);
        assert_eq!(says.at("/analysis/loops/path/0/event"), &json!("task.date_reached"), "{:#}", says.body);
        let due = (trackside_engine::Source::default().now() - chrono::TimeDelta::seconds(5)).to_rfc3339();
        place.api.post("/projects/WEB/tasks", json!({ "title": "deaf", "due_at": due })).await.expect_status(201);
        place.last(&deaf, 1).await;
        // The next one moves its own date until the limit, and only that.
        let loud = place.rule(moves("loud", json!({ "accept_rules": true, "max_depth": 2 }))).await;
        place.api.post("/projects/WEB/tasks", json!({ "title": "loud", "due_at": due })).await.expect_status(201);
        let last = place.last(&loud, 3).await;
        assert_eq!((last.text("/state"), last.text("/error/code"), last.at("/depth")), ("blocked".into(), "loop".into(), &json!(3)));
        place.quiet().await;
        assert_eq!((place.runs(&deaf).await.len(), place.runs(&loud).await.len()), (1, 3));
    }

    async fn two_rules_that_set_one_field_differently_are_told_with_an_event_on_which_they_do(db) {
        let place = Place::open(&db).await;
        let sets = |name: &str, condition: &str, priority: &str| json!({ "name": name, "trigger": { "on": "task.created" }, "condition": condition,
            "steps": [{ "id": "set", "action": "task.update", "with": { "task": "{{ task.id }}", "priority": priority } }] });
        let first = place.rule(sets("bugs first", "task.type == \"bug\"", "high")).await;
        let second = place.api.post("/rules", sets("small last", "task.title == \"small\"", "low")).await.expect_status(201);
        let clash = second.at("/analysis/conflicts/0");
        assert_eq!((clash["rule"].as_str(), clash["name"].as_str()), (Some(first.as_str()), Some("bugs first")), "{clash:#}");
        assert_eq!((&clash["field"], &clash["ours"]["value"], &clash["theirs"]["value"]), (&json!("task.priority"), &json!("low"), &json!("high")));
        assert_eq!(clash["witness"], json!({ "kind": "task.created", "facts": { "task.title": "small", "task.type": "bug" } }));
        let apart = place.api.post("/rules/check", sets("tasks last", "task.type == \"task\"", "low")).await.expect_status(200);
        assert_eq!(apart.at("/analysis/conflicts"), &json!([]));
    }

    async fn rules_that_one_may_not_see_are_not_named(db) {
        let place = Place::open(&db).await;
        let hidden = place.rule(link("secret plan", "b", "a")).await;
        let workspace = place.api.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let tom = people.member(&place.server, &workspace, "tom", Role::ProjectManager).await;
        let tom_id = tom.get("/me").await.text("/user/id");
        let deny = json!({ "user": tom_id, "permission": "rule.view", "effect": "deny", "on": hidden });
        place.api.post("/assignments", deny).await.expect_status(201);
        let checked = tom.post("/rules/check", link("open", "a", "b")).await.expect_status(200);
        assert_eq!(checked.at("/analysis/loops/can_loop"), &json!(true));
        assert!(!checked.body.to_string().contains("secret plan") && !checked.body.to_string().contains(&hidden), "{:#}", checked.body);
        tom.get(&format!("/rules/{hidden}/analysis")).await.expect_problem(403, "denied");
        people.leave().await;
    }
}

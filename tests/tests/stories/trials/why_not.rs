//! "Why did it not fire?": for a rule and a task, what came of the task's last events.

use serde_json::{Value, json};
use trackside_tests::both_databases;

use super::{NO_EVENT, Place, tells};

fn outcomes(items: &Value) -> Vec<&str> {
    items.as_array().unwrap().iter().map(|event| event["outcome"].as_str().unwrap()).collect()
}

both_databases! {
    /// AUT-14: the question of the Jira community, answered from the log.
    async fn a_rule_tells_for_each_event_of_a_task_what_kept_it(db) {
        let place = Place::open(&db).await;
        let key = place.task(json!({ "title": "Pay", "priority": "low" })).await;
        let block = async || {
            place.patch(&key, json!({ "status": "blocked" })).await;
            place.patch(&key, json!({ "status": "todo" })).await;
            place.quiet().await;
        };
        block().await;
        let trigger = json!({ "on": "task.status_changed", "match": { "to": "blocked" } });
        let rule = place.draft(tells("Blocked", trigger.clone(), json!("task.priority == 'high'"))).await;
        place.quiet().await;
        block().await;
        place.switch(&rule, "enable").await;
        place.quiet().await;
        block().await;
        place.patch(&key, json!({ "priority": "high" })).await;
        block().await;
        // Another version, by which the old events are not judged.
        place.api.put(&format!("/rules/{rule}"), tells("Blocked", trigger, json!("task.priority == 'critical'"))).await.expect_status(200);
        place.quiet().await;
        block().await;
        place.switch(&rule, "pause").await;
        place.quiet().await;
        block().await;

        let answer = place.api.get(&format!("/rules/{rule}/why-not?task={key}&limit=50")).await.expect_status(200);
        // Two events each time, the newest first; the second one, to todo, is what `match` does not want.
        assert_eq!(outcomes(answer.at("/events")), [
            "rule_off", "rule_off", "not_fired", "not_fired", "not_fired", "fired", "not_fired", "not_fired", "rule_off", "rule_off", "rule_later", "rule_later",
        ]);
        let event = |at: usize| answer.at(&format!("/events/{at}")).clone();
        assert_eq!((&event(1)["rule_state"], &event(1)["rule_version"], &event(1)["because"]["at"]), (&json!("paused"), &json!(2), &json!("task.priority == 'critical'")));
        assert_eq!((&event(2)["because"]["what"], &event(2)["because"]["at"], &event(2)["because"]["found"]), (&json!("match"), &json!("to"), &json!("todo")));
        assert_eq!((&event(3)["because"]["found"], &event(3)["rule_version"]), (&json!({ "task.priority": "high" }), &json!(2)));
        assert_eq!((&event(5)["run"]["state"], &event(5)["run"]["mode"], &event(5)["rule_version"]), (&json!("succeeded"), &json!("live"), &json!(1)));
        assert_eq!((&event(7)["because"]["what"], &event(7)["because"]["found"]), (&json!("condition"), &json!({ "task.priority": "low" })));
        assert_eq!(event(9)["rule_state"], "draft");
        assert!(answer.text("/summary").contains("the rule was paused then"), "{:#}", answer.body);

        // And of one event.
        let id = event(7)["event"]["id"].as_str().unwrap().to_owned();
        let one = place.api.get(&format!("/rules/{rule}/why-not?event_id={id}")).await.expect_status(200);
        assert_eq!(one.at("/events/0"), answer.at("/events/7"));
        let few = place.api.get(&format!("/rules/{rule}/why-not?task={key}&limit=2")).await.expect_status(200);
        assert_eq!(few.at("/events").as_array().unwrap().len(), 2);
    }

    async fn what_rules_cause_and_chains_that_are_too_long_are_told(db) {
        let place = Place::open(&db).await;
        let key = place.task(json!({ "title": "Pay" })).await;
        place.rule("enable", json!({ "name": "First", "trigger": { "on": "task.commented" }, "steps": [
            { "id": "mark", "action": "task.set_status", "with": { "task": "{{ task.id }}", "status": "in_progress" } } ] })).await;
        let second = place.rule("enable", tells("Second", json!({ "on": "task.status_changed" }), Value::Null)).await;
        let mut shallow = tells("Third", json!({ "on": "task.status_changed" }), Value::Null);
        shallow["policy"] = json!({ "cause": { "accept_rules": true, "max_depth": 1 } });
        let third = place.rule("enable", shallow).await;
        place.api.post(&format!("/tasks/{key}/comments"), json!({ "body": "go on" })).await.expect_status(201);
        place.quiet().await;
        let answer = place.api.get(&format!("/rules/{second}/why-not?task={key}")).await.expect_status(200);
        assert_eq!((answer.text("/events/0/because/what").as_str(), answer.text("/events/0/because/found/step").as_str()), ("cause", "mark"));
        let answer = place.api.get(&format!("/rules/{third}/why-not?task={key}")).await.expect_status(200);
        assert_eq!((answer.text("/events/0/outcome").as_str(), answer.text("/events/0/run/error/code").as_str()), ("fired", "loop"));
        assert_eq!(answer.text("/events/0/because/what"), "depth");
    }

    async fn what_has_not_happened_and_what_may_not_be_asked(db) {
        let place = Place::open(&db).await;
        let key = place.task(json!({ "title": "Pay" })).await;
        let rule = place.rule("enable", tells("Blocked", json!({ "on": "task.status_changed" }), Value::Null)).await;
        let event = place.last("task.created").await;
        let answer = place.api.get(&format!("/rules/{rule}/why-not?task={key}")).await.expect_status(200);
        assert_eq!(answer.at("/events"), &json!([]));
        assert!(answer.text("/summary").contains("task.status_changed"), "{:#}", answer.body);
        let answer = place.api.get(&format!("/rules/{rule}/why-not?event_id={event}")).await.expect_status(200);
        assert_eq!(answer.text("/events/0/outcome"), "rule_later");
        let ask = async |query: &str| place.api.get(&format!("/rules/{rule}/why-not?{query}")).await;
        ask("").await.expect_problem(422, "invalid_parameter");
        ask(&format!("task={key}&event_id={event}")).await.expect_problem(422, "invalid_parameter");
        ask(&format!("task={key}&limit=51")).await.expect_problem(422, "invalid_parameter");
        ask("task=WEB-99").await.expect_problem(404, "task_not_found");
        ask(&format!("event_id={NO_EVENT}")).await.expect_problem(404, "event_not_found");
        // Eve's own rule is not asked about a task or an event of others.
        let own = place.eve.post("/rules", tells("Own", json!({ "on": "task.created" }), Value::Null)).await.expect_status(201).text("/id");
        let id = place.api.get(&format!("/tasks/{key}")).await.text("/id");
        place.eve.get(&format!("/rules/{own}/why-not?task={id}")).await.expect_problem(404, "task_not_found");
        place.eve.get(&format!("/rules/{own}/why-not?event_id={event}")).await.expect_problem(404, "event_not_found");
        place.eve.get(&format!("/rules/{rule}/why-not?task={id}")).await.expect_problem(404, "rule_not_found");
        // A task that may not be seen is not there.
        for permission in ["rule.view", "event.view", "run.view", "task.view"] {
            place.api.post("/assignments", json!({ "user": place.gus_id, "permission": permission, "on": "workspace" })).await.expect_status(201);
        }
        place.gus.get(&format!("/rules/{rule}/why-not?task={id}")).await.expect_status(200);
        place.api.post("/assignments", json!({ "user": place.gus_id, "permission": "task.view", "effect": "deny", "on": id })).await.expect_status(201);
        place.gus.get(&format!("/rules/{rule}/why-not?task={id}")).await.expect_problem(404, "task_not_found");
    }
}

//! Dry runs: what a rule would do about one event, and the first thing that keeps it from that.

use serde_json::{Value, json};
use trackside_tests::both_databases;

use super::{NO_EVENT, Place, tells};

both_databases! {
    /// AUT-13.
    async fn a_dry_run_shows_each_step_with_its_inputs_and_does_nothing(db) {
        let place = Place::open(&db).await;
        let key = place.task(json!({ "title": "Pay", "priority": "high", "labels": ["billing"] })).await;
        for at in 0..2 {
            place.task(json!({ "title": format!("Part {at}"), "parent": key })).await;
        }
        place.patch(&key, json!({ "status": "blocked" })).await;
        let event = place.last("task.status_changed").await;
        // What came after does not count: the event says how the task was.
        place.patch(&key, json!({ "priority": "low", "title": "Other" })).await;
        place.quiet().await;
        let rule = json!({
            "name": "Escalate", "trigger": { "on": "task.status_changed", "match": { "to": "blocked" } },
            "condition": "task.priority in ['high', 'critical'] && task.labels.contains('billing')",
            "steps": [
                { "id": "up", "action": "task.update", "with": { "task": "{{ task.id }}", "priority": "critical", "status": "blocked" } },
                { "id": "nap", "wait": { "for": "2h" } },
                { "id": "call", "action": "http.request", "with": { "method": "POST", "url": place.sink.url("/x"), "body": { "title": "{{ task.title }}" } } },
                { "id": "big", "if": "task.priority == 'high'", "then": [
                    { "id": "say", "action": "task.comment", "with": { "task": "{{ task.key }}", "body": "since {{ change.from }}" } } ] },
                { "id": "subs", "for_each": "subtasks where status != 'completed'", "as": "sub", "do": [
                    { "id": "stop", "action": "task.set_status", "with": { "task": "{{ sub.key }}", "status": "blocked" } } ] },
                { "id": "end", "stop": "told {{ task.key }}" },
            ],
        });
        let tables = ["events", "runs", "run_steps", "comments", "notifications", "jobs", "rules"];
        let mut before = Vec::new();
        for table in tables { before.push(db.count(table).await); }

        let answer = place.dry_run(json!({ "rule": rule, "event_id": event })).await.expect_status(200);
        assert_eq!((answer.at("/fires"), answer.text("/run/state").as_str()), (&json!(true), "succeeded"));
        assert_eq!(answer.text("/event/id"), event);
        let steps = answer.at("/run/steps").as_array().unwrap();
        let told: Vec<String> = steps.iter().map(|step| format!("{} {}", step["path"].as_str().unwrap(), step["state"].as_str().unwrap())).collect();
        assert_eq!(told, ["up recorded", "nap recorded", "call recorded", "big entered", "say recorded", "subs entered",
            "subs[0].stop recorded", "subs[1].stop recorded", "end succeeded"]);
        assert_eq!(steps[0]["changes"], json!([{ "task": answer.text("/run/steps/0/input/task"), "field": "priority", "turn": "set", "from": "high", "to": "critical" }]));
        assert_eq!(steps[0]["does"], "Changes a task; what is left out stays.");
        assert_eq!(steps[2]["input"]["body"]["title"], "Pay", "as it was then");
        assert_eq!(steps[4]["input"], json!({ "task": key, "body": "since todo" }));
        assert_eq!(steps[6]["input"]["task"], "WEB-2");
        assert_eq!(steps[8]["output"]["reason"], format!("told {key}"));
        for part in answer.at("/condition").as_array().unwrap() { assert_eq!(part["holds"], true, "{part:#}"); }

        place.quiet().await;
        for (table, count) in tables.iter().zip(before) { assert_eq!(db.count(table).await, count, "{table}"); }
        assert!(place.sink.hits().is_empty());
    }

    /// AUT-13, AUT-14: what was false first, with its values at that moment.
    async fn a_dry_run_names_the_first_thing_that_was_false(db) {
        let place = Place::open(&db).await;
        let key = place.task(json!({ "title": "Pay", "priority": "low", "labels": ["billing"] })).await;
        place.patch(&key, json!({ "status": "blocked" })).await;
        let event = place.last("task.status_changed").await;
        place.patch(&key, json!({ "priority": "critical" })).await;
        let look = async |rule: Value| {
            let answer = place.dry_run(json!({ "rule": rule, "event_id": event })).await.expect_status(200);
            assert_eq!((answer.at("/fires"), &answer.body["run"]), (&json!(false), &Value::Null));
            answer.at("/because").clone()
        };
        let on = |more: Value| {
            let mut trigger = json!({ "on": "task.status_changed" });
            trigger.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            trigger
        };
        let because = look(tells("kind", json!({ "on": "task.created" }), Value::Null)).await;
        assert_eq!((&because["what"], &because["wanted"], &because["found"]), (&json!("kind"), &json!("task.created"), &json!("task.status_changed")));
        let because = look(tells("match", on(json!({ "match": { "task.labels": "billing", "to": ["completed", "cancelled"] } })), Value::Null)).await;
        assert_eq!((&because["what"], &because["at"], &because["found"]), (&json!("match"), &json!("to"), &json!("blocked")));
        assert_eq!(because["wanted"], json!(["completed", "cancelled"]));
        let mut rule = tells("scope", on(json!({})), Value::Null);
        rule["scope"] = json!({ "projects": ["OPS"] });
        let because = look(rule).await;
        assert_eq!((&because["what"], &because["wanted"], &because["found"]), (&json!("scope"), &json!(["OPS"]), &json!("WEB")));
        // The tree of the builder as well; of several parts the first that does not hold.
        let tree = json!({ "all": [{ "field": "task.labels", "op": "contains", "value": "billing" },
            { "field": "task.priority", "op": "in", "value": ["high", "critical"] }, { "field": "task.due_at", "op": "is_set" }] });
        for condition in [json!("task.labels.contains('billing') && task.priority in ['high', 'critical'] && task.due_at != ()"), tree] {
            let answer = place.dry_run(json!({ "rule": tells("condition", on(json!({})), condition), "event_id": event })).await.expect_status(200);
            assert_eq!(answer.text("/because/what"), "condition");
            assert_eq!(answer.at("/because/found"), &json!({ "task.priority": "low" }), "as it was then, and not as it is now");
            let held: Vec<&Value> = answer.at("/condition").as_array().unwrap().iter().map(|part| &part["holds"]).collect();
            assert_eq!(held, [&json!(true), &json!(false), &json!(false)]);
        }
        let because = look(tells("error", on(json!({})), json!("task.labels.contains('billing') && task.title.abs() > 1"))).await;
        assert_eq!((&because["what"], &because["run_state"]), (&json!("condition"), &json!("failed")));
        assert!(because["detail"].as_str().unwrap().contains("column"), "{because:#}");
        // What a rule caused.
        place.rule("enable", json!({ "name": "First", "trigger": { "on": "task.commented" }, "steps": [
            { "id": "mark", "action": "task.set_status", "with": { "task": "{{ task.id }}", "status": "in_progress" } } ] })).await;
        place.api.post(&format!("/tasks/{key}/comments"), json!({ "body": "go on" })).await.expect_status(201);
        let caused = place.last("task.status_changed").await;
        let answer = place.dry_run(json!({ "rule": tells("cause", on(json!({})), Value::Null), "event_id": caused })).await.expect_status(200);
        assert_eq!((answer.text("/because/what").as_str(), answer.text("/because/found/step").as_str()), ("cause", "mark"));
    }

    async fn an_event_may_be_made_up(db) {
        let place = Place::open(&db).await;
        let rule = tells("made up", json!({ "on": "hook.received", "match": { "hook": "alerts" } }), json!("body.n > 3"));
        let event = |n: i64| json!({ "kind": "hook.received", "data": { "hook": { "name": "alerts" }, "body": { "n": n } }, "occurred_at": "2026-01-01T00:00:00Z" });
        let answer = place.dry_run(json!({ "rule": rule, "event": event(4) })).await.expect_status(200);
        assert_eq!((answer.at("/fires"), &answer.body["event"]["id"], answer.text("/event/occurred_at").as_str()), (&json!(true), &Value::Null, "2026-01-01T00:00:00Z"));
        let answer = place.dry_run(json!({ "rule": rule, "event": event(3) })).await.expect_status(200);
        assert_eq!(answer.at("/because/found"), &json!({ "body.n": 3 }));
        // A rule by hand, and one by the clock, on what is made for it alone.
        let by_hand = json!({ "name": "hand", "trigger": { "on": "manual", "form": { "t": { "type": "string" } } },
            "steps": [{ "id": "end", "stop": "{{ inputs.t }}" }] });
        let answer = place.dry_run(json!({ "rule": by_hand, "event": { "kind": "manual", "data": { "inputs": { "t": "x" } } } })).await.expect_status(200);
        assert_eq!(answer.text("/run/steps/0/output/reason"), "x");
        let clock = json!({ "name": "clock", "trigger": { "on": "schedule", "every": "1h" }, "steps": [{ "id": "end", "stop": "{{ schedule.local }}" }] });
        let due = json!({ "kind": "schedule.occurred", "data": { "rule": { "id": "rule_01h455vb4pex5vsknk084sn02q" }, "schedule": { "local": "now", "skipped": null } } });
        let answer = place.dry_run(json!({ "rule": clock, "event": due })).await.expect_status(200);
        assert_eq!(answer.at("/fires"), &json!(true), "{:#}", answer.body);
    }

    async fn what_a_dry_run_cannot_be_asked_is_refused_with_its_place(db) {
        let place = Place::open(&db).await;
        let key = place.task(json!({ "title": "Pay" })).await;
        let event = place.last("task.created").await;
        let good = tells("good", json!({ "on": "task.created" }), Value::Null);
        place.dry_run(json!({ "rule": good, "event_id": NO_EVENT })).await.expect_problem(404, "event_not_found");
        place.dry_run(json!({ "rule": good, "event_id": "evt_nonsense" })).await.expect_problem(422, "invalid_fields");
        place.dry_run(json!({ "rule": good })).await.expect_problem(422, "invalid_fields");
        place.dry_run(json!({ "rule": good, "event_id": event, "event": { "kind": "task.created", "data": {} } })).await.expect_problem(422, "invalid_fields");
        let wrong = place.dry_run(json!({ "rule": good, "event": { "kind": "task.craeted", "data": {} } })).await.expect_problem(422, "invalid_fields");
        assert!(wrong.text("/detail").contains("`task.created`"), "{:#}", wrong.body);
        // A rule is checked as when it is saved: pointer, line, column and the nearest name.
        let wrong = place.dry_run(json!({ "rule": tells("bad", json!({ "on": "task.created" }), json!("true &&\n  task.pirority == 'low'")), "event_id": event })).await;
        let wrong = wrong.expect_problem(422, "rule_invalid");
        assert_eq!(wrong.text("/errors/0/pointer"), "/rule/condition");
        assert!(wrong.text("/errors/0/message").contains("line 2") && wrong.text("/errors/0/message").contains("priority"), "{:#}", wrong.body);
        let wrong = place.dry_run(json!({ "rule": { "nmae": "x" }, "event_id": event })).await.expect_problem(422, "rule_invalid");
        assert!(wrong.text("/errors/0/pointer").starts_with("/rule"), "{:#}", wrong.body);
        // Another workspace's event is not there, nor is one that may not be seen.
        place.eve.post("/rules/dry-run", json!({ "rule": good, "event_id": event })).await.expect_problem(404, "event_not_found");
        for permission in ["rule.view", "event.view", "task.view"] {
            place.api.post("/assignments", json!({ "user": place.gus_id, "permission": permission, "on": "workspace" })).await.expect_status(201);
        }
        place.gus.post("/rules/dry-run", json!({ "rule": good, "event_id": event })).await.expect_status(200);
        let id = place.api.get(&format!("/tasks/{key}")).await.text("/id");
        place.api.post("/assignments", json!({ "user": place.gus_id, "permission": "task.view", "effect": "deny", "on": id })).await.expect_status(201);
        place.gus.post("/rules/dry-run", json!({ "rule": good, "event_id": event })).await.expect_problem(404, "event_not_found");
    }

    async fn a_dry_run_is_cut_where_it_takes_too_much(db) {
        let place = Place::open(&db).await;
        let nested = |inner: Value| json!({ "name": "Loops", "trigger": { "on": "hook.received" }, "steps": [
            { "id": "a", "for_each": "body.l", "do": [{ "id": "b", "for_each": "body.l", "do": [inner] }] } ] });
        let event = |list: Value| json!({ "kind": "hook.received", "data": { "body": { "l": list }, "headers": {}, "hook": { "id": "hook_01m8cxg2sper9t6q1f00000000", "name": "x" } } });
        let body = json!({ "rule": nested(json!({ "id": "c", "if": "item == 1", "then": [] })), "event": event(json!(vec![1; 60])) });
        let many = place.dry_run(body).await.expect_status(200);
        assert_eq!((many.text("/run/state").as_str(), many.text("/run/error/code").as_str()), ("failed", "too_many_steps"), "{:#}", many.at("/run/error"));
        assert_eq!(many.at("/run/steps").as_array().unwrap().len(), 2_000);
        let body = json!({ "rule": nested(json!({ "id": "c", "script": "body.l" })), "event": event(json!(vec!["x".repeat(1_000); 40])) });
        let large = place.dry_run(body).await.expect_status(200);
        assert_eq!(large.text("/run/error/code"), "too_large");
        assert!(large.body.to_string().len() < 3 * 1024 * 1024);
    }

    /// A rehearsal goes over tasks with the eyes of whoever asks.
    async fn a_dry_run_shows_nobody_what_they_may_not_see(db) {
        let place = Place::open(&db).await;
        let key = place.task(json!({ "title": "Pay" })).await;
        for at in 1..=2 {
            place.task(json!({ "title": format!("Part {at}"), "parent": key })).await;
        }
        place.patch(&key, json!({ "status": "blocked" })).await;
        let event = place.last("task.status_changed").await;
        let rule = json!({ "name": "Parts", "trigger": { "on": "task.status_changed" }, "steps": [
            { "id": "subs", "for_each": "subtasks", "as": "sub", "do": [
                { "id": "say", "action": "task.comment", "with": { "task": "{{ sub.id }}", "body": "{{ sub.title }}" } } ] } ] });
        for permission in ["rule.view", "event.view", "task.view"] {
            place.api.post("/assignments", json!({ "user": place.gus_id, "permission": permission, "on": "workspace" })).await.expect_status(201);
        }
        let hidden = place.api.get("/tasks/WEB-2").await.text("/id");
        place.api.post("/assignments", json!({ "user": place.gus_id, "permission": "task.view", "effect": "deny", "on": hidden })).await.expect_status(201);
        let body = json!({ "rule": rule, "event_id": event });
        let all = place.dry_run(body.clone()).await.expect_status(200);
        assert_eq!(all.at("/run/steps").as_array().unwrap().len(), 3);
        let seen = place.gus.post("/rules/dry-run", body.clone()).await.expect_status(200);
        assert_eq!(seen.at("/run/steps").as_array().unwrap().len(), 2, "{:#}", seen.body);
        assert!(!seen.body.to_string().contains("Part 1"), "{:#}", seen.body);
        // Nor does a token that is kept from tasks.
        let token = json!({ "name": "narrow", "scopes": ["rule.view", "event.view"] });
        let token = place.api.post("/tokens", token).await.expect_status(201).text("/token");
        let narrow = place.api.with_token(&token);
        narrow.post("/rules/dry-run", body).await.expect_problem(404, "event_not_found");
        let made_up = json!({ "kind": "task.status_changed", "data": { "task": { "id": hidden }, "project": { "key": "WEB" } } });
        let seen = narrow.post("/rules/dry-run", json!({ "rule": rule, "event": made_up })).await.expect_status(200);
        assert!(!seen.body.to_string().contains("Part"), "{:#}", seen.body);
    }
}

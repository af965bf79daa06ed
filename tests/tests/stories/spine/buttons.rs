//! Rules that are started by hand on a task: which buttons it has, and what pressing one does.

use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, People};

use super::{Place, told};

fn escalate() -> Value {
    json!({
        "name": "Escalate", "scope": { "projects": ["WEB"] },
        "trigger": { "on": "manual", "subject": "task", "label": "Escalate this", "match": { "task.status": ["todo", "in_progress"] },
            "form": { "why": { "type": "string", "required": true, "label": "Why?" }, "urgent": { "type": "boolean", "default": false } } },
        "condition": "task.priority != 'low'",
        "steps": [
            { "id": "raise", "action": "task.update", "with": { "task": "{{ task.id }}", "priority": "{{ if inputs.urgent { 'critical' } else { 'high' } }}" } },
            { "id": "say", "action": "task.comment", "with": { "task": "{{ task.key }}", "body": "{{ actor.id }} in {{ project.key }}: {{ inputs.why }} (was {{ task.priority }})" } },
        ],
    })
}

async fn labels(api: &Api, task: &str) -> Vec<String> {
    let page = api.get(&format!("/tasks/{task}/buttons")).await.expect_status(200);
    page.at("/items").as_array().unwrap().iter().map(|button| button["label"].as_str().unwrap().to_owned()).collect()
}

async fn task(api: &Api, project: &str, more: Value) -> String {
    let mut body = more;
    body["title"] = json!("Fragile");
    api.post(&format!("/projects/{project}/tasks"), body).await.expect_status(201).text("/key")
}

both_databases! {
    async fn a_button_starts_its_rule_on_the_task(db) {
        let place = Place::open(&db).await;
        let api = &place.api;
        let key = task(api, "WEB", json!({})).await;
        let rule = api.post("/rules", escalate()).await.expect_status(201).text("/id");
        assert!(labels(api, &key).await.is_empty(), "a draft is no button");
        api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        let page = api.get(&format!("/tasks/{key}/buttons")).await.expect_status(200);
        assert_eq!((page.text("/items/0/rule"), page.text("/items/0/label"), page.text("/items/0/form/why/label")), (rule.clone(), "Escalate this".into(), "Why?".into()));

        let press = json!({ "task": key, "inputs": { "why": "the customer waits" } });
        let keyed = api.with_header("idempotency-key", "press-1");
        let started = keyed.post(&format!("/rules/{rule}/run"), press.clone()).await.expect_status(202);
        let again = keyed.post(&format!("/rules/{rule}/run"), press).await.expect_status(202);
        assert_eq!(started.text("/id"), again.text("/id"), "one press, sent twice");
        let run = place.over(&started.text("/id")).await;
        assert_eq!(told(&run), ["raise succeeded", "say succeeded"], "{:#}", run.body);
        let me = api.get("/me").await.text("/user/id");
        let comments = api.get(&format!("/tasks/{key}/comments")).await.expect_status(200);
        assert_eq!(comments.text("/items/0/body"), format!("{me} in WEB: the customer waits (was medium)"));
        assert_eq!(api.get(&format!("/tasks/{key}")).await.text("/priority"), "high");
        assert_eq!(place.runs(&rule).await.len(), 1);

        // The run stands on an event, so that it is known who pressed, and is repeated on the same.
        let event = api.get(&format!("/events/{}", run.text("/event"))).await.expect_status(200);
        assert_eq!((event.text("/kind"), event.text("/actor/id"), event.text("/data/rule/id")), ("task.button_pressed".into(), me.clone(), rule.clone()));
        let why = api.get(&format!("/tasks/{key}/why?field=priority")).await.expect_status(200);
        assert_eq!((why.text("/root/what"), why.text("/chain/0/by/rule")), ("person".into(), rule.clone()), "{:#}", why.body);
        let rerun = api.post(&format!("/runs/{}/rerun", run.text("/id")), json!({})).await.expect_status(202);
        let rerun = place.over(&rerun.text("/id")).await;
        assert_eq!(rerun.text("/steps/1/input/body"), format!("{me} in WEB: the customer waits (was medium)"));

        // In shadow it says so, and only records.
        api.post(&format!("/rules/{rule}/shadow"), json!({})).await.expect_status(200);
        assert_eq!(api.get(&format!("/tasks/{key}/buttons")).await.at("/items/0/shadow"), &json!(true));
        let shadow = api.post(&format!("/rules/{rule}/run"), json!({ "task": key, "inputs": { "why": "x" } })).await.expect_status(202);
        assert_eq!(told(&place.over(&shadow.text("/id")).await), ["raise recorded", "say recorded"]);
    }

    async fn a_task_has_the_buttons_that_fit_it(db) {
        let place = Place::open(&db).await;
        let api = &place.api;
        api.post("/projects", json!({ "key": "OPS", "name": "Operations" })).await.expect_status(201);
        let rule = place.rule(escalate()).await;
        let web = task(api, "WEB", json!({})).await;
        let (done, low, ops) = (task(api, "WEB", json!({ "status": "completed" })).await, task(api, "WEB", json!({ "priority": "low" })).await, task(api, "OPS", json!({})).await);
        for (key, shown) in [(&web, 1), (&done, 0), (&low, 0), (&ops, 0)] {
            assert_eq!(labels(api, key).await.len(), shown, "{key}");
        }
        let path = format!("/rules/{rule}/run");
        let run = |key: &str, inputs: Value| api.post(&path, json!({ "task": key, "inputs": inputs }));
        let why = json!({ "why": "x" });
        for (key, said) in [(&done, "`match` wants another `task.status` than \"completed\""), (&ops, "it is for WEB")] {
            let refused = run(key, why.clone()).await.expect_problem(409, "button_not_for_task");
            assert!(refused.text("/detail").contains(said), "{:#}", refused.body);
        }
        let skipped = run(&low, why.clone()).await.expect_status(202);
        assert_eq!((skipped.text("/state"), skipped.text("/error/code")), ("skipped".into(), "condition_false".into()));
        let pointer = async |body: Value| {
            let refused = api.post(&format!("/rules/{rule}/run"), body).await.expect_status(422);
            refused.text("/errors/0/pointer")
        };
        assert_eq!(pointer(json!({ "task": web })).await, "/inputs/why");
        assert_eq!(pointer(json!({ "task": web, "inputs": { "why": 1 } })).await, "/inputs/why");
        assert_eq!(pointer(json!({ "task": web, "inputs": { "why": "x", "whi": "x" } })).await, "/inputs/whi");
        assert_eq!(pointer(json!({ "inputs": { "why": "x" } })).await, "/task");
        let plain = place.rule(json!({ "name": "Plain", "trigger": { "on": "manual" }, "steps": [{ "id": "end", "stop": "done" }] })).await;
        let refused = api.post(&format!("/rules/{plain}/run"), json!({ "task": web })).await.expect_status(422);
        assert_eq!(refused.text("/errors/0/pointer"), "/task");
        let caller = place.on_hook("Calls it", json!([{ "id": "other", "call": "Escalate", "with": { "why": "x" } }])).await;
        place.post(json!({})).await;
        let called = place.last(&caller, 1).await;
        assert!(called.text("/error/message").contains("by its button"), "{:#}", called.body);
        for (trigger, pointer) in [
            (json!({ "on": "task.created", "subject": "task" }), "/trigger/subject"),
            (json!({ "on": "manual", "label": "Go" }), "/trigger/label"),
            (json!({ "on": "manual", "match": { "task.status": "todo" } }), "/trigger/match"),
            (json!({ "on": "manual", "subject": "task", "label": " " }), "/trigger/label"),
            (json!({ "on": "manual", "subject": "task", "match": { "task.statuss": "todo" } }), "/trigger/match/task.statuss"),
        ] {
            let verdict = api.post("/rules/check", json!({ "name": "x", "trigger": trigger, "steps": [{ "id": "end", "stop": "x" }] })).await.expect_status(200);
            assert!(verdict.at("/problems").as_array().unwrap().iter().any(|problem| problem["pointer"] == pointer), "{pointer}: {:#}", verdict.body);
        }
    }

    async fn a_button_is_for_those_who_may_run_the_rule_and_see_the_task(db) {
        let place = Place::open(&db).await;
        let api = &place.api;
        let workspace = api.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let (key, rule) = (task(api, "WEB", json!({})).await, place.rule(escalate()).await);
        let press = json!({ "task": key, "inputs": { "why": "x" } });
        let run = format!("/rules/{rule}/run");

        let vic = people.member(&place.server, &workspace, "Vic", Role::Viewer).await;
        vic.get(&format!("/tasks/{key}/buttons")).await.expect_status(403);
        vic.post(&run, press.clone()).await.expect_status(403);
        let mia = people.member(&place.server, &workspace, "Mia", Role::ProjectManager).await;
        assert_eq!(labels(&mia, &key).await, ["Escalate this"]);
        let id = mia.get("/me").await.text("/user/id");
        let project = api.get("/projects/WEB").await.text("/id");
        let deny = json!({ "user": id, "permission": "task.view", "effect": "deny", "on": project });
        let deny = api.post("/assignments", deny).await.expect_status(201).text("/id");
        mia.get(&format!("/tasks/{key}/buttons")).await.expect_problem(404, "task_not_found");
        mia.post(&run, press.clone()).await.expect_problem(404, "task_not_found");
        api.delete(&format!("/assignments/{deny}")).await.expect_status(204);
        mia.post(&run, press.clone()).await.expect_status(202);

        let eve = people.owner_elsewhere(&place.server, "Eve").await;
        eve.get(&format!("/tasks/{key}/buttons")).await.expect_problem(404, "task_not_found");
        eve.post(&run, press).await.expect_problem(404, "rule_not_found");
        people.leave().await;
    }
}

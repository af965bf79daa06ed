//! What a project holds has names, and so has a task: neither the log nor a rule tells them to those who may not see them.

use serde_json::{Value, json};
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, Socket};

use super::{Firm, log};

/// Until the log has an event of this kind.
async fn until(api: &Api, kind: &str) {
    while !log(api).await.iter().any(|event| event["kind"] == kind) {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

both_databases! {
    async fn the_log_names_nothing_of_a_project_that_may_not_be_seen(db) {
        let firm = Firm::open(&db).await;
        firm.assign(json!({ "user": firm.tom_id, "permission": "project.view", "effect": "deny", "on": "OPS" })).await;
        firm.assign(json!({ "user": firm.tom_id, "permission": "milestone.view", "effect": "deny", "on": "WEB" })).await;
        let workspace = firm.tom.get("/me").await.text("/workspace/id");
        let mut socket = Socket::hello(&firm.server, firm.tom.token()).await;
        socket.say(json!({ "type": "subscribe", "topic": format!("workspace:{workspace}") })).await;
        assert_eq!(socket.hear().await["type"], "subscribed");
        firm.ada.patch("/projects/OPS", json!({ "name": "Secret merger" })).await.expect_status(200);
        for (path, new) in [
            ("/projects/OPS/milestones", json!({ "name": "Secret milestone" })),
            ("/projects/WEB/milestones", json!({ "name": "Secret milestone" })),
            ("/projects/OPS/sprints", json!({ "name": "Secret sprint" })),
            ("/projects/OPS/task-templates", json!({ "name": "Secret kit", "task": { "title": "Kit" } })),
            ("/projects/WEB/task-templates", json!({ "name": "Open kit", "task": { "title": "Kit" } })),
        ] {
            firm.ada.post(path, new).await.expect_status(201);
        }
        until(&firm.tom, "task_template.created").await;
        let seen = log(&firm.ada).await;
        for kind in ["project.updated", "milestone.created", "sprint.created"] {
            assert!(seen.iter().any(|event| event["kind"] == kind), "{kind} is in the log: {seen:#?}");
        }
        let heard = log(&firm.tom).await;
        assert!(!json!(heard).to_string().contains("Secret"), "{heard:#?}");
        assert!(heard.iter().any(|event| event["kind"] == "project.created" && event["project"] == firm.web.as_str()), "{heard:#?}");
        loop {
            let told = socket.hear().await.to_string();
            assert!(!told.contains("Secret"), "{told}");
            if told.contains("Open kit") {
                break;
            }
        }
        // A token that may not see projects reads nothing of them, either.
        let made = firm.ada.post("/tokens", json!({ "name": "t", "scopes": ["event.view", "task.view"] })).await.expect_status(201);
        let heard = log(&firm.ada.with_token(&made.text("/token"))).await;
        assert!(!heard.is_empty() && !json!(heard).to_string().contains("Secret"), "{heard:#?}");
    }

    async fn a_rule_tells_of_a_task_to_those_who_see_it(db) {
        let firm = Firm::open(&db).await;
        firm.assign(json!({ "user": firm.tom_id, "permission": "task.view", "effect": "deny", "on": "OPS" })).await;
        let rule = json!({ "name": "Says", "trigger": { "on": "task.updated" }, "steps": [
            { "id": "say", "action": "notify.send", "with": { "to": [firm.tom_id, "owner"], "message": "now {{ task.title }}" } }] });
        let rule = firm.ada.post("/rules", rule).await.expect_status(201).text("/id");
        firm.ada.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        firm.ada.patch("/tasks/OPS-1", json!({ "title": "Secret merger" })).await.expect_status(200);
        firm.ada.patch("/tasks/WEB-1", json!({ "title": "Open door" })).await.expect_status(200);
        let told = async |api: &Api, text: &str| loop {
            let notes = api.get("/notifications").await.expect_status(200);
            let items: Vec<Value> = notes.at("/items").as_array().unwrap().clone();
            if let Some(note) = items.iter().find(|note| note["message"] == text) {
                break note.clone();
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        };
        told(&firm.ada, "now Secret merger").await;
        let open = told(&firm.tom, "now Open door").await;
        assert_eq!((&open["task"], &open["project"]), (&json!(firm.task("WEB-1").await), &json!(firm.web)), "it leads to the task");
        db.quiet(std::time::Duration::from_secs(30)).await;
        let notes = firm.tom.get("/notifications").await.expect_status(200);
        assert!(!notes.body.to_string().contains("Secret"), "{:#}", notes.body);
    }
}

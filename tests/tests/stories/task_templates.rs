//! Task templates.

use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, People, Server};

async fn place(server: &Server) -> Api {
    let api = Api::set_up(server).await;
    api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
    api
}

fn customer() -> Value {
    json!({ "name": "New customer", "task": {
        "title": "Set up {{ customer }}", "description": "For {{ customer }} ({{plan}}).", "checklist": ["Contract of {{ customer }} signed", "Invoice sent"], "type": "feature", "priority": "high",
        "labels": ["{{ plan }}"], "assignees": ["project_owner", "applier"], "start_in": "1d", "due_in": "1w", "custom": { "size": 3 },
        "subtasks": [{ "title": "Account", "due_in": "2d", "subtasks": [{ "title": "Password for {{ customer }}" }] }, { "title": "Training" }],
    } })
}

both_databases! {
    async fn a_template_is_applied_with_its_placeholders_filled(db) {
        let server = Server::start(&db).await;
        let api = place(&server).await;
        let template = api.post("/projects/WEB/task-templates", customer()).await.expect_status(201);
        assert_eq!((template.at("/variables"), template.text("/task/due_in")), (&json!(["customer", "plan"]), "7d".into()));
        let apply = format!("/task-templates/{}/apply", template.text("/id"));
        let how = json!({ "variables": { "customer": "Acme", "plan": "gold" }, "start": "2026-03-02T08:00:00Z" });
        let applied = api.post(&apply, how.clone()).await.expect_status(201);
        assert_eq!(applied.at("/keys"), &json!(["WEB-1", "WEB-2", "WEB-3", "WEB-4"]));
        let me = api.get("/me").await.text("/user/id");
        let task = api.get("/tasks/WEB-1").await.expect_status(200);
        let expected = json!({ "title": "Set up Acme", "description": "For Acme (gold).\n\n- [ ] Contract of Acme signed\n- [ ] Invoice sent", "type": "feature", "priority": "high", "labels": ["gold"],
            "assignees": [me], "start_at": "2026-03-03T08:00:00Z", "due_at": "2026-03-09T08:00:00Z", "custom": { "size": 3 } });
        for (field, value) in expected.as_object().unwrap() {
            assert_eq!(&task.body[field], value, "{field}");
        }
        let parent = |key: &'static str| { let api = api.clone(); async move { let task = api.get(&format!("/tasks/{key}")).await; (task.text("/title"), task.text("/parent")) } };
        let id = async |key: &str| api.get(&format!("/tasks/{key}")).await.text("/id");
        assert_eq!(parent("WEB-2").await, ("Account".into(), id("WEB-1").await));
        assert_eq!(parent("WEB-3").await, ("Password for Acme".into(), id("WEB-2").await));
        assert_eq!(parent("WEB-4").await, ("Training".into(), id("WEB-1").await));

        // All or nothing: the third task's title would be too long.
        let long = json!({ "variables": { "customer": "x".repeat(490), "plan": "gold" } });
        let refused = api.post(&apply, long).await.expect_problem(422, "invalid_fields");
        assert_eq!(refused.text("/errors/0/pointer"), "/task/subtasks/0/subtasks/0/title");
        for (how, pointer) in [(json!({}), "/variables/customer"), (json!({ "variables": { "customer": "a", "plan": "b", "odd": "c" } }), "/variables/odd"), (json!({ "variables": { "customer": "a\u{0}", "plan": "b" } }), "/variables/customer"),
            (json!({ "variables": { "customer": "a", "plan": "b" }, "parent": "WEB-99" }), "/task/parent"), (json!({ "variables": { "customer": 3 } }), "/variables/customer"), (json!({ "start": "soon" }), "/start")] {
            assert_eq!(api.post(&apply, how).await.expect_problem(422, "invalid_fields").text("/errors/0/pointer"), pointer);
        }
        assert_eq!(api.get("/tasks?total=true").await.at("/total"), &json!(4));
        let below = api.post(&apply, json!({ "variables": { "customer": "B", "plan": "c" }, "parent": "WEB-4" })).await.expect_status(201);
        assert_eq!(below.text("/task/parent"), id("WEB-4").await);

        let path = format!("/task-templates/{}", template.text("/id"));
        let changed = api.with_header("if-match", "\"1\"").patch(&path, json!({ "task": { "title": "Plain" } })).await.expect_status(200);
        assert_eq!((changed.at("/version"), changed.at("/variables")), (&json!(2), &json!([])));
        api.with_header("if-match", "\"1\"").patch(&path, json!({ "name": "x" })).await.expect_problem(412, "stale");
        api.post(&apply, how).await.expect_problem(422, "invalid_fields");
        assert_eq!(api.get("/projects/WEB/task-templates").await.at("/items").as_array().unwrap().len(), 1);
        api.delete(&path).await.expect_status(204);
        api.get(&path).await.expect_problem(404, "task_template_not_found");
    }

    async fn a_rule_applies_a_template(db) {
        let server = Server::start(&db).await;
        let api = place(&server).await;
        let template = api.post("/projects/WEB/task-templates", json!({ "name": "Check", "task": { "title": "Check {{ what }}" } })).await.expect_status(201).text("/id");
        let rule = json!({ "name": "Check", "trigger": { "on": "task.created" }, "condition": "task.parent == ()",
            "steps": [{ "id": "apply", "action": "task.apply_template", "with": { "template": template, "variables": { "what": "{{ task.title }}" }, "parent": "{{ task.id }}" } }] });
        let rule = api.post("/rules", rule).await.expect_status(201).text("/id");
        api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        api.post("/projects/WEB/tasks", json!({ "title": "One" })).await.expect_status(201);
        let start = std::time::Instant::now();
        loop {
            let made = api.get("/tasks/WEB-2").await;
            if made.status == 200 {
                assert_eq!(made.text("/title"), "Check One");
                break;
            }
            assert!(start.elapsed() < std::time::Duration::from_secs(30));
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    async fn what_is_no_template_is_refused(db) {
        let server = Server::start(&db).await;
        let api = place(&server).await;
        let mut deep = json!({ "title": "x" });
        for _ in 0..8 { deep = json!({ "title": "x", "subtasks": [deep] }); }
        let many: Vec<_> = (0..100).map(|_| json!({ "title": "x" })).collect();
        for (task, pointer) in [
            (json!({ "title": "" }), "/task/title"), (json!({ "title": "{{ A }}" }), "/task/title"), (json!({ "title": "{{ a" }), "/task/title"), (json!({ "title": "a", "labels": ["b", "{{}}"] }), "/task/labels/1"),
            (json!({ "title": "a", "due_in": "soon" }), "/task/due_in"), (json!({ "title": "a", "assignees": ["everybody"] }), "/task/assignees/0"), (json!({ "title": "a", "colour": 1 }), "/task/colour"),
            (json!({ "title": "a", "subtasks": many }), "/task"), (json!({ "title": "a", "description": "x".repeat(140_000) }), "/task"), (json!({ "title": "a\u{0}" }), "/task"), (json!({}), "/task/title"),
        ] {
            assert_eq!(api.post("/projects/WEB/task-templates", json!({ "name": "T", "task": task })).await.expect_problem(422, "invalid_fields").text("/errors/0/pointer"), pointer);
        }
        let refused = api.post("/projects/WEB/task-templates", json!({ "name": "T", "task": deep })).await.expect_problem(422, "invalid_fields");
        assert!(refused.text("/errors/0/message").contains("levels"));
        let workspace = api.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let (viewer, worker) = (people.member(&server, &workspace, "Vic", Role::Viewer).await, people.member(&server, &workspace, "Wim", Role::TeamMember).await);
        people.leave().await;
        let template = api.post("/projects/WEB/task-templates", json!({ "name": "T", "task": { "title": "a", "assignees": ["applier"] } })).await.expect_status(201).text("/id");
        worker.patch(&format!("/task-templates/{template}"), json!({ "name": "x" })).await.expect_problem(403, "denied");
        viewer.post(&format!("/task-templates/{template}/apply"), json!({})).await.expect_problem(403, "denied");
        worker.post(&format!("/task-templates/{template}/apply"), json!({})).await.expect_status(201);
    }
}

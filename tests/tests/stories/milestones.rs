//! Milestones over the interface, and a rule that completes one.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, People, Server};

async fn project(server: &Server) -> Api {
    let api = Api::set_up(server).await;
    api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
    api
}

/// Asks until the answer is as wanted.
async fn until(api: &Api, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let start = Instant::now();
    loop {
        let answer = api.get(path).await.expect_status(200).body;
        if wanted(&answer) {
            return answer;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{answer:#}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

both_databases! {
    async fn a_project_has_milestones(db) {
        let server = Server::start(&db).await;
        let api = project(&server).await;
        let made = api.post("/projects/WEB/milestones", json!({ "name": "Beta", "description": "First look", "due_at": "2026-09-01T16:00:00Z" })).await.expect_status(201);
        let id = made.text("/id");
        assert_eq!((made.text("/status"), made.text("/due_at"), &made.headers["etag"]), ("open".into(), "2026-09-01T16:00:00Z".into(), &"\"1\"".parse().unwrap()));
        let task = api.post("/projects/WEB/tasks", json!({ "title": "One", "milestone": id })).await.expect_status(201);
        assert_eq!(task.text("/milestone"), id);
        api.post("/projects/WEB/tasks", json!({ "title": "Two" })).await.expect_status(201);
        let changed = api.patch("/tasks/WEB-2", json!({ "milestone": id })).await.expect_status(200);
        assert_eq!(changed.text("/milestone"), id);
        api.patch("/tasks/WEB-2", json!({ "status": "completed" })).await.expect_status(200);
        let path = format!("/milestones/{id}");
        let seen = api.get(&path).await.expect_status(200);
        assert_eq!(seen.at("/progress"), &json!({ "total": 2, "open": 1, "completed": 1, "cancelled": 0 }));
        let listed = api.get("/projects/WEB/milestones?status=open").await.expect_status(200);
        assert_eq!(listed.at("/items"), &json!([seen.body]));
        assert_eq!(api.get("/projects/WEB/milestones?status=completed").await.expect_status(200).at("/items"), &json!([]));
        let tasks = api.get(&format!("/tasks?milestone={id}&sort=key")).await.expect_status(200);
        assert_eq!((tasks.text("/items/0/key"), tasks.text("/items/1/key")), ("WEB-1".into(), "WEB-2".into()));
        assert_eq!(api.get("/tasks?milestone=none").await.expect_status(200).at("/items"), &json!([]));

        let done = api.with_header("if-match", "\"1\"").patch(&path, json!({ "status": "completed" })).await.expect_status(200);
        assert!(done.at("/completed_at").is_string());
        api.with_header("if-match", "\"1\"").patch(&path, json!({ "status": "open" })).await.expect_problem(412, "stale");
        api.with_header("if-match", "\"1\"").delete(&path).await.expect_problem(412, "stale");
        assert_eq!(api.patch(&path, json!({ "status": "open" })).await.expect_status(200).at("/completed_at"), &Value::Null);
        for (body, pointer) in [(json!({ "name": null }), "/name"), (json!({ "name": "" }), "/name"), (json!({ "status": "done" }), "/status"), (json!({ "status": null }), "/status"),
            (json!({ "due_at": "soon" }), "/due_at"), (json!({ "project": "APP" }), "/project")] {
            assert_eq!(api.patch(&path, body).await.expect_problem(422, "invalid_fields").text("/errors/0/pointer"), pointer);
        }
        assert_eq!(api.patch("/tasks/WEB-1", json!({ "milestone": "mile_01h455vb4pex5vsknk084sn02q" })).await.expect_problem(422, "invalid_fields").text("/errors/0/pointer"), "/milestone");
        api.delete(&path).await.expect_status(204);
        assert_eq!(api.get("/tasks/WEB-1").await.expect_status(200).at("/milestone"), &Value::Null);
        api.get(&path).await.expect_problem(404, "milestone_not_found");
        // A milestone goes with its project.
        let last = api.post("/projects/WEB/milestones", json!({ "name": "Last" })).await.expect_status(201).text("/id");
        api.patch("/tasks/WEB-1", json!({ "milestone": last })).await.expect_status(200);
        api.delete("/projects/WEB").await.expect_status(204);
        api.get(&format!("/milestones/{last}")).await.expect_problem(404, "milestone_not_found");
    }

    async fn a_rule_completes_a_milestone_when_its_last_task_is_done(db) {
        let server = Server::start(&db).await;
        let api = project(&server).await;
        let rule = json!({ "name": "Reached", "trigger": { "on": "milestone.tasks_completed" }, "condition": "progress.completed >= 2",
            "steps": [{ "id": "done", "action": "milestone.complete", "with": { "milestone": "{{ milestone.id }}" } }] });
        let rule = api.post("/rules", rule).await.expect_status(201).text("/id");
        api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        let id = api.post("/projects/WEB/milestones", json!({ "name": "Beta" })).await.expect_status(201).text("/id");
        for title in ["One", "Two"] {
            api.post("/projects/WEB/tasks", json!({ "title": title, "milestone": id })).await.expect_status(201);
        }
        // Both at the same moment: it is announced once, and completed once.
        let done = json!({ "status": "completed" });
        let (one, two) = tokio::join!(api.patch("/tasks/WEB-1", done.clone()), api.patch("/tasks/WEB-2", done));
        one.expect_status(200);
        two.expect_status(200);
        let reached = until(&api, &format!("/milestones/{id}"), |milestone| milestone["status"] == "completed").await;
        assert!(reached["completed_at"].is_string());
        let log = until(&api, "/events?after=0&limit=200", |log| log["items"].as_array().unwrap().iter().any(|event| event["kind"] == "milestone.completed")).await;
        let of = |kind: &str| log["items"].as_array().unwrap().iter().filter(|event| event["kind"] == kind).cloned().collect::<Vec<_>>();
        let (announced, completed) = (of("milestone.tasks_completed"), of("milestone.completed"));
        assert_eq!((announced.len(), completed.len()), (1, 1));
        assert_eq!((&completed[0]["cause"]["event"], &completed[0]["subject"]), (&announced[0]["id"], &json!(id)));
        assert_eq!(announced[0]["data"]["progress"]["completed"], 2);
    }

    async fn whoever_runs_projects_sets_milestones_and_whoever_sees_them_looks(db) {
        let server = Server::start(&db).await;
        let api = project(&server).await;
        let id = api.post("/projects/WEB/milestones", json!({ "name": "Beta" })).await.expect_status(201).text("/id");
        let workspace = api.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let (worker, manager) = (people.member(&server, &workspace, "Wim", Role::TeamMember).await, people.member(&server, &workspace, "Mia", Role::ProjectManager).await);
        people.leave().await;
        worker.post("/projects/WEB/milestones", json!({ "name": "Mine" })).await.expect_problem(403, "denied");
        worker.patch(&format!("/milestones/{id}"), json!({ "name": "Mine" })).await.expect_problem(403, "denied");
        worker.delete(&format!("/milestones/{id}")).await.expect_problem(403, "denied");
        worker.get(&format!("/milestones/{id}")).await.expect_status(200);
        worker.post("/projects/WEB/tasks", json!({ "title": "One", "milestone": id })).await.expect_status(201);
        manager.patch(&format!("/milestones/{id}"), json!({ "name": "Hers" })).await.expect_status(200);
        let narrow = api.post("/tokens", json!({ "name": "narrow", "scopes": ["task.*"] })).await.expect_status(201).text("/token");
        api.with_token(&narrow).get(&format!("/milestones/{id}")).await.expect_problem(403, "denied");
    }
}

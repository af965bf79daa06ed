//! Sprints: planned, filled, started, closed.

use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, People, Server};

async fn place(server: &Server) -> Api {
    let api = Api::set_up(server).await;
    api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
    api
}

async fn sprint(api: &Api, name: &str) -> String {
    api.post("/projects/WEB/sprints", json!({ "name": name })).await.expect_status(201).text("/id")
}

async fn keys(api: &Api, query: &str) -> Vec<String> {
    let tasks = api.get(&format!("/tasks?sort=key&{query}")).await.expect_status(200);
    tasks.at("/items").as_array().unwrap().iter().map(|task| task["key"].as_str().unwrap().to_owned()).collect()
}

both_databases! {
    async fn a_sprint_is_filled_started_and_closed(db) {
        let server = Server::start(&db).await;
        let api = place(&server).await;
        let new = json!({ "name": "One", "goal": "Payments", "starts_at": "2026-03-02T08:00:00Z", "ends_at": "2026-03-13T16:00:00Z" });
        let one = api.post("/projects/WEB/sprints", new).await.expect_status(201);
        assert_eq!((one.text("/state"), one.at("/version"), one.at("/started_at")), ("planned".into(), &json!(1), &Value::Null));
        let (one, two) = (one.text("/id"), sprint(&api, "Two").await);
        for (title, sprint) in [("a", Some(&one)), ("b", Some(&one)), ("c", Some(&one)), ("d", None)] {
            api.post("/projects/WEB/tasks", json!({ "title": title, "sprint": sprint })).await.expect_status(201);
        }
        let moved = api.patch("/tasks/WEB-4", json!({ "sprint": two })).await.expect_status(200);
        assert_eq!(moved.text("/sprint"), two);
        assert_eq!(api.patch("/tasks/WEB-4", json!({ "sprint": null })).await.expect_status(200).at("/sprint"), &Value::Null);
        assert_eq!(keys(&api, &format!("sprint={one}")).await, ["WEB-1", "WEB-2", "WEB-3"]);
        assert_eq!(keys(&api, "sprint=none").await, ["WEB-4"]);
        assert_eq!(keys(&api, &format!("sprint={one},{two}&status=todo")).await.len(), 3);

        let started = api.post(&format!("/sprints/{one}/start"), json!({})).await.expect_status(200);
        assert_eq!(started.text("/state"), "active");
        api.post(&format!("/sprints/{two}/start"), json!({})).await.expect_problem(409, "sprint_active");
        api.post(&format!("/sprints/{one}/start"), json!({})).await.expect_problem(409, "sprint_state");
        api.delete(&format!("/sprints/{one}")).await.expect_problem(409, "sprint_active");
        api.patch("/tasks/WEB-1", json!({ "status": "completed" })).await.expect_status(200);
        api.patch("/tasks/WEB-2", json!({ "status": "cancelled" })).await.expect_status(200);
        let closed = api.post(&format!("/sprints/{one}/close"), json!({ "move_to": two })).await.expect_status(200);
        assert_eq!((closed.text("/sprint/state"), closed.at("/moved")), ("closed".into(), &json!(1)));
        assert_eq!(keys(&api, &format!("sprint={one}")).await, ["WEB-1", "WEB-2"], "what was done stays");
        assert_eq!(keys(&api, &format!("sprint={two}")).await, ["WEB-3"]);
        assert_eq!(api.get("/tasks/WEB-3").await.at("/version"), &json!(2));
        api.patch("/tasks/WEB-4", json!({ "sprint": one })).await.expect_problem(422, "invalid_fields");
        api.post(&format!("/sprints/{one}/close"), json!({})).await.expect_problem(409, "sprint_state");
        // The next one, into the backlog; without a body, too.
        api.post(&format!("/sprints/{two}/start"), json!({})).await.expect_status(200);
        let closed = api.send(reqwest::Method::POST, &format!("/sprints/{two}/close"), None).await.expect_status(200);
        assert_eq!(closed.at("/moved"), &json!(1));
        assert_eq!(keys(&api, "sprint=none").await, ["WEB-3", "WEB-4"]);
        let states = api.get("/projects/WEB/sprints?state=closed").await.expect_status(200);
        assert_eq!(states.at("/items").as_array().unwrap().len(), 2);
        assert_eq!(api.get("/projects/WEB/sprints?state=active").await.expect_status(200).at("/items"), &json!([]));
        api.delete(&format!("/sprints/{one}")).await.expect_status(204);
        assert_eq!(api.get("/tasks/WEB-1").await.at("/sprint"), &Value::Null);
        api.delete("/projects/WEB").await.expect_status(204);
        api.get(&format!("/sprints/{two}")).await.expect_problem(404, "sprint_not_found");
    }

    async fn a_rule_closes_a_sprint_and_starts_the_next(db) {
        let server = Server::start(&db).await;
        let api = place(&server).await;
        let (one, two) = (sprint(&api, "One").await, sprint(&api, "Two").await);
        let rule = json!({ "name": "Roll", "trigger": { "on": "sprint.closed" }, "condition": "moved >= 1",
            "steps": [{ "id": "next", "action": "sprint.start", "with": { "sprint": "{{ moved_to }}" } }] });
        let rule = api.post("/rules", rule).await.expect_status(201).text("/id");
        api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        api.post("/projects/WEB/tasks", json!({ "title": "a", "sprint": one })).await.expect_status(201);
        api.post(&format!("/sprints/{one}/start"), json!({})).await.expect_status(200);
        api.post(&format!("/sprints/{one}/close"), json!({ "move_to": two })).await.expect_status(200);
        let start = std::time::Instant::now();
        while api.get(&format!("/sprints/{two}")).await.text("/state") != "active" {
            assert!(start.elapsed() < std::time::Duration::from_secs(30));
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    async fn what_is_no_sprint_is_refused(db) {
        let server = Server::start(&db).await;
        let api = place(&server).await;
        api.post("/projects", json!({ "key": "APP", "name": "App" })).await.expect_status(201);
        let one = sprint(&api, "One").await;
        let other = api.post("/projects/APP/sprints", json!({ "name": "Other" })).await.expect_status(201).text("/id");
        for (body, pointer) in [
            (json!({ "name": "" }), "/name"), (json!({ "name": "x".repeat(201) }), "/name"), (json!({ "name": "x", "goal": "y".repeat(16_385) }), "/goal"),
            (json!({ "name": "x", "starts_at": "2026-03-02T00:00:00Z", "ends_at": "2026-03-01T00:00:00Z" }), "/ends_at"), (json!({ "name": "x", "state": "active" }), "/state"),
        ] {
            assert_eq!(api.post("/projects/WEB/sprints", body).await.expect_problem(422, "invalid_fields").text("/errors/0/pointer"), pointer);
        }
        for sprint in [json!(other), json!("spr_01h455vb4pex5vsknk084sn02q"), json!("nonsense")] {
            let refused = api.post("/projects/WEB/tasks", json!({ "title": "x", "sprint": sprint })).await.expect_problem(422, "invalid_fields");
            assert_eq!(refused.text("/errors/0/pointer"), "/sprint");
        }
        api.post(&format!("/sprints/{one}/close"), json!({})).await.expect_problem(409, "sprint_state");
        api.post(&format!("/sprints/{one}/start"), json!({})).await.expect_status(200);
        for to in [json!(one), json!(other), json!("spr_01h455vb4pex5vsknk084sn02q"), json!(3)] {
            let refused = api.post(&format!("/sprints/{one}/close"), json!({ "move_to": to })).await.expect_problem(422, "invalid_fields");
            assert_eq!(refused.text("/errors/0/pointer"), "/move_to");
        }
        let stale = api.with_header("if-match", "\"1\"");
        stale.patch(&format!("/sprints/{one}"), json!({ "name": "Uno" })).await.expect_problem(412, "stale");
        stale.post(&format!("/sprints/{one}/close"), json!({})).await.expect_problem(412, "stale");
        api.with_header("if-match", "\"2\"").patch(&format!("/sprints/{one}"), json!({ "name": "Uno", "ends_at": null })).await.expect_status(200);
        api.patch(&format!("/sprints/{one}"), json!({ "ends_at": "2026-03-01T00:00:00Z", "starts_at": "2026-03-02T00:00:00Z" })).await.expect_problem(422, "invalid_fields");
        api.get("/tasks?sprint=soon").await.expect_problem(422, "invalid_parameter");
        api.get("/projects/WEB/sprints?state=done").await.expect_problem(422, "invalid_parameter");
        let workspace = api.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let worker = people.member(&server, &workspace, "Wim", Role::TeamMember).await;
        people.leave().await;
        worker.post(&format!("/sprints/{one}/close"), json!({})).await.expect_problem(403, "denied");
        worker.get(&format!("/sprints/{one}")).await.expect_status(200);
        worker.post("/projects/WEB/tasks", json!({ "title": "x", "sprint": one })).await.expect_status(201);
    }
}

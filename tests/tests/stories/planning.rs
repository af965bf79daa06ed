//! Dependencies and timelines over the interface.

use reqwest::Method;
use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, People, Server};

/// A project `WEB` with so many tasks, each of them Monday the second of March, one working day long.
async fn project(server: &Server, tasks: usize) -> Api {
    let api = Api::set_up(server).await;
    api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
    for at in 1..=tasks {
        let task = json!({ "title": format!("Task {at}"), "start_at": "2026-03-02T09:00:00Z", "due_at": "2026-03-02T17:00:00Z" });
        api.post("/projects/WEB/tasks", task).await.expect_status(201);
    }
    api
}

/// Everything of the log that planning announced, when all of it is there.
async fn announced(api: &Api, count: usize) -> Vec<Value> {
    let start = std::time::Instant::now();
    loop {
        let log = api.get("/events?limit=200&after=0").await.expect_status(200);
        let mut events = log.at("/items").as_array().unwrap().clone();
        events.retain(|event| event["kind"].as_str().unwrap().starts_with("task.dependency_"));
        if events.len() >= count {
            return events;
        }
        assert!(start.elapsed() < std::time::Duration::from_secs(30), "{events:#?}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

both_databases! {
    async fn a_project_is_planned(db) {
        let server = Server::start(&db).await;
        let api = project(&server, 4).await;
        let ids: Vec<String> = {
            let tasks = api.get("/tasks?sort=key").await.expect_status(200);
            (0..4).map(|at| tasks.text(&format!("/items/{at}/id"))).collect()
        };
        let new = json!({ "predecessor": "WEB-1", "type": "FS", "lag": 60 });
        let made = api.post("/tasks/WEB-2/dependencies", new).await.expect_status(201);
        assert_eq!((made.text("/task"), made.text("/predecessor"), made.text("/type"), made.at("/lag")), (ids[1].clone(), ids[0].clone(), "FS".into(), &json!(60)));
        api.post("/tasks/WEB-3/dependencies", json!({ "predecessor": ids[1], "type": "SS", "lag": -30 })).await.expect_status(201);
        api.post(&format!("/tasks/{}/dependencies", ids[2]), json!({ "predecessor": "WEB-1" })).await.expect_status(201);
        let listed = api.get("/tasks/WEB-3/dependencies").await.expect_status(200);
        assert_eq!(listed.at("/next_cursor"), &Value::Null);
        let listed: Vec<_> = listed.at("/items").as_array().unwrap().iter().map(|item| (item["predecessor"].clone(), item["lag"].clone())).collect();
        assert_eq!(listed, [(json!(ids[1]), json!(-30)), (json!(ids[0]), json!(0))]);

        let timeline = api.get("/projects/WEB/timeline").await.expect_status(200);
        assert_eq!((timeline.text("/start"), timeline.text("/finish")), ("2026-03-02T09:00:00Z".into(), "2026-03-04T10:00:00Z".into()));
        assert_eq!(timeline.at("/dependencies").as_array().unwrap().len(), 3);
        // Two starts an hour after One is done, Three half an hour before Two, Four whenever.
        let expected = |at: usize, times: [&str; 4], floats: [i64; 2]| json!({
            "id": ids[at], "key": format!("WEB-{}", at + 1), "title": format!("Task {}", at + 1), "status": "todo", "parent": null, "summary": false, "milestone": false, "duration": 480,
            "constraint": "as_soon_as_possible", "constraint_at": null, "progress": 0, "actual_start": null, "actual_finish": null, "start": times[0], "finish": times[1],
            "early_start": times[0], "early_finish": times[1], "late_start": times[2], "late_finish": times[3],
            "total_float": floats[0], "free_float": floats[1], "critical": floats[0] == 0, "conflict": false,
        });
        let (monday, evening) = ("2026-03-02T09:00:00Z", "2026-03-02T17:00:00Z");
        assert_eq!(timeline.at("/items"), &json!([
            expected(0, [monday, evening, monday, evening], [0, 0]),
            expected(1, ["2026-03-03T10:00:00Z", "2026-03-04T10:00:00Z", "2026-03-03T10:00:00Z", "2026-03-04T10:00:00Z"], [0, 0]),
            expected(2, ["2026-03-03T09:30:00Z", "2026-03-04T09:30:00Z", "2026-03-03T10:00:00Z", "2026-03-04T10:00:00Z"], [30, 30]),
            expected(3, [monday, evening, "2026-03-03T10:00:00Z", "2026-03-04T10:00:00Z"], [540, 540]),
        ]));

        api.delete("/tasks/WEB-3/dependencies/WEB-2?type=SS").await.expect_status(204);
        api.delete(&format!("/tasks/WEB-3/dependencies/{}", ids[0])).await.expect_status(204);
        assert_eq!(api.get("/tasks/WEB-3/dependencies").await.expect_status(200).at("/items"), &json!([]));
        let events = announced(&api, 5).await;
        let kinds: Vec<_> = events.iter().map(|event| event["kind"].as_str().unwrap()).collect();
        let (plus, minus) = ("task.dependency_added", "task.dependency_removed");
        assert_eq!(kinds, [plus, plus, plus, minus, minus]);
        assert_eq!((&events[0]["subject"], &events[0]["data"]["predecessor"]["key"], &events[0]["data"]["dependency"]["lag"]), (&json!(ids[1]), &json!("WEB-1"), &json!(60)));
        assert_eq!(api.get("/tasks/WEB-3").await.at("/version"), 1);
    }

    async fn a_rule_hears_of_a_dependency(db) {
        let server = Server::start(&db).await;
        let api = project(&server, 2).await;
        let rule = json!({ "name": "Tell", "trigger": { "on": "task.dependency_added" }, "condition": "dependency.type == \"FS\" && predecessor.key != task.key",
            "steps": [{ "id": "say", "action": "task.comment", "with": { "task": "{{ task.id }}", "body": "Waits for {{ predecessor.key }}" } }] });
        let rule = api.post("/rules", rule).await.expect_status(201).text("/id");
        api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        api.post("/tasks/WEB-2/dependencies", json!({ "predecessor": "WEB-1" })).await.expect_status(201);
        let start = std::time::Instant::now();
        loop {
            let comments = api.get("/tasks/WEB-2/comments").await.expect_status(200);
            if let Some(comment) = comments.at("/items").as_array().unwrap().first() {
                assert_eq!(comment["body"], "Waits for WEB-1");
                break;
            }
            assert!(start.elapsed() < std::time::Duration::from_secs(30));
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    async fn what_cannot_be_planned_is_refused(db) {
        let server = Server::start(&db).await;
        let api = project(&server, 3).await;
        api.post("/projects", json!({ "key": "APP", "name": "App" })).await.expect_status(201);
        let other = api.post("/projects/APP/tasks", json!({ "title": "Other" })).await.expect_status(201).text("/id");
        for (task, predecessor) in [("WEB-2", "WEB-1"), ("WEB-3", "WEB-2")] {
            api.post(&format!("/tasks/{task}/dependencies"), json!({ "predecessor": predecessor })).await.expect_status(201);
        }
        let before = (api.get("/projects/WEB/timeline").await.body, announced(&api, 2).await);
        let post = async |body: Value| api.post("/tasks/WEB-1/dependencies", body).await;

        let circle = post(json!({ "predecessor": "WEB-3", "type": "SF", "lag": 100 })).await.expect_problem(409, "dependency_cycle");
        assert!(circle.text("/detail").contains("WEB-1 -> WEB-2 -> WEB-3 -> WEB-1"), "{:#}", circle.body);
        assert_eq!(circle.text("/errors/0/pointer"), "/predecessor");
        api.post("/tasks/WEB-3/dependencies", json!({ "predecessor": "WEB-2", "lag": 5 })).await.expect_problem(409, "dependency_exists");
        for (body, pointer) in [
            (json!({}), "/predecessor"), (json!({ "predecessor": null }), "/predecessor"), (json!({ "predecessor": 3 }), "/predecessor"), (json!({ "predecessor": "task_nonsense" }), "/predecessor"),
            (json!({ "predecessor": "WEB-1" }), "/predecessor"), (json!({ "predecessor": "WEB-9" }), "/predecessor"), (json!({ "predecessor": "" }), "/predecessor"),
            (json!({ "predecessor": other }), "/predecessor"), (json!({ "predecessor": "APP-1" }), "/predecessor"),
            (json!({ "predecessor": "WEB-3", "type": "fs" }), "/type"), (json!({ "predecessor": "WEB-3", "type": "SSS" }), "/type"), (json!({ "predecessor": "WEB-3", "type": null }), "/type"),
            (json!({ "predecessor": "WEB-3", "lag": "1d" }), "/lag"), (json!({ "predecessor": "WEB-3", "lag": 1.5 }), "/lag"), (json!({ "predecessor": "WEB-3", "lag": null }), "/lag"),
            (json!({ "predecessor": "WEB-3", "lag": 1_000_001 }), "/lag"), (json!({ "predecessor": "WEB-3", "lag": -1_000_001 }), "/lag"), (json!({ "predecessor": "WEB-3", "lag": i64::MIN }), "/lag"),
            (json!({ "predecessor": "WEB-3", "lag": u64::MAX }), "/lag"), (json!({ "predecessor": "WEB-3", "lagg": 1 }), "/lagg"), (json!({ "predecessor": "WEB-3", "task": "WEB-2" }), "/task"),
        ] {
            let refused = post(body.clone()).await.expect_problem(422, "invalid_fields");
            assert_eq!(refused.text("/errors/0/pointer"), pointer, "{body}: {:#}", refused.body);
        }
        post(json!({ "predecessor": "WEB-3\u{0}" })).await.expect_refusal();

        for path in ["/tasks/WEB-9/dependencies", "/tasks/task_nonsense/dependencies", "/tasks/%00/dependencies", "/projects/NONE/timeline", "/projects/proj_nonsense/timeline", "/projects/%00/timeline",
            "/projects/WEB-1/timeline", "/tasks/WEB/dependencies"] {
            api.get(path).await.expect_refusal();
        }
        api.post("/tasks/WEB-9/dependencies", json!({ "predecessor": "WEB-1" })).await.expect_problem(404, "task_not_found");
        for (path, status, code) in [
            ("/tasks/WEB-1/dependencies/WEB-2", 404, "dependency_not_found"), ("/tasks/WEB-2/dependencies/WEB-3", 404, "dependency_not_found"), ("/tasks/WEB-2/dependencies/WEB-1?type=SS", 404, "dependency_not_found"),
            ("/tasks/WEB-2/dependencies/WEB-9", 404, "task_not_found"), ("/tasks/WEB-2/dependencies/APP-1", 404, "task_not_found"), ("/tasks/WEB-9/dependencies/WEB-1", 404, "task_not_found"),
            ("/tasks/WEB-2/dependencies/task_nonsense", 404, "not_found"), ("/tasks/WEB-2/dependencies/%FF", 404, "not_found"),
            ("/tasks/WEB-2/dependencies/WEB-1?type=fs", 422, "invalid_parameter"), ("/tasks/WEB-2/dependencies/WEB-1?kind=FS", 422, "unknown_parameter"),
        ] {
            api.delete(path).await.expect_problem(status, code);
        }
        api.delete("/tasks/WEB-2/dependencies/%00").await.expect_refusal();
        api.send(Method::PATCH, "/tasks/WEB-2/dependencies/WEB-1", Some(json!({ "lag": 1 }))).await.expect_problem(405, "method_not_allowed");
        api.post("/projects/WEB/timeline", json!({})).await.expect_problem(405, "method_not_allowed");
        assert_eq!((api.get("/projects/WEB/timeline").await.body, announced(&api, 2).await), before, "nothing was changed");
    }

    async fn whoever_may_edit_tasks_plans_and_whoever_sees_them_looks(db) {
        let server = Server::start(&db).await;
        let api = project(&server, 2).await;
        let workspace = api.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let (viewer, worker) = (people.member(&server, &workspace, "Vic", Role::Viewer).await, people.member(&server, &workspace, "Wim", Role::TeamMember).await);
        people.leave().await;
        let new = json!({ "predecessor": "WEB-1" });
        viewer.post("/tasks/WEB-2/dependencies", new.clone()).await.expect_problem(403, "denied");
        worker.post("/tasks/WEB-2/dependencies", new.clone()).await.expect_status(201);
        viewer.delete("/tasks/WEB-2/dependencies/WEB-1").await.expect_problem(403, "denied");
        viewer.get("/tasks/WEB-2/dependencies").await.expect_status(200);
        viewer.get("/projects/WEB/timeline").await.expect_status(200);
        for (scopes, status) in [(json!(["task.view"]), 200), (json!(["project.view", "task.comment"]), 403)] {
            let token = api.post("/tokens", json!({ "name": "narrow", "scopes": scopes })).await.expect_status(201).text("/token");
            let scoped = api.with_token(&token);
            scoped.get("/tasks/WEB-2/dependencies").await.expect_status(status);
            scoped.get("/projects/WEB/timeline").await.expect_status(status);
            scoped.post("/tasks/WEB-1/dependencies", new.clone()).await.expect_problem(403, "denied");
            scoped.delete("/tasks/WEB-2/dependencies/WEB-1").await.expect_problem(403, "denied");
        }
        // A key makes a repeated post one.
        worker.delete("/tasks/WEB-2/dependencies/WEB-1").await.expect_status(204);
        let keyed = worker.with_header("idempotency-key", "k-1");
        let first = keyed.post("/tasks/WEB-2/dependencies", new.clone()).await.expect_status(201);
        assert_eq!(keyed.post("/tasks/WEB-2/dependencies", new).await.expect_status(201).body, first.body);
    }
}

//! Labels over many tasks, and what versions are for, over the interface.

use reqwest::Method;
use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, People, Server};

async fn project(server: &Server) -> Api {
    let api = Api::set_up(server).await;
    for project in ["WEB", "APP"] {
        api.post("/projects", json!({ "key": project, "name": project })).await.expect_status(201);
    }
    api
}

async fn labels(api: &Api, query: &str) -> Vec<(String, i64)> {
    let page = api.get(&format!("/labels?{query}")).await.expect_status(200);
    page.at("/items")
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (item["label"].as_str().unwrap().to_owned(), item["tasks"].as_i64().unwrap()))
        .collect()
}

both_databases! {
    async fn labels_are_counted_and_renamed(db) {
        let server = Server::start(&db).await;
        let api = project(&server).await;
        for (project, labels) in [("WEB", json!(["billing", "door"])), ("WEB", json!(["billng", "billing", "hall"])), ("WEB", json!(["billng"])), ("APP", json!(["billng"]))] {
            api.post(&format!("/projects/{project}/tasks"), json!({ "title": "x", "labels": labels })).await.expect_status(201);
        }
        let pair = |label: &str, tasks: i64| (label.to_owned(), tasks);
        assert_eq!(labels(&api, "").await, [pair("billing", 2), pair("billng", 3), pair("door", 1), pair("hall", 1)]);
        assert_eq!(labels(&api, "prefix=bil&project=APP").await, [pair("billng", 1)]);
        assert_eq!(labels(&api, "prefix=%25").await, []);
        let first = api.get("/labels?limit=3").await.expect_status(200);
        assert_eq!(labels(&api, &format!("limit=3&cursor={}", first.text("/next_cursor"))).await, [pair("hall", 1)]);

        let renamed = api.post("/projects/WEB/labels/rename", json!({ "from": "billng", "to": "billing" })).await.expect_status(200);
        assert_eq!(renamed.at("/tasks"), 2);
        let task = api.get("/tasks/WEB-2").await;
        assert_eq!((task.at("/labels"), task.at("/version")), (&json!(["billing", "hall"]), &json!(2)));
        assert_eq!(labels(&api, "project=WEB").await, [pair("billing", 3), pair("door", 1), pair("hall", 1)]);
        assert_eq!(labels(&api, "project=APP").await, [pair("billng", 1)]);
        api.post("/projects/WEB/labels/rename", json!({ "from": "hall", "to": null })).await.expect_status(200);
        assert_eq!(api.get("/tasks/WEB-2").await.at("/labels"), &json!(["billing"]));
        assert_eq!(api.post("/projects/WEB/labels/rename", json!({ "from": "none", "to": "x" })).await.expect_status(200).at("/tasks"), 0);
        let found = api.get("/tasks?label=billing&sort=key&project=WEB&total=true").await;
        assert_eq!(found.at("/total"), 3);

        for body in [json!({ "from": "", "to": "x" }), json!({ "from": "x", "to": "x".repeat(65) }), json!({ "from": "x", "to": " " }), json!({ "to": "x" }), json!({ "from": "x", "too": "y" })] {
            api.post("/projects/WEB/labels/rename", body).await.expect_problem(422, "invalid_fields");
        }
        for query in ["limit=0", "limit=201", "cursor=x", "label=x", "prefix=%00"] {
            api.get(&format!("/labels?{query}")).await.expect_refusal().expect_status(422);
        }
        api.get("/labels?project=NONE").await.expect_problem(404, "project_not_found");
        let workspace = api.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let (worker, eve) = (people.member(&server, &workspace, "Wim", Role::TeamMember).await, people.owner_elsewhere(&server, "Eve").await);
        people.leave().await;
        worker.get("/labels").await.expect_status(200);
        worker.post("/projects/WEB/labels/rename", json!({ "from": "billing", "to": "x" })).await.expect_problem(403, "denied");
        assert_eq!(labels(&eve, "").await, []);
    }

    async fn a_stale_change_is_told_what_changed_since_and_by_whom(db) {
        let server = Server::start(&db).await;
        let api = project(&server).await;
        let me = api.get("/me").await;
        let (ada, workspace) = (me.text("/user/id"), me.text("/workspace/id"));
        let people = People::of(&db).await;
        let worker = people.member(&server, &workspace, "Wim", Role::TeamMember).await;
        people.leave().await;
        let wim = worker.get("/me").await.text("/user/id");
        api.post("/projects/WEB/tasks", json!({ "title": "One" })).await.expect_status(201);
        worker.patch("/tasks/WEB-1", json!({ "title": "Theirs", "priority": "high" })).await.expect_status(200);
        api.patch("/tasks/WEB-1", json!({ "custom": { "a": 1 } })).await.expect_status(200);
        api.post(&format!("/tasks/WEB-1/watchers/{wim}"), json!({})).await.expect_status(200);
        let seen = api.with_header("if-match", "\"1\"");
        let fields = |answer: &Value| -> Vec<(String, String)> {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            answer["errors"].as_array().unwrap().iter().map(|error| (text(&error["pointer"]), text(&error["message"]))).collect()
        };
        let own = |pointer: &str, message: String| (pointer.to_owned(), message);
        let others = |version: i64| format!("was changed by {ada} at version {version}");
        let refused = seen.patch("/tasks/WEB-1", json!({ "title": "Mine" })).await.expect_problem(412, "stale");
        assert_eq!(fields(&refused.body), [
            own("/title", format!("is \"Theirs\" at version 4, changed by {wim} at version 2")), own("/watchers", others(4)), own("/custom/a", others(3)),
            own("/priority", format!("was changed by {wim} at version 2")),
        ]);
        let refused = seen.delete("/tasks/WEB-1").await.expect_problem(412, "stale");
        assert_eq!(fields(&refused.body).len(), 4);
        let refused = api.with_header("if-match", "\"3\"").patch("/tasks/WEB-1", json!({ "title": "Mine" })).await.expect_problem(412, "stale");
        assert_eq!(fields(&refused.body), [own("/title", "is \"Theirs\" at version 4".into()), own("/watchers", others(4))]);
        api.with_header("if-match", "\"4\"").delete("/tasks/WEB-1").await.expect_status(204);
    }

    async fn who_has_a_task_already_is_told_so(db) {
        let server = Server::start(&db).await;
        let api = project(&server).await;
        api.post("/projects/WEB/tasks", json!({ "title": "One" })).await.expect_status(201);
        for (seen, status) in [("\"1\"", 304), ("W/\"1\"", 304), ("\"7\", \"1\"", 304), ("*", 304), ("\"2\"", 200), ("1", 200), ("", 200)] {
            let answer = api.with_header("if-none-match", seen).send(Method::GET, "/tasks/WEB-1", None).await;
            assert_eq!((answer.status, answer.headers["etag"].to_str().unwrap()), (status, "\"1\""), "{seen}");
            assert_eq!(answer.body.is_null(), status == 304, "{seen}: {:#}", answer.body);
        }
        api.patch("/tasks/WEB-1", json!({ "title": "Uno" })).await.expect_status(200);
        let answer = api.with_header("if-none-match", "\"1\"").get("/tasks/WEB-1").await.expect_status(200);
        assert_eq!(answer.headers["etag"], "\"2\"");
        api.with_header("if-none-match", "\"1\"").get("/tasks/WEB-9").await.expect_problem(404, "task_not_found");
    }
}

//! Saved views.

use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, People, Server};

async fn names(api: &Api) -> Vec<String> {
    let views = api.get("/views").await.expect_status(200);
    views.at("/items").as_array().unwrap().iter().map(|view| view["name"].as_str().unwrap().to_owned()).collect()
}

both_databases! {
    async fn a_view_is_kept_for_oneself_or_shared(db) {
        let server = Server::start(&db).await;
        let api = Api::set_up(&server).await;
        api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
        let workspace = api.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let (viewer, worker) = (people.member(&server, &workspace, "Vic", Role::Viewer).await, people.member(&server, &workspace, "Wim", Role::TeamMember).await);
        people.leave().await;
        let query = json!({ "project": "WEB", "status": ["todo", "blocked"], "sort": "-priority,due_at" });
        let own = worker.post("/views", json!({ "name": "Mine", "query": query, "layout": "board", "options": { "group": "assignee" } })).await.expect_status(201);
        assert_eq!((own.text("/query"), own.text("/shared"), own.text("/layout")), ("project=WEB&status=todo%2Cblocked&sort=-priority%2Cdue_at".into(), "private".into(), "board".into()));
        // What was kept is what the list takes.
        api.get(&format!("/tasks?{}", own.text("/query"))).await.expect_status(200);
        let all = worker.post("/views", json!({ "name": "All", "shared": "workspace" })).await.expect_status(201);
        let web = worker.post("/views", json!({ "name": "Web", "query": "label=a", "shared": "project", "project": "WEB" })).await.expect_status(201);
        assert_eq!(names(&worker).await, ["Mine", "All", "Web"]);
        assert_eq!(names(&api).await, ["All", "Web"]);
        let (own, all, web) = (format!("/views/{}", own.text("/id")), format!("/views/{}", all.text("/id")), format!("/views/{}", web.text("/id")));
        api.get(&own).await.expect_problem(404, "view_not_found");
        api.patch(&own, json!({ "name": "x" })).await.expect_problem(404, "view_not_found");
        api.delete(&own).await.expect_problem(404, "view_not_found");
        api.get(&web).await.expect_status(200);
        api.patch(&all, json!({ "name": "x" })).await.expect_problem(403, "denied");
        api.delete(&all).await.expect_problem(403, "denied");
        // A viewer keeps views, but shares none.
        viewer.post("/views", json!({ "name": "Seen", "query": "assignee=none" })).await.expect_status(201);
        for share in [json!({ "name": "x", "shared": "workspace" }), json!({ "name": "x", "shared": "project", "project": "WEB" })] {
            viewer.post("/views", share).await.expect_problem(403, "denied");
        }
        let changed = worker.with_header("if-match", "\"1\"").patch(&own, json!({ "query": "status=todo", "options": null })).await.expect_status(200);
        assert_eq!((changed.at("/version"), changed.text("/query"), changed.at("/options")), (&json!(2), "status=todo".into(), &json!({})));
        worker.with_header("if-match", "\"1\"").patch(&own, json!({ "name": "y" })).await.expect_problem(412, "stale");
        assert_eq!(worker.patch(&own, json!({ "query": "status=todo" })).await.expect_status(200).at("/version"), &json!(2));
        worker.patch(&own, json!({ "shared": "project" })).await.expect_problem(422, "invalid_fields");
        assert!(worker.patch(&own, json!({ "shared": "project", "project": "WEB" })).await.expect_status(200).at("/project").is_string());
        assert_eq!(worker.patch(&own, json!({ "shared": "private" })).await.expect_status(200).at("/project"), &Value::Null);
        worker.delete(&all).await.expect_status(204);
        api.delete("/projects/WEB").await.expect_status(204);
        worker.get(&web).await.expect_problem(404, "view_not_found");
        assert_eq!(names(&worker).await, ["Mine"]);
    }

    async fn what_the_list_would_refuse_is_refused(db) {
        let server = Server::start(&db).await;
        let api = Api::set_up(&server).await;
        for (body, pointer) in [
            (json!({ "name": "x", "query": "colour=red" }), "/query"), (json!({ "name": "x", "query": "priority=odd" }), "/query"), (json!({ "name": "x", "query": { "status": { "a": 1 } } }), "/query"),
            (json!({ "name": "x", "query": "limit=7" }), "/query"), (json!({ "name": "x", "query": "cursor=abc" }), "/query"), (json!({ "name": "x", "query": format!("q={}", "x".repeat(9_000)) }), "/query"),
            (json!({ "name": "x", "query": 7 }), "/query"), (json!({ "name": "" }), "/name"), (json!({ "name": "x", "layout": "pie" }), "/layout"), (json!({ "name": "x", "shared": "all" }), "/shared"),
            (json!({ "name": "x", "options": { "a": "y".repeat(9_000) } }), "/options"), (json!({ "name": "x", "options": { "a": "\u{0}" } }), "/options"),
            (json!({ "name": "x", "shared": "project" }), "/project"), (json!({ "name": "x", "shared": "project", "project": "NONE" }), "/project"), (json!({ "name": "x", "project": "WEB" }), "/project"),
        ] {
            assert_eq!(api.post("/views", body).await.expect_problem(422, "invalid_fields").text("/errors/0/pointer"), pointer);
        }
        assert_eq!(names(&api).await.len(), 0);
    }
}

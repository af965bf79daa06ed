//! Answers that are cut down to the fields one asks for.

use reqwest::Method;
use serde_json::{Value, json};
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, Server};

both_databases! {
    async fn only_the_fields_that_are_asked_for_are_answered(db) {
        let server = Server::start(&db).await;
        let api = Api::set_up(&server).await;
        api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
        for title in ["One", "Two"] {
            api.post("/projects/WEB/tasks", json!({ "title": title })).await.expect_status(201);
        }
        let page = api.get("/tasks?fields=key,title&sort=key&limit=1&total=true").await.expect_status(200);
        assert_eq!(page.at("/items"), &json!([{ "key": "WEB-1", "title": "One" }]));
        assert_eq!(page.at("/total"), &json!(2));
        let next = api.get(&format!("/tasks?fields=title&sort=key&limit=1&cursor={}", page.text("/next_cursor"))).await.expect_status(200);
        assert_eq!(next.body, json!({ "items": [{ "title": "Two" }], "next_cursor": null }));
        let one = api.get("/tasks/WEB-1?fields=status,parent").await.expect_status(200);
        assert_eq!((one.body, &one.headers["etag"]), (json!({ "status": "todo", "parent": null }), &"\"1\"".parse().unwrap()));
        assert_eq!(api.get("/projects?fields=key").await.expect_status(200).at("/items"), &json!([{ "key": "WEB" }]));
        assert_eq!(api.get("/projects/WEB?fields=name&fields=key").await.expect_status(200).body, json!({ "key": "WEB", "name": "Website" }));
        assert_eq!(api.get("/me?fields=user").await.expect_status(200).body.as_object().unwrap().len(), 1);
        assert_eq!(api.get("/events?after=0&limit=1&fields=kind").await.expect_status(200).at("/items"), &json!([{ "kind": "project.created" }]));
        assert_eq!(api.send(Method::HEAD, "/tasks?fields=key", None).await.expect_status(200).body, Value::Null);

        // What is not known is refused by name, also where there is nothing to be cut down.
        for (path, name) in [("/tasks?fields=titel", "titel"), ("/tasks?q=nothing&fields=titel", "titel"), ("/tasks?fields=", ""), ("/tasks?fields", ""), ("/tasks/WEB-1?fields=id,workspace_id", "workspace_id"),
            ("/projects?fields=next_cursor", "next_cursor"), ("/tasks?fields=%00", "\0"), ("/tasks?fields=id;drop", "id;drop")] {
            let refused = api.get(path).await.expect_problem(422, "invalid_parameter");
            assert!(refused.text("/detail").contains(&format!("`{name}`; it knows ")), "{path}: {:#}", refused.body);
        }
        // Everything else is refused as without it.
        api.get("/tasks/WEB-9?fields=id").await.expect_problem(404, "task_not_found");
        api.get("/tasks?fields=id&stauts=todo").await.expect_problem(422, "unknown_parameter");
        api.without_token().get("/tasks?fields=titel").await.expect_problem(401, "token_missing");
        api.get("/portfolio.csv?fields=key").await.expect_problem(422, "unknown_parameter");
        api.post("/projects?fields=key", json!({ "key": "APP", "name": "App" })).await.expect_status(201);
    }
}

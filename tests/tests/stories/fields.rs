//! Answers that are cut down to the fields one asks for.

use reqwest::Method;
use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, People, Server};

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
        api.post("/projects?fields=key", json!({ "key": "APP", "name": "App" })).await.expect_problem(422, "unknown_parameter");
    }
}

/// What a list shows of each item, in its order.
async fn shown(api: &Api, path: &str, field: &str) -> Vec<String> {
    let page = api.get(path).await.expect_status(200);
    let items = page.at("/items").as_array().unwrap().iter();
    items.map(|item| item[field].as_str().unwrap_or_default().to_owned()).collect()
}

both_databases! {
    async fn people_groups_rules_and_comments_are_searched_sorted_counted_and_passed_over(db) {
        let server = Server::start(&db).await;
        let api = Api::set_up(&server).await;
        let workspace = api.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        for name in ["Zoe", "Ben", "Mia"] {
            people.member(&server, &workspace, name, Role::Viewer).await;
        }
        people.leave().await;
        let stop = json!([{ "id": "end", "stop": "succeeded" }]);
        for name in ["Zoom", "Alert", "Mail"] {
            api.post("/groups", json!({ "name": name })).await.expect_status(201);
            api.post("/rules", json!({ "name": name, "trigger": { "on": "task.created" }, "steps": stop })).await.expect_status(201);
        }
        api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
        api.post("/projects/WEB/tasks", json!({ "title": "One" })).await.expect_status(201);
        for body in ["a", "b", "c", "d"] {
            api.post("/tasks/WEB-1/comments", json!({ "body": body })).await.expect_status(201);
        }
        assert_eq!(shown(&api, "/members?sort=name", "name").await, ["Ada", "Ben", "Mia", "Zoe"]);
        assert_eq!(shown(&api, "/members?sort=-email", "name").await, ["Zoe", "Mia", "Ben", "Ada"]);
        assert_eq!(shown(&api, "/members?q=PEOPLE.example&sort=name&offset=1&limit=1", "name").await, ["Mia"]);
        assert_eq!(shown(&api, "/members?q=be", "name").await, ["Ben"]);
        assert_eq!(shown(&api, "/members?state=left", "name").await, [] as [&str; 0]);
        for list in ["/groups", "/rules"] {
            assert_eq!(shown(&api, list, "name").await, ["Zoom", "Alert", "Mail"], "{list}");
            assert_eq!(shown(&api, &format!("{list}?sort=-name"), "name").await, ["Zoom", "Mail", "Alert"], "{list}");
            assert_eq!(shown(&api, &format!("{list}?q=al"), "name").await, ["Alert"], "{list}");
        }
        assert_eq!(shown(&api, "/rules?state=draft&sort=updated_at&limit=2", "name").await, ["Zoom", "Alert"]);
        assert_eq!(shown(&api, "/rules?state=enabled", "name").await, [] as [&str; 0]);
        assert_eq!(shown(&api, "/tasks/WEB-1/comments?sort=-created_at&limit=2", "body").await, ["d", "c"]);
        assert_eq!(shown(&api, "/tasks/WEB-1/comments?offset=3", "body").await, ["d"]);
        // Each page by page, counted.
        for (list, field, sort, count) in [("/members", "name", "name", 4), ("/groups", "name", "-name", 3), ("/rules", "name", "updated_at", 3), ("/tasks/WEB-1/comments", "body", "-created_at", 4)] {
            let all = shown(&api, &format!("{list}?sort={sort}"), field).await;
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = api.get(&format!("{list}?sort={sort}&limit=1&total=true&fields={field}{cursor}")).await.expect_status(200);
                assert_eq!(page.at("/total"), &json!(count), "{list}");
                seen.push(page.at("/items/0")[field].as_str().unwrap().to_owned());
                match page.at("/next_cursor").as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            assert_eq!(seen, all, "{list}");
            api.get(&format!("{list}?sort=colour")).await.expect_problem(422, "invalid_parameter");
            api.get(&format!("{list}?offset=-1")).await.expect_problem(422, "invalid_parameter");
            api.get(&format!("{list}?cursor=abc")).await.expect_problem(422, "invalid_cursor");
        }
        for list in ["/members", "/groups", "/rules"] {
            api.get(&format!("{list}?q=%00")).await.expect_problem(422, "invalid_parameter");
        }
    }
}

//! Projects over the interface: lists, health, archive, copies and templates.

use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, People, Server};

fn keys(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|project| project["key"].as_str().unwrap()).collect()
}

both_databases! {
    async fn projects_are_listed_as_one_wants(db) {
        let server = Server::start(&db).await;
        let api = Api::set_up(&server).await;
        for (key, name, due) in [("BB", "Bridge", "2026-09-01T00:00:00Z"), ("AA", "Abbey", "2026-10-01T00:00:00Z"), ("CC", "Canal", "2026-08-01T00:00:00Z")] {
            api.post("/projects", json!({ "key": key, "name": name, "due_at": due })).await.expect_status(201);
        }
        let archived = api.post("/projects/CC/archive", json!({})).await.expect_status(200);
        assert_eq!((archived.text("/status"), &archived.headers["etag"]), ("archived".into(), &"\"2\"".parse().unwrap()));
        for (query, expected) in [("", vec!["BB", "AA"]), ("?sort=name", vec!["AA", "BB"]), ("?include_archived=true&sort=due_at", vec!["CC", "BB", "AA"]), ("?status=archived", vec!["CC"]),
            ("?q=brid", vec!["BB"]), ("?sort=-key&offset=1", vec!["AA"])] {
            assert_eq!(keys(&api.get(&format!("/projects{query}")).await.expect_status(200).body), expected, "{query}");
        }
        let first = api.get("/projects?limit=1&sort=name&total=true").await.expect_status(200);
        assert_eq!((keys(&first.body), first.at("/total")), (vec!["AA"], &json!(2)));
        let cursor = first.text("/next_cursor");
        let second = api.get(&format!("/projects?limit=1&sort=name&cursor={cursor}")).await.expect_status(200);
        assert_eq!((keys(&second.body), second.at("/next_cursor")), (vec!["BB"], &Value::Null));
        api.get(&format!("/projects?sort=key&cursor={cursor}")).await.expect_problem(422, "cursor_of_another_sort");
        let refused = api.get("/projects?sort=colour").await.expect_problem(422, "invalid_parameter");
        assert!(refused.text("/detail").contains("created_at, due_at, key, name"));
    }

    async fn what_is_archived_is_only_read(db) {
        let server = Server::start(&db).await;
        let api = Api::set_up(&server).await;
        api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
        api.post("/projects/WEB/tasks", json!({ "title": "One" })).await.expect_status(201);
        api.post("/projects/WEB/archive", json!({})).await.expect_status(200);
        api.post("/projects/WEB/tasks", json!({ "title": "Two" })).await.expect_problem(409, "project_archived");
        api.patch("/tasks/WEB-1", json!({ "title": "Uno" })).await.expect_problem(409, "project_archived");
        api.delete("/tasks/WEB-1").await.expect_problem(409, "project_archived");
        api.post("/projects/WEB/milestones", json!({ "name": "Beta" })).await.expect_problem(409, "project_archived");
        api.post("/tasks/WEB-1/comments", json!({ "body": "Late" })).await.expect_problem(409, "project_archived");
        api.post("/projects/WEB/fields", json!({ "key": "size", "name": "Size", "type": "number" })).await.expect_problem(409, "project_archived");
        api.post("/projects/WEB/baselines", json!({ "name": "Late" })).await.expect_problem(409, "project_archived");
        api.post("/tasks/WEB-1/time-entries", json!({ "minutes": 5 })).await.expect_problem(409, "project_archived");
        api.patch("/projects/WEB", json!({ "name": "Renamed" })).await.expect_problem(409, "project_archived");
        assert_eq!(api.get("/tasks/WEB-1").await.expect_status(200).text("/title"), "One");
        assert_eq!(api.get("/tasks").await.expect_status(200).at("/items"), &json!([]));
        for query in ["?include_archived=true", "?project=WEB"] {
            assert_eq!(api.get(&format!("/tasks{query}")).await.expect_status(200).text("/items/0/key"), "WEB-1");
        }
        assert_eq!(api.post("/projects/WEB/unarchive", json!({})).await.expect_status(200).text("/status"), "active");
        api.patch("/tasks/WEB-1", json!({ "title": "Uno" })).await.expect_status(200);
        assert_eq!(api.get("/tasks").await.expect_status(200).text("/items/0/title"), "Uno");
    }

    async fn a_rule_hears_that_a_project_does_badly(db) {
        let server = Server::start(&db).await;
        let api = Api::set_up(&server).await;
        api.post("/projects", json!({ "key": "WEB", "name": "Website", "start_at": "2026-01-01T00:00:00Z" })).await.expect_status(201);
        let rule = json!({ "name": "Tell", "trigger": { "on": "project.health_changed" }, "condition": "project.health == \"off_track\"",
            "steps": [{ "id": "hold", "action": "project.update", "with": { "project": "{{ project.id }}", "status": "on_hold" } }] });
        let rule = api.post("/rules", rule).await.expect_status(201).text("/id");
        api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        let said = api.patch("/projects/WEB", json!({ "health": "off_track", "health_note": "No **bricks**" })).await.expect_status(200);
        assert_eq!((said.text("/health"), said.text("/health_note")), ("off_track".into(), "No **bricks**".into()));
        assert_eq!(said.text("/health_by"), api.get("/me").await.text("/user/id"));
        let start = std::time::Instant::now();
        while api.get("/projects/WEB").await.expect_status(200).text("/status") != "on_hold" {
            assert!(start.elapsed() < std::time::Duration::from_secs(30));
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    async fn projects_are_made_of_templates_and_copies(db) {
        let server = Server::start(&db).await;
        let api = Api::set_up(&server).await;
        api.post("/projects", json!({ "key": "TPL", "name": "Launch", "description": "How we launch", "start_at": "2026-01-05T00:00:00Z" })).await.expect_status(201);
        let beta = api.post("/projects/TPL/milestones", json!({ "name": "Beta", "due_at": "2026-01-12T00:00:00Z" })).await.expect_status(201).text("/id");
        api.post("/projects/TPL/tasks", json!({ "title": "Plan", "due_at": "2026-01-06T00:00:00Z", "milestone": beta })).await.expect_status(201);
        api.post("/projects/TPL/tasks", json!({ "title": "Do", "status": "completed" })).await.expect_status(201);
        api.post("/tasks/TPL-2/dependencies", json!({ "predecessor": "TPL-1" })).await.expect_status(201);
        let new = json!({ "key": "WEB", "name": "Website", "template": "TPL", "start_at": "2026-02-02T00:00:00Z" });
        let refused = api.post("/projects", new.clone()).await.expect_problem(422, "invalid_fields");
        assert_eq!(refused.text("/errors/0/pointer"), "/template");
        api.patch("/projects/TPL", json!({ "is_template": true })).await.expect_status(200);
        for wrong in ["NONE", "proj_01h455vb4pex5vsknk084sn02q"] {
            let refused = api.post("/projects", json!({ "key": "WEB", "name": "Website", "template": wrong })).await.expect_problem(422, "invalid_fields");
            assert_eq!(refused.text("/errors/0/pointer"), "/template");
        }
        let made = api.post("/projects", new.clone()).await.expect_status(201);
        assert_eq!((made.text("/description"), made.at("/is_template"), made.at("/version")), ("How we launch".into(), &json!(false), &json!(1)));
        api.post("/projects", new).await.expect_problem(409, "project_key_taken");
        let tasks = api.get("/tasks?project=WEB&sort=key").await.expect_status(200);
        let shown: Vec<_> = tasks.at("/items").as_array().unwrap().iter().map(|task| (task["title"].as_str().unwrap(), task["status"].as_str().unwrap())).collect();
        assert_eq!(shown, [("Plan", "todo"), ("Do", "todo")]);
        assert_eq!(tasks.text("/items/0/due_at"), "2026-02-03T00:00:00Z");
        assert_eq!(api.get("/tasks/WEB-2/dependencies").await.expect_status(200).text("/items/0/predecessor"), tasks.text("/items/0/id"));
        let milestones = api.get("/projects/WEB/milestones").await.expect_status(200);
        assert_eq!((milestones.text("/items/0/due_at"), milestones.at("/items/0/progress/total")), ("2026-02-09T00:00:00Z".into(), &json!(1)));

        let copied = api.post("/projects/WEB/copy", json!({ "key": "APP", "name": "App", "include": ["tasks"] })).await.expect_status(201);
        assert_eq!((copied.text("/key"), copied.text("/start_at")), ("APP".into(), "2026-02-02T00:00:00Z".into()));
        assert_eq!(api.get("/projects/APP/milestones").await.expect_status(200).at("/items"), &json!([]));
        let refused = api.post("/projects/WEB/copy", json!({ "key": "BPP", "name": "App", "include": ["dependencies"] })).await.expect_problem(422, "invalid_fields");
        assert_eq!(refused.text("/errors/0/pointer"), "/include");
        api.post("/projects/WEB/copy", json!({ "key": "BPP", "name": "App", "include": ["money"] })).await.expect_problem(422, "invalid_fields");
        api.post("/projects/NONE/copy", json!({ "key": "BPP", "name": "App" })).await.expect_problem(404, "project_not_found");
        // The next task of a copy goes on counting.
        assert_eq!(api.post("/projects/APP/tasks", json!({ "title": "More" })).await.expect_status(201).text("/key"), "APP-3");
        let workspace = api.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let worker = people.member(&server, &workspace, "Wim", Role::TeamMember).await;
        people.leave().await;
        worker.post("/projects/WEB/copy", json!({ "key": "BPP", "name": "App" })).await.expect_problem(403, "denied");
        worker.post("/projects", json!({ "key": "BPP", "name": "App", "template": "TPL" })).await.expect_problem(403, "denied");
        worker.post("/projects/WEB/archive", json!({})).await.expect_problem(403, "denied");
    }

    async fn a_project_has_members(db) {
        let server = Server::start(&db).await;
        let api = Api::set_up(&server).await;
        for key in ["WEB", "APP"] {
            api.post("/projects", json!({ "key": key, "name": key })).await.expect_status(201);
        }
        let workspace = api.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let vic = people.member(&server, &workspace, "Vic", Role::Viewer).await;
        people.leave().await;
        let user = vic.get("/me").await.text("/user/id");
        let path = format!("/projects/WEB/members/{user}");
        vic.post("/projects/WEB/tasks", json!({ "title": "Mine" })).await.expect_problem(403, "denied");
        vic.put(&path, json!({ "role": "admin" })).await.expect_problem(403, "denied");
        let made = api.put(&path, json!({ "role": "team_member" })).await.expect_status(200);
        assert_eq!((made.text("/user"), made.text("/role")), (user.clone(), "team_member".into()));
        assert_eq!(api.put(&path, json!({ "role": "team_member" })).await.expect_status(200).body, made.body, "the same again changes nothing");
        // Now Vic works there, and only there.
        vic.post("/projects/WEB/tasks", json!({ "title": "Mine" })).await.expect_status(201);
        vic.post("/projects/APP/tasks", json!({ "title": "Mine" })).await.expect_problem(403, "denied");
        vic.patch("/projects/WEB", json!({ "name": "Mine" })).await.expect_problem(403, "denied");
        api.put(&path, json!({ "role": "project_manager" })).await.expect_status(200);
        vic.patch("/projects/WEB", json!({ "name": "Web" })).await.expect_status(200);
        let listed = vic.get("/projects/WEB/members").await.expect_status(200);
        assert_eq!((listed.at("/items").as_array().unwrap().len(), listed.text("/items/0/role")), (1, "project_manager".into()));
        assert_eq!(api.get("/projects/APP/members").await.expect_status(200).at("/items"), &json!([]));
        let refused = api.put(&path, json!({ "role": "boss" })).await.expect_problem(422, "invalid_fields");
        assert_eq!(refused.text("/errors/0/pointer"), "/role");
        api.put("/projects/WEB/members/user_01h455vb4pex5vsknk084sn02q", json!({ "role": "viewer" })).await.expect_problem(422, "invalid_fields");
        api.delete(&path).await.expect_status(204);
        api.delete(&path).await.expect_problem(404, "project_member_not_found");
        vic.post("/projects/WEB/tasks", json!({ "title": "Mine" })).await.expect_problem(403, "denied");
    }
}

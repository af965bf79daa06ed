//! Who watches a task, what it is estimated to take, and what it is linked with, over the interface.

use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Answer, Api, People, Server};

/// Two projects, `WEB` with two tasks and `APP` with one.
async fn projects(server: &Server) -> Api {
    let api = Api::set_up(server).await;
    for (project, tasks) in [("WEB", 2), ("APP", 1)] {
        api.post("/projects", json!({ "key": project, "name": project })).await.expect_status(201);
        for _ in 0..tasks {
            api.post(&format!("/projects/{project}/tasks"), json!({ "title": "Work" })).await.expect_status(201);
        }
    }
    api
}

/// The last events of these kinds, when there are so many, oldest first.
async fn announced(api: &Api, kinds: &[&str], count: usize) -> Vec<Value> {
    let start = std::time::Instant::now();
    loop {
        let log = api.get("/events?limit=200&after=0").await.expect_status(200);
        let mut events = log.at("/items").as_array().unwrap().clone();
        events.retain(|event| kinds.contains(&event["kind"].as_str().unwrap()));
        if events.len() >= count {
            return events;
        }
        assert!(start.elapsed() < std::time::Duration::from_secs(30), "{events:#?}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

async fn keys(api: &Api, query: &str) -> Vec<String> {
    let page = api.get(&format!("/tasks?sort=key&{query}")).await.expect_status(200);
    page.at("/items").as_array().unwrap().iter().map(|task| task["key"].as_str().unwrap().to_owned()).collect()
}

fn links(answer: &Answer) -> Vec<(String, String)> {
    let items = answer.at("/items").as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    items.iter().map(|link| (text(&link["type"]), text(&link["other"]["key"]))).collect()
}

both_databases! {
    async fn people_watch_what_they_see_and_are_found_by_it(db) {
        let server = Server::start(&db).await;
        let api = projects(&server).await;
        let me = api.get("/me").await;
        let (ada, workspace) = (me.text("/user/id"), me.text("/workspace/id"));
        let people = People::of(&db).await;
        let viewer = people.member(&server, &workspace, "Vic", Role::Viewer).await;
        people.leave().await;
        let vic = viewer.get("/me").await.text("/user/id");

        let task = viewer.post(&format!("/tasks/WEB-1/watchers/{vic}"), json!({})).await.expect_status(200);
        assert_eq!((task.at("/watchers"), task.at("/version")), (&json!([vic]), &json!(2)));
        assert_eq!(task.headers["etag"], "\"2\"");
        // Twice is once.
        assert_eq!(viewer.post(&format!("/tasks/WEB-1/watchers/{vic}"), json!({})).await.expect_status(200).at("/version"), 2);
        viewer.post(&format!("/tasks/WEB-1/watchers/{ada}"), json!({})).await.expect_problem(403, "denied");
        let both = api.post(&format!("/tasks/WEB-1/watchers/{ada}"), json!({})).await.expect_status(200);
        assert_eq!(both.at("/watchers"), &json!([vic, ada]));
        viewer.delete(&format!("/tasks/WEB-1/watchers/{ada}")).await.expect_problem(403, "denied");
        api.post("/projects/WEB/tasks", json!({ "title": "Watched", "watchers": [vic, vic] })).await.expect_status(201);

        assert_eq!(keys(&api, &format!("watcher={vic}")).await, ["WEB-1", "WEB-3"]);
        assert_eq!(keys(&api, &format!("watcher={ada},{vic}")).await, ["WEB-1", "WEB-3"]);
        assert_eq!(keys(&api, "watcher=none&project=WEB").await, ["WEB-2"]);
        api.get("/tasks?watcher=bob").await.expect_problem(422, "invalid_parameter");

        viewer.delete(&format!("/tasks/WEB-1/watchers/{vic}")).await.expect_status(204);
        viewer.delete(&format!("/tasks/WEB-1/watchers/{vic}")).await.expect_status(204);
        assert_eq!(api.get("/tasks/WEB-1").await.at("/watchers"), &json!([ada]));
        assert_eq!(keys(&api, &format!("watcher={vic}")).await, ["WEB-3"]);
        let events = announced(&api, &["task.watched", "task.unwatched"], 3).await;
        let seen: Vec<_> = events.iter().map(|event| (event["kind"].as_str().unwrap(), event["data"]["watcher"].as_str().unwrap())).collect();
        assert_eq!(seen, [("task.watched", vic.as_str()), ("task.watched", &ada), ("task.unwatched", &vic)]);

        let stranger = "user_01h455vb4pex5vsknk084sn02q";
        api.post(&format!("/tasks/WEB-1/watchers/{stranger}"), json!({})).await.expect_problem(404, "user_not_found");
        for path in ["/tasks/WEB-1/watchers/bob", "/tasks/WEB-1/watchers/%00", "/tasks/WEB-1/watchers/%FF", "/tasks/WEB-1/watchers/task_01h455vb4pex5vsknk084sn02q"] {
            api.post(path, json!({})).await.expect_problem(404, "not_found");
            api.delete(path).await.expect_problem(404, "not_found");
        }
        api.post(&format!("/tasks/WEB-9/watchers/{ada}"), json!({})).await.expect_problem(404, "task_not_found");
        let refused = api.post("/projects/WEB/tasks", json!({ "title": "x", "watchers": [ada, stranger] })).await.expect_problem(422, "invalid_fields");
        assert_eq!(refused.text("/errors/0/pointer"), "/watchers/1");
        // Who watches is said by its own verbs.
        api.patch("/tasks/WEB-1", json!({ "watchers": [] })).await.expect_problem(422, "invalid_fields");
    }

    async fn a_task_says_how_much_work_it_is(db) {
        let server = Server::start(&db).await;
        let api = projects(&server).await;
        let made = api.post("/projects/WEB/tasks", json!({ "title": "Large", "estimate": 480, "points": 5 })).await.expect_status(201);
        assert_eq!((made.at("/estimate"), made.at("/points")), (&json!(480), &json!(5)));
        let changed = api.patch("/tasks/WEB-3", json!({ "estimate": 0, "points": null })).await.expect_status(200);
        assert_eq!((changed.at("/estimate"), changed.at("/points")), (&json!(0), &Value::Null));
        let event = announced(&api, &["task.updated"], 1).await.pop().unwrap();
        assert_eq!(event["data"]["change"], json!({ "estimate": { "from": 480, "to": 0 }, "points": { "from": 5, "to": null } }));
        for (body, pointer) in [(json!({ "estimate": -1 }), "/estimate"), (json!({ "estimate": 1.5 }), "/estimate"), (json!({ "estimate": "1d" }), "/estimate"),
            (json!({ "estimate": 10_000_001 }), "/estimate"), (json!({ "points": -1 }), "/points"), (json!({ "points": 1001 }), "/points")] {
            let refused = api.patch("/tasks/WEB-3", body).await.expect_problem(422, "invalid_fields");
            assert_eq!(refused.text("/errors/0/pointer"), pointer);
        }
    }

    async fn tasks_are_linked_across_projects_and_both_ends_see_it(db) {
        let server = Server::start(&db).await;
        let api = projects(&server).await;
        let link = async |task: &str, other: &str, kind: &str| api.post(&format!("/tasks/{task}/links"), json!({ "other": other, "type": kind })).await;
        let made = link("WEB-1", "APP-1", "blocks").await.expect_status(201);
        assert_eq!((made.text("/type"), made.text("/other/key"), made.text("/other/status")), ("blocks".into(), "APP-1".into(), "todo".into()));
        link("WEB-1", "WEB-2", "is_duplicated_by").await.expect_status(201);
        link("WEB-2", "WEB-1", "relates_to").await.expect_status(201);
        let list = async |task: &str| links(&api.get(&format!("/tasks/{task}/links")).await.expect_status(200));
        let pair = |kind: &str, key: &str| (kind.to_owned(), key.to_owned());
        assert_eq!(list("WEB-1").await, [pair("blocks", "APP-1"), pair("is_duplicated_by", "WEB-2"), pair("relates_to", "WEB-2")]);
        assert_eq!(list("APP-1").await, [pair("is_blocked_by", "WEB-1")]);
        assert_eq!(list("WEB-2").await, [pair("duplicates", "WEB-1"), pair("relates_to", "WEB-1")]);
        // Said again, from either end and under either name, it is no second link.
        for (task, other, kind) in [("WEB-1", "APP-1", "blocks"), ("APP-1", "WEB-1", "is_blocked_by"), ("WEB-1", "WEB-2", "relates_to"), ("WEB-2", "WEB-1", "duplicates")] {
            let refused = link(task, other, kind).await.expect_problem(409, "link_exists");
            assert_eq!(refused.text("/errors/0/pointer"), "/other");
        }
        // The other way round it is another one.
        link("APP-1", "WEB-1", "blocks").await.expect_status(201);

        api.delete("/tasks/WEB-2/links/WEB-1?type=duplicates").await.expect_status(204);
        assert_eq!(list("WEB-1").await, [pair("blocks", "APP-1"), pair("relates_to", "WEB-2"), pair("is_blocked_by", "APP-1")]);
        api.delete("/tasks/APP-1/links/WEB-1").await.expect_status(204);
        assert_eq!((list("WEB-1").await, list("APP-1").await), (vec![pair("relates_to", "WEB-2")], vec![]));
        let events = announced(&api, &["task.linked", "task.unlinked"], 7).await;
        let seen: Vec<_> = events.iter().map(|event| {
            let data = &event["data"];
            (event["kind"].as_str().unwrap(), data["task"]["key"].as_str().unwrap(), data["link"]["type"].as_str().unwrap(), data["other"]["key"].as_str().unwrap())
        }).collect();
        assert_eq!(seen[..5], [("task.linked", "WEB-1", "blocks", "APP-1"), ("task.linked", "WEB-1", "is_duplicated_by", "WEB-2"), ("task.linked", "WEB-2", "relates_to", "WEB-1"),
            ("task.linked", "APP-1", "blocks", "WEB-1"), ("task.unlinked", "WEB-2", "duplicates", "WEB-1")]);
        assert_eq!(api.get("/tasks/WEB-1").await.at("/version"), 1, "a link is no change of the task");

        for (body, pointer) in [(json!({}), "/other"), (json!({ "other": "WEB-1", "type": "blocks" }), "/other"), (json!({ "other": "WEB-9", "type": "blocks" }), "/other"),
            (json!({ "other": "task_nonsense", "type": "blocks" }), "/other"), (json!({ "other": "WEB-2" }), "/type"), (json!({ "other": "WEB-2", "type": "likes" }), "/type"),
            (json!({ "other": "WEB-2", "type": "blocks", "why": 1 }), "/why")] {
            let refused = api.post("/tasks/WEB-1/links", body.clone()).await.expect_problem(422, "invalid_fields");
            assert_eq!(refused.text("/errors/0/pointer"), pointer, "{body}");
        }
        for (path, status, code) in [("/tasks/WEB-1/links/APP-1", 404, "link_not_found"), ("/tasks/WEB-1/links/WEB-2?type=blocks", 404, "link_not_found"), ("/tasks/WEB-1/links/WEB-9", 404, "task_not_found"),
            ("/tasks/WEB-9/links/WEB-1", 404, "task_not_found"), ("/tasks/WEB-1/links/task_nonsense", 404, "not_found"), ("/tasks/WEB-1/links/WEB-2?type=likes", 422, "invalid_parameter")] {
            api.delete(path).await.expect_problem(status, code);
        }
        // A link goes with either of its tasks.
        api.delete("/tasks/WEB-2").await.expect_status(204);
        assert_eq!(list("WEB-1").await, []);
    }

    async fn a_task_has_only_so_many_links(db) {
        let server = Server::start(&db).await;
        let api = projects(&server).await;
        for other in 3..=202 {
            api.post("/projects/WEB/tasks", json!({ "title": "More" })).await.expect_status(201);
            api.post("/tasks/WEB-1/links", json!({ "other": format!("WEB-{other}"), "type": "relates_to" })).await.expect_status(201);
        }
        for (task, other) in [("WEB-1", "WEB-2"), ("WEB-2", "WEB-1")] {
            api.post(&format!("/tasks/{task}/links"), json!({ "other": other, "type": "blocks" })).await.expect_problem(409, "too_many_links");
        }
        assert_eq!(api.get("/tasks/WEB-1/links").await.expect_status(200).at("/items").as_array().unwrap().len(), 200);
    }

    async fn rules_link_label_watch_and_delete(db) {
        let server = Server::start(&db).await;
        let api = projects(&server).await;
        let ada = api.get("/me").await.text("/user/id");
        let rule = json!({ "name": "Duplicate", "trigger": { "on": "task.linked" }, "condition": "link.type == \"duplicates\"", "steps": [
            { "id": "label", "action": "task.add_label", "with": { "task": "{{ task.id }}", "label": "duplicate" } },
            { "id": "again", "action": "task.add_label", "with": { "task": "{{ task.id }}", "label": "seen" } },
            { "id": "off", "action": "task.remove_label", "with": { "task": "{{ task.id }}", "label": "seen" } },
            { "id": "watch", "action": "task.add_watcher", "with": { "task": "{{ other.id }}", "user": ada } },
            { "id": "close", "action": "task.set_status", "with": { "task": "{{ task.id }}", "status": "cancelled" } },
            { "id": "relate", "action": "task.link", "with": { "task": "APP-1", "other": "{{ other.key }}", "type": "relates_to" } },
            { "id": "end", "action": "task.unlink", "with": { "task": "{{ task.key }}", "other": "{{ other.key }}" } },
            { "id": "gone", "action": "task.delete", "with": { "task": "WEB-3" } },
        ] });
        let rule = api.post("/rules", rule).await.expect_status(201).text("/id");
        api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        api.post("/projects/WEB/tasks", json!({ "title": "Goes" })).await.expect_status(201);
        api.post("/tasks/WEB-2/links", json!({ "other": "WEB-1", "type": "duplicates" })).await.expect_status(201);
        announced(&api, &["task.deleted"], 1).await;
        let task = api.get("/tasks/WEB-2").await.expect_status(200);
        assert_eq!((task.at("/labels"), task.text("/status")), (&json!(["duplicate"]), "cancelled".into()));
        assert_eq!(api.get("/tasks/WEB-1").await.at("/watchers"), &json!([ada]));
        assert_eq!(links(&api.get("/tasks/WEB-1/links").await), [("relates_to".to_owned(), "APP-1".to_owned())]);
        api.get("/tasks/WEB-3").await.expect_problem(404, "task_not_found");
    }
}

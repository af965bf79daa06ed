//! What people look through: the log backwards and by kind, approvals that are settled, which task a run was about; and that runs
//! go on, as it happens.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, Database, People, Server, Socket};

const PATIENCE: Duration = Duration::from_secs(30);

async fn place(db: &Database) -> (Server, Api) {
    let server = Server::start(db).await;
    let api = Api::set_up(&server).await;
    api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
    api.post("/projects", json!({ "key": "OPS", "name": "Operations" })).await.expect_status(201);
    (server, api)
}

async fn rule(api: &Api, rule: Value) -> String {
    let id = api.post("/rules", rule).await.expect_status(201).text("/id");
    api.post(&format!("/rules/{id}/enable"), json!({})).await.expect_status(200);
    id
}

/// The items of a list, once they are as wanted.
async fn items(api: &Api, path: &str, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let start = Instant::now();
    loop {
        let page = api.get(path).await.expect_status(200);
        let items = page.at("/items").as_array().unwrap();
        if wanted(items) {
            return items.clone();
        }
        assert!(start.elapsed() < PATIENCE, "{path}: {:#}", page.body);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["kind"].as_str().unwrap()).collect()
}

both_databases! {
    async fn the_log_is_read_backwards_and_by_what_one_looks_for(db) {
        let (server, api) = place(&db).await;
        for (project, title) in [("WEB", "One"), ("OPS", "Two"), ("WEB", "Three")] {
            api.post(&format!("/projects/{project}/tasks"), json!({ "title": title })).await.expect_status(201);
        }
        api.patch("/tasks/WEB-1", json!({ "status": "in_progress" })).await.expect_status(200);
        api.post("/tasks/WEB-1/comments", json!({ "body": "Nearly" })).await.expect_status(201);
        items(&api, "/events?limit=200", |events| kinds(events).contains(&"task.commented")).await;
        let all = api.get("/events?limit=200").await.expect_status(200).at("/items").as_array().unwrap().clone();
        // Backwards, page by page, it is the same log.
        let (mut back, mut before) = (Vec::new(), "latest".to_owned());
        loop {
            let page = api.get(&format!("/events?before={before}&limit=3")).await.expect_status(200);
            back.extend(page.at("/items").as_array().unwrap().clone());
            match page.at("/next_cursor").as_str() {
                Some(next) => before = next.to_owned(),
                None => break,
            }
        }
        back.reverse();
        assert_eq!(back, all);
        let found = async |query: &str| api.get(&format!("/events?limit=200&{query}")).await.expect_status(200).at("/items").as_array().unwrap().clone();
        assert_eq!(kinds(&found("kind=task.created,project.created").await), ["project.created", "project.created", "task.created", "task.created", "task.created"]);
        assert_eq!(kinds(&found("kind=project.*&before=latest").await), ["project.created", "project.created"]);
        assert_eq!(found("project=WEB&kind=task.created").await.len(), 2);
        let of_task = found("task=WEB-1&before=latest").await;
        assert_eq!((kinds(&of_task)[0], kinds(&of_task).last().unwrap()), ("task.commented", &"task.created"));
        assert!(of_task.iter().all(|event| event["data"]["task"]["key"] == "WEB-1"), "{of_task:#?}");
        // Forwards the place to go on from is behind what was passed over.
        let page = api.get("/events?kind=task.commented&limit=1").await.expect_status(200);
        let next = page.text("/next_cursor");
        assert_eq!(api.get(&format!("/events?kind=task.commented&after={next}")).await.expect_status(200).at("/items"), &json!([]));
        let waits = tokio::spawn({
            let api = api.clone();
            async move { api.get(&format!("/events?kind=task.deleted&after={next}&wait=20")).await }
        });
        api.post("/projects/WEB/tasks", json!({ "title": "Passed over" })).await.expect_status(201);
        api.delete("/tasks/WEB-2").await.expect_status(204);
        assert_eq!(kinds(waits.await.unwrap().expect_status(200).at("/items").as_array().unwrap()), ["task.deleted"]);
        for wrong in ["kind=task.createt", "kind=task*", "kind=", "before=soon", "before=latest&after=1", "before=latest&wait=3"] {
            api.get(&format!("/events?{wrong}")).await.expect_problem(422, "invalid_parameter");
        }
        // What may not be seen is neither there nor a filter.
        let people = People::of(&db).await;
        let workspace = api.get("/me").await.text("/workspace/id");
        let vic = people.member(&server, &workspace, "Vic", Role::Viewer).await;
        people.leave().await;
        let vic_id = vic.get("/me").await.text("/user/id");
        for permission in ["project.view", "task.view"] {
            api.post("/assignments", json!({ "user": vic_id, "permission": permission, "effect": "deny", "on": "OPS" })).await.expect_status(201);
        }
        let seen = vic.get("/events?before=latest&kind=task.created&limit=200").await.expect_status(200);
        assert!(seen.at("/items").as_array().unwrap().len() == 3 && !seen.body.to_string().contains("OPS"), "{:#}", seen.body);
        vic.get("/events?project=OPS").await.expect_problem(404, "project_not_found");
        vic.get("/events?task=OPS-1").await.expect_problem(404, "task_not_found");
    }

    async fn settled_approvals_are_listed_to_those_who_saw_them(db) {
        let (server, api) = place(&db).await;
        let people = People::of(&db).await;
        let workspace = api.get("/me").await.text("/workspace/id");
        let (mia, gus) = (people.member(&server, &workspace, "Mia", Role::TeamMember).await, people.member(&server, &workspace, "Gus", Role::Guest).await);
        people.leave().await;
        let mia_id = mia.get("/me").await.text("/user/id");
        rule(&api, json!({ "name": "Asks", "trigger": { "on": "task.created" },
            "steps": [{ "id": "ask", "approve": { "by": [format!("user:{mia_id}")], "message": "May {{ task.key }}?" } }] })).await;
        for title in ["One", "Two"] {
            api.post("/projects/WEB/tasks", json!({ "title": title })).await.expect_status(201);
        }
        let pending = items(&mia, "/approvals", |items| items.len() == 2).await;
        let (first, second) = (pending[1]["id"].as_str().unwrap(), pending[0]["id"].as_str().unwrap());
        mia.post(&format!("/approvals/{first}/decide"), json!({ "decision": "approve" })).await.expect_status(200);
        let ids = async |api: &Api, query: &str| {
            let page = api.get(&format!("/approvals?{query}")).await.expect_status(200);
            page.at("/items").as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        for one in [&mia, &api] {
            assert_eq!(ids(one, "state=approved,rejected").await, [first]);
            assert_eq!(ids(one, "state=pending").await, [second]);
            assert_eq!(ids(one, "state=pending,approved").await, [second, first], "newest first");
        }
        let page = mia.get("/approvals?state=pending,approved&limit=1").await.expect_status(200);
        assert_eq!(ids(&mia, &format!("state=pending,approved&limit=1&cursor={}", page.text("/next_cursor"))).await, [first]);
        assert!(ids(&gus, "state=pending,approved").await.is_empty(), "who was not asked and sees no runs sees none");
        api.get("/approvals?state=gone").await.expect_problem(422, "invalid_parameter");
    }

    async fn a_run_says_which_task_it_is_about(db) {
        let (_server, api) = place(&db).await;
        let said = rule(&api, json!({ "name": "Says", "trigger": { "on": "task.created" }, "steps": [{ "id": "end", "stop": "" }] })).await;
        let by_hand = rule(&api, json!({ "name": "By hand", "trigger": { "on": "manual" }, "steps": [{ "id": "end", "stop": "" }] })).await;
        let task = api.post("/projects/WEB/tasks", json!({ "title": "One" })).await.expect_status(201).text("/id");
        let run = items(&api, &format!("/runs?rule_id={said}"), |runs| runs.len() == 1).await.remove(0);
        assert_eq!(run["task"], json!({ "id": task, "key": "WEB-1" }));
        let path = format!("/runs/{}", run["id"].as_str().unwrap());
        assert_eq!(api.get(&path).await.expect_status(200).at("/task/key"), &json!("WEB-1"));
        let other = api.post(&format!("/rules/{by_hand}/run"), json!({})).await.expect_status(202).text("/id");
        assert!(api.get(&format!("/runs/{other}")).await.expect_status(200).body.get("task").is_none());
        api.delete("/tasks/WEB-1").await.expect_status(204);
        assert_eq!(api.get(&path).await.expect_status(200).at("/task"), &json!({ "id": task }));
    }

    async fn whoever_watches_runs_hears_that_they_begin_and_end(db) {
        let (server, api) = place(&db).await;
        let naps = rule(&api, json!({ "name": "Naps", "trigger": { "on": "manual" },
            "steps": [{ "id": "nap", "wait": { "for": "2s" } }, { "id": "end", "stop": "" }] })).await;
        let mut socket = Socket::hello(&server, api.token()).await;
        for topic in ["runs".to_owned(), format!("runs:{naps}")] {
            socket.say(json!({ "type": "subscribe", "topic": topic })).await;
            assert_eq!(socket.hear().await["type"], "subscribed");
            assert_eq!(socket.hear().await["type"], "runs", "it is worth while to read at first");
        }
        let run = api.post(&format!("/rules/{naps}/run"), json!({})).await.expect_status(202).text("/id");
        let topics = |said: [Value; 2]| {
            assert!(said.iter().all(|said| said["type"] == "runs"), "{said:?}");
            said.map(|said| said["topic"].as_str().unwrap().starts_with("runs:rule_"))
        };
        let began = topics([socket.hear().await, socket.hear().await]);
        assert_ne!(began[0], began[1], "of the workspace, and of the rule");
        socket.say(json!({ "type": "subscribe", "topic": format!("run:{run}") })).await;
        let mut ended = None;
        while ended.is_none() {
            let said = socket.hear().await;
            ended = (said["type"] == "run" && said["state"] == "succeeded").then_some(said);
        }
        assert_eq!(ended.unwrap()["steps"], 2);
        // Nobody watches what they may not see.
        let people = People::of(&db).await;
        let workspace = api.get("/me").await.text("/workspace/id");
        let gus = people.member(&server, &workspace, "Gus", Role::Guest).await;
        people.leave().await;
        let mut socket = Socket::hello(&server, gus.token()).await;
        for topic in ["runs".to_owned(), format!("runs:{naps}")] {
            socket.say(json!({ "type": "subscribe", "topic": topic })).await;
            assert_eq!(socket.hear().await["type"], "error");
        }
    }
}

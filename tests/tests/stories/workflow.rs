//! Workflows and types of projects' own, over the interface.

use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, People, Server};

/// A project `WEB` with so many tasks.
async fn project(server: &Server, tasks: usize) -> Api {
    let api = Api::set_up(server).await;
    api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
    for _ in 0..tasks {
        api.post("/projects/WEB/tasks", json!({ "title": "Work" })).await.expect_status(201);
    }
    api
}

/// To do, then tested, then shipped or dropped; and back from the test.
fn own() -> Value {
    json!({
        "statuses": [
            { "key": "idea", "name": "Idea", "category": "todo" },
            { "key": "testing", "name": "Testing", "category": "in_progress" },
            { "key": "shipped", "name": "Shipped", "category": "done" },
            { "key": "paid", "name": "Paid", "category": "done" },
            { "key": "dropped", "name": "Dropped", "category": "cancelled" },
        ],
        "transitions": [
            { "from": "idea", "to": "testing" }, { "from": "testing", "to": "shipped" }, { "from": "testing", "to": "idea" },
            { "from": "testing", "to": "dropped" }, { "from": "shipped", "to": "paid" }, { "from": "shipped", "to": "idea" },
        ],
        "initial": "idea",
    })
}

fn with(pointer: &str, value: Value) -> Value {
    let mut workflow = own();
    match workflow.pointer_mut(pointer) {
        Some(there) => *there = value,
        None => workflow[&pointer[1..]] = value,
    }
    workflow
}

async fn keys(api: &Api, query: &str) -> Vec<String> {
    let page = api.get(&format!("/tasks?{query}")).await.expect_status(200);
    page.at("/items").as_array().unwrap().iter().map(|task| task["key"].as_str().unwrap().to_owned()).collect()
}

async fn announced(api: &Api, kind: &str, count: usize) -> Vec<Value> {
    let start = std::time::Instant::now();
    loop {
        let log = api.get("/events?limit=200&after=0").await.expect_status(200);
        let mut events = log.at("/items").as_array().unwrap().clone();
        events.retain(|event| event["kind"] == kind);
        if events.len() >= count {
            return events;
        }
        assert!(start.elapsed() < std::time::Duration::from_secs(30), "{events:#?}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

both_databases! {
    async fn a_project_without_its_own_has_the_usual_one(db) {
        let server = Server::start(&db).await;
        let api = project(&server, 1).await;
        let usual = api.get("/projects/WEB/workflow").await.expect_status(200);
        let keys: Vec<_> = usual.at("/statuses").as_array().unwrap().iter().map(|status| (status["key"].as_str().unwrap(), status["category"].as_str().unwrap())).collect();
        assert_eq!(keys, [("todo", "todo"), ("in_progress", "in_progress"), ("in_review", "in_progress"), ("blocked", "in_progress"), ("completed", "done"), ("cancelled", "cancelled")]);
        assert_eq!((usual.text("/transitions"), usual.text("/initial")), ("any".into(), "todo".into()));
        for (status, category) in [("completed", "done"), ("todo", "todo"), ("cancelled", "cancelled"), ("in_review", "in_progress")] {
            let task = api.patch("/tasks/WEB-1", json!({ "status": status })).await.expect_status(200);
            assert_eq!((task.text("/category"), task.at("/completed_at").is_string()), (category.into(), category == "done"), "{status}");
        }
        for body in [json!({ "status": "shipped" }), json!({ "status": "To do" }), json!({ "type": "incident" })] {
            let refused = api.patch("/tasks/WEB-1", body.clone()).await.expect_problem(422, "invalid_fields");
            assert_eq!(refused.text("/errors/0/pointer"), format!("/{}", body.as_object().unwrap().keys().next().unwrap()));
            let mut new = body.clone();
            new["title"] = json!("x");
            api.post("/projects/WEB/tasks", new).await.expect_problem(422, "invalid_fields");
        }
        for query in ["status=shipped", "type=incident", "status=To do", "category=finished"] {
            api.get(&format!("/tasks?{query}")).await.expect_refusal().expect_status(422);
        }
    }

    async fn a_task_goes_the_ways_of_its_project(db) {
        let server = Server::start(&db).await;
        let api = project(&server, 0).await;
        let workflow = api.put("/projects/WEB/workflow", own()).await.expect_status(200);
        assert_eq!(workflow.at("/statuses/1"), &json!({ "key": "testing", "name": "Testing", "category": "in_progress" }));
        assert_eq!(api.get("/projects/WEB/workflow").await.body, workflow.body);
        let task = api.post("/projects/WEB/tasks", json!({ "title": "One" })).await.expect_status(201);
        assert_eq!((task.text("/status"), task.text("/category")), ("idea".into(), "todo".into()));
        let go = async |to: &str| api.patch("/tasks/WEB-1", json!({ "status": to })).await;
        for to in ["shipped", "paid", "dropped"] {
            let refused = go(to).await.expect_problem(409, "transition_not_allowed");
            assert!(refused.text("/detail").contains("from `idea` to testing, not"), "{:#}", refused.body);
            assert_eq!(refused.text("/errors/0/pointer"), "/status");
        }
        let refused = go("completed").await.expect_problem(422, "invalid_fields");
        assert!(refused.text("/detail").contains("idea, testing, shipped, paid, dropped"), "{:#}", refused.body);
        go("testing").await.expect_status(200);
        let shipped = go("shipped").await.expect_status(200);
        let since = shipped.text("/completed_at");
        // From done to done it stays done since then, and from nowhere it goes on.
        assert_eq!(go("paid").await.expect_status(200).text("/completed_at"), since);
        let refused = go("idea").await.expect_problem(409, "transition_not_allowed");
        assert!(refused.text("/detail").contains("nowhere"), "{:#}", refused.body);
        // The status it has is no way.
        go("paid").await.expect_status(200);

        // Rules go the same ways, and may name what no other project has; a word that nobody has is warned of.
        let rule = json!({ "name": "On", "trigger": { "on": "task.created" }, "condition": "task.status == \"idea\" && task.category == \"todo\"", "steps": [
            { "id": "no", "action": "task.set_status", "with": { "task": "{{ task.id }}", "status": "shipped" }, "on_error": "continue" },
            { "id": "why", "action": "task.comment", "with": { "task": "{{ task.id }}", "body": "{{ steps.no.error.message }}" } },
            { "id": "yes", "action": "task.update", "with": { "task": "{{ task.id }}", "status": "testing" } } ] });
        let verdict = api.post("/rules/check", json!({ "rule": rule })).await.expect_status(200);
        assert_eq!((verdict.at("/ok"), verdict.text("/problems/0/severity")), (&json!(true), "warning".into()), "{:#}", verdict.body);
        let rule = api.post("/rules", rule).await.expect_status(201).text("/id");
        api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        api.post("/projects/WEB/tasks", json!({ "title": "Two" })).await.expect_status(201);
        let start = std::time::Instant::now();
        while api.get("/tasks/WEB-2").await.text("/status") != "testing" {
            assert!(start.elapsed() < std::time::Duration::from_secs(30));
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let why = api.get("/tasks/WEB-2/comments").await.text("/items/0/body");
        assert!(why.contains("from `idea` to testing, not to `shipped`"), "{why}");
    }

    async fn statuses_of_all_projects_are_found_and_ordered(db) {
        let server = Server::start(&db).await;
        let api = project(&server, 0).await;
        api.put("/projects/WEB/workflow", own()).await.expect_status(200);
        api.post("/projects", json!({ "key": "APP", "name": "App" })).await.expect_status(201);
        for (project, status) in [("WEB", "dropped"), ("WEB", "paid"), ("APP", "completed"), ("WEB", "testing"), ("APP", "blocked"), ("WEB", "idea"), ("APP", "todo"), ("APP", "cancelled")] {
            api.post(&format!("/projects/{project}/tasks"), json!({ "title": "x", "status": status })).await.expect_status(201);
        }
        let sorted = keys(&api, "sort=status,created_at").await;
        assert_eq!(sorted, ["WEB-4", "APP-3", "WEB-3", "APP-2", "WEB-2", "APP-1", "WEB-1", "APP-4"]);
        let mut paged = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = api.get(&format!("/tasks?sort=status,created_at&limit=3{cursor}")).await.expect_status(200);
            paged.extend(page.at("/items").as_array().unwrap().iter().map(|task| task["key"].as_str().unwrap().to_owned()));
            match page.at("/next_cursor").as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(paged, sorted);
        assert_eq!(keys(&api, "sort=created_at&category=done").await, ["WEB-2", "APP-1"]);
        assert_eq!(keys(&api, "sort=created_at&category=todo,in_progress").await, ["WEB-3", "APP-2", "WEB-4", "APP-3"]);
        assert_eq!(keys(&api, "sort=created_at&status=paid,todo").await, ["WEB-2", "APP-3"]);
    }

    async fn whoever_takes_a_status_away_says_where_its_tasks_go(db) {
        let server = Server::start(&db).await;
        let api = project(&server, 3).await;
        api.patch("/tasks/WEB-2", json!({ "status": "completed" })).await.expect_status(200);
        let refused = api.put("/projects/WEB/workflow", own()).await.expect_problem(409, "status_in_use");
        assert!(refused.text("/detail").contains("1 in `completed`, 2 in `todo`"), "{:#}", refused.body);
        let state = api.get("/projects/WEB/workflow").await.headers["etag"].to_str().unwrap().to_owned();
        let moving = with("/replace", json!({ "todo": "idea", "completed": "shipped", "blocked": "idea" }));
        api.with_header("if-match", &state).put("/projects/WEB/workflow", moving.clone()).await.expect_status(200);
        api.with_header("if-match", &state).put("/projects/WEB/workflow", own()).await.expect_problem(412, "stale");
        let task = api.get("/tasks/WEB-2").await;
        assert_eq!((task.text("/status"), task.text("/category"), task.at("/version"), task.at("/completed_at").is_string()), ("shipped".into(), "done".into(), &json!(3), true));
        assert_eq!(keys(&api, "status=idea&sort=key").await, ["WEB-1", "WEB-3"]);
        let event = announced(&api, "project.workflow_changed", 1).await.pop().unwrap();
        assert_eq!(event["data"]["moved"], json!([{ "from": "completed", "to": "shipped", "tasks": 1 }, { "from": "todo", "to": "idea", "tasks": 2 }]));
        // What a status means may change, and so may its place.
        let mut turned = own();
        turned["statuses"][2]["category"] = json!("in_progress");
        turned["statuses"].as_array_mut().unwrap().swap(0, 2);
        api.put("/projects/WEB/workflow", turned).await.expect_status(200);
        let task = api.get("/tasks/WEB-2").await;
        assert_eq!((task.text("/category"), task.at("/completed_at")), ("in_progress".into(), &Value::Null));
        assert_eq!(keys(&api, "sort=status,key").await, ["WEB-1", "WEB-3", "WEB-2"]);
        // Back to the usual one, and everything is as it was.
        let mut usual = api.get("/projects/WEB/workflow").await.body;
        usual["statuses"] = json!(["todo", "in_progress", "in_review", "blocked", "completed", "cancelled"].map(|key| json!({ "key": key, "name": key, "category": match key { "todo" => "todo", "completed" => "done", "cancelled" => "cancelled", _ => "in_progress" } })));
        usual["transitions"] = json!("any");
        usual["initial"] = json!("todo");
        usual["replace"] = json!({ "idea": "todo", "shipped": "completed" });
        api.put("/projects/WEB/workflow", usual).await.expect_status(200);
        assert!(api.get("/tasks/WEB-2").await.at("/completed_at").is_string());
        api.patch("/tasks/WEB-1", json!({ "status": "cancelled" })).await.expect_status(200);
    }

    async fn projects_have_types_of_their_own(db) {
        let server = Server::start(&db).await;
        let api = project(&server, 0).await;
        api.post("/projects/WEB/types", json!({ "key": "incident", "name": "Incident" })).await.expect_status(201);
        api.post("/projects/WEB/types", json!({ "key": "chore", "name": "Chore" })).await.expect_status(201);
        let types = api.get("/projects/WEB/types").await.expect_status(200);
        let listed: Vec<_> = types.at("/items").as_array().unwrap().iter().map(|kind| (kind["key"].as_str().unwrap(), kind["builtin"].as_bool().unwrap())).collect();
        assert_eq!(listed, [("task", true), ("bug", true), ("feature", true), ("improvement", true), ("documentation", true), ("incident", false), ("chore", false)]);
        api.post("/projects/WEB/tasks", json!({ "title": "Down", "type": "incident" })).await.expect_status(201);
        assert_eq!(keys(&api, "type=incident,bug").await, ["WEB-1"]);
        api.post("/projects", json!({ "key": "APP", "name": "App" })).await.expect_status(201);
        api.post("/projects/APP/tasks", json!({ "title": "x", "type": "incident" })).await.expect_problem(422, "invalid_fields");
        assert_eq!(api.patch("/projects/WEB/types/incident", json!({ "name": "Outage" })).await.expect_status(200).text("/name"), "Outage");

        api.delete("/projects/WEB/types/incident").await.expect_problem(409, "type_in_use");
        for wrong in ["incident", "nothing", "Bug"] {
            api.delete(&format!("/projects/WEB/types/incident?replacement={wrong}")).await.expect_refusal().expect_status(422);
        }
        api.delete("/projects/WEB/types/incident?replacement=bug").await.expect_status(204);
        let task = api.get("/tasks/WEB-1").await;
        assert_eq!((task.text("/type"), task.at("/version")), ("bug".into(), &json!(2)));
        api.delete("/projects/WEB/types/chore").await.expect_status(204);
        let event = announced(&api, "project.types_changed", 5).await.pop().unwrap();
        assert_eq!(event["data"]["types"].as_array().unwrap().len(), 5);

        for (body, status, code) in [(json!({ "key": "bug", "name": "x" }), 409, "type_key_taken"), (json!({ "key": "A b", "name": "x" }), 422, "invalid_fields"), (json!({ "key": "x".repeat(33), "name": "x" }), 422, "invalid_fields"),
            (json!({ "key": "x", "name": "" }), 422, "invalid_fields"), (json!({ "key": "x", "name": "x".repeat(101) }), 422, "invalid_fields")] {
            api.post("/projects/WEB/types", body).await.expect_problem(status, code);
        }
        api.patch("/projects/WEB/types/bug", json!({ "name": "x" })).await.expect_problem(409, "type_is_builtin");
        api.delete("/projects/WEB/types/none").await.expect_problem(404, "type_not_found");
        api.patch("/projects/WEB/types/%00", json!({ "name": "x" })).await.expect_refusal();
        for more in 0..50 {
            api.post("/projects/WEB/types", json!({ "key": format!("t{more}"), "name": "x" })).await.expect_status(201);
        }
        api.post("/projects/WEB/types", json!({ "key": "t50", "name": "x" })).await.expect_problem(409, "too_many_types");
    }

    async fn what_is_no_workflow_is_refused_and_only_managers_make_one(db) {
        let server = Server::start(&db).await;
        let api = project(&server, 0).await;
        let status = |key: &str| json!({ "key": key, "name": key, "category": "done" });
        let many: Vec<Value> = (0..31).map(|number| status(&format!("s{number}"))).collect();
        for (body, pointer) in [
            (with("/statuses", json!([])), "/statuses"), (with("/statuses", json!(many)), "/statuses"), (with("/statuses/0/key", json!("testing")), "/statuses/1/key"), (with("/statuses/0/key", json!("To do")), "/statuses/0/key"),
            (with("/statuses/0/name", json!("")), "/statuses/0/name"), (with("/statuses/0/category", json!("finished")), "/statuses/0/category"), (with("/initial", json!("none")), "/initial"),
            (with("/transitions/0/to", json!("none")), "/transitions/0/to"), (with("/transitions/1", own()["transitions"][0].clone()), "/transitions/1"), (with("/transitions/0/to", json!("idea")), "/transitions/0"),
            (with("/replace", json!({ "idea": "testing" })), "/replace"), (with("/replace", json!({ "todo": "none" })), "/replace"), (with("/colour", json!("red")), "/colour"),
            (json!({ "statuses": [{ "key": "a", "name": "A", "category": "todo" }], "transitions": "any", "initial": "a" }), "/statuses"),
        ] {
            let refused = api.put("/projects/WEB/workflow", body.clone()).await.expect_problem(422, "invalid_fields");
            assert_eq!(refused.text("/errors/0/pointer"), pointer, "{body}: {:#}", refused.body);
        }
        api.put("/projects/WEB/workflow", with("/transitions", json!("some"))).await.expect_refusal().expect_status(422);
        api.get("/projects/NONE/workflow").await.expect_problem(404, "project_not_found");
        let workspace = api.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let worker = people.member(&server, &workspace, "Wim", Role::TeamMember).await;
        people.leave().await;
        worker.get("/projects/WEB/workflow").await.expect_status(200);
        worker.get("/projects/WEB/types").await.expect_status(200);
        worker.put("/projects/WEB/workflow", own()).await.expect_problem(403, "denied");
        worker.post("/projects/WEB/types", json!({ "key": "x", "name": "x" })).await.expect_problem(403, "denied");
    }
}

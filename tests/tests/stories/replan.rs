//! Dates that move are announced: each move of each task once, whoever is killed, and rules may react.

use std::collections::HashMap;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use serde_json::{Value, json};
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, Database, Server};

use crate::schedules::{planned, row};

/// How long it may take until nothing happens by itself any more.
const QUIET: Duration = Duration::from_secs(60);

/// Everything of this kind in the log, oldest first.
async fn log(api: &Api, kind: &str) -> Vec<Value> {
    let (mut found, mut after) = (Vec::new(), 0);
    loop {
        let page = api.get(&format!("/events?limit=200&after={after}")).await.expect_status(200);
        let items = page.at("/items").as_array().unwrap();
        let Some(last) = items.last() else { return found };
        after = last["position"].as_i64().unwrap();
        found.extend(items.iter().filter(|event| event["kind"] == kind).cloned());
    }
}

/// The moves that were announced, when it is quiet, by the keys of their tasks.
async fn moves(db: &Database, api: &Api) -> Vec<(String, Value)> {
    db.quiet(QUIET).await;
    let events = log(api, "task.rescheduled").await;
    events
        .into_iter()
        .map(|event| (event["data"]["task"]["key"].as_str().unwrap().to_owned(), event["data"]["change"].clone()))
        .collect()
}

/// Every move goes on where the one before it ended, the last one ends where the task is planned, and none is of nothing.
async fn expect_books_in_order(api: &Api, moves: &[(String, Value)]) {
    let mut last: HashMap<&str, (Value, Value)> = HashMap::new();
    for (key, change) in moves {
        let (start, finish) = (&change["start"], &change["finish"]);
        assert!(start["from"] != start["to"] || finish["from"] != finish["to"], "{key} did not move: {change}");
        let from = (start["from"].clone(), finish["from"].clone());
        let before = last.insert(key, (start["to"].clone(), finish["to"].clone()));
        assert!(before.is_none() || before == Some(from), "{key} has a gap: {moves:#?}");
    }
    let timeline = api.get("/projects/WEB/timeline").await.expect_status(200);
    for item in timeline.at("/items").as_array().unwrap() {
        if let Some(last) = last.get(item["key"].as_str().unwrap()) {
            assert_eq!(last, &(item["start"].clone(), item["finish"].clone()), "{}", item["key"]);
        }
    }
}

/// Switches on a rule.
async fn rule(api: &Api, rule: Value) -> String {
    let id = api.post("/rules", rule).await.expect_status(201).text("/id");
    api.post(&format!("/rules/{id}/enable"), json!({})).await.expect_status(200);
    id
}

both_databases! {
    async fn each_task_that_moved_is_announced_once(db) {
        let server = Server::start(&db).await;
        let api = row(&server, 4).await;
        let before = moves(&db, &api).await;
        expect_books_in_order(&api, &before).await;
        // The first becomes longer: it is done later, and the others move.
        api.put("/tasks/WEB-1/schedule", json!({ "duration": 3 * 480 })).await.expect_status(200);
        let after = moves(&db, &api).await;
        let fresh: HashMap<&str, &Value> = after[before.len()..].iter().map(|(key, change)| (key.as_str(), change)).collect();
        assert_eq!((after.len() - before.len(), fresh.len()), (4, 4), "{fresh:#?}");
        let monday = "2026-03-02T09:00:00Z";
        assert_eq!(fresh["WEB-1"], &json!({ "start": { "from": monday, "to": monday }, "finish": { "from": "2026-03-02T17:00:00Z", "to": "2026-03-04T17:00:00Z" } }));
        assert_eq!(fresh["WEB-4"]["start"], json!({ "from": "2026-03-05T09:00:00Z", "to": "2026-03-09T09:00:00Z" }));
        let event = log(&api, "task.rescheduled").await.pop().unwrap();
        assert_eq!((&event["actor"]["type"], &event["data"]["project"]["key"], event.get("cause")), (&json!("system"), &json!("WEB"), None));

        // What moves nothing announces nothing; nor does a new task.
        api.patch("/tasks/WEB-1", json!({ "title": "Dig", "priority": "high" })).await.expect_status(200);
        api.post("/projects/WEB/tasks", json!({ "title": "New", "start_at": "2026-03-03T09:00:00Z" })).await.expect_status(201);
        api.delete("/tasks/WEB-5").await.expect_status(204);
        api.put("/projects/WEB/calendar", json!({ "hours": api.get("/calendar").await.at("/hours") })).await.expect_status(200);
        assert_eq!(moves(&db, &api).await.len(), after.len());

        // Whatever else can move dates does: status, dates, links, calendars, progress, parts, deletion.
        let mut count = after.len();
        let mut expect = async |what: &str, keys: &[&str]| {
            let now = moves(&db, &api).await;
            let mut fresh: Vec<&str> = now[count..].iter().map(|(key, _)| key.as_str()).collect();
            fresh.sort_unstable();
            assert_eq!(fresh, keys, "after {what}");
            expect_books_in_order(&api, &now).await;
            count = now.len();
        };
        api.patch("/tasks/WEB-3", json!({ "status": "cancelled" })).await.expect_status(200);
        expect("a task was cancelled", &["WEB-3", "WEB-4"]).await;
        api.patch("/tasks/WEB-4", json!({ "start_at": "2026-03-11T09:00:00Z" })).await.expect_status(200);
        expect("a task was put off", &["WEB-4"]).await;
        api.delete("/tasks/WEB-2/dependencies/WEB-1").await.expect_status(204);
        expect("a dependency was removed", &["WEB-2", "WEB-3"]).await;
        api.put("/projects/WEB/calendar", json!({ "hours": { "tuesday": [{ "from": "09:00", "to": "17:00" }] } })).await.expect_status(200);
        expect("the working time changed", &["WEB-1", "WEB-2", "WEB-3", "WEB-4"]).await;
        api.delete("/projects/WEB/calendar").await.expect_status(204);
        expect("the working time changed back", &["WEB-1", "WEB-2", "WEB-3", "WEB-4"]).await;
        let mut hours = api.get("/calendar").await.body;
        hours = json!({ "hours": hours["hours"], "exceptions": [{ "from": "2026-03-02" }] });
        api.put("/calendar", hours).await.expect_status(200);
        expect("the workspace had a holiday", &["WEB-1", "WEB-2", "WEB-3"]).await;
        api.put("/tasks/WEB-1/schedule", json!({ "duration": 3 * 480, "progress": 100, "actual_start": "2026-03-03T09:00:00Z", "actual_finish": "2026-03-03T12:00:00Z" })).await.expect_status(200);
        expect("a task was done sooner", &["WEB-1"]).await;
        api.put("/projects/WEB/plan", json!({ "start_at": "2026-03-04T00:00:00Z" })).await.expect_status(200);
        expect("the project began later", &["WEB-2", "WEB-3"]).await;
        api.post("/projects/WEB/tasks", json!({ "title": "Part", "parent": "WEB-2", "start_at": "2026-03-09T09:00:00Z" })).await.expect_status(201);
        expect("a part was added", &["WEB-2", "WEB-3"]).await;
        api.delete("/tasks/WEB-6").await.expect_status(204);
        expect("the part was deleted", &["WEB-2", "WEB-3"]).await;
    }

    async fn a_project_that_is_not_planned_announces_nothing(db) {
        let server = Server::start(&db).await;
        let api = Api::set_up(&server).await;
        api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
        api.post("/projects/WEB/tasks", json!({ "title": "One", "start_at": "2026-03-02T09:00:00Z" })).await.expect_status(201);
        api.patch("/tasks/WEB-1", json!({ "start_at": "2026-03-03T09:00:00Z", "due_at": "2026-03-03T17:00:00Z" })).await.expect_status(200);
        api.delete("/tasks/WEB-1").await.expect_status(204);
        assert_eq!((moves(&db, &api).await, db.count("plans").await, db.count("planned_dates").await), (Vec::new(), 0, 0));
    }

    async fn a_rule_reacts_to_a_move_and_one_that_moves_again_comes_to_an_end(db) {
        let server = Server::start(&db).await;
        let api = row(&server, 2).await;
        moves(&db, &api).await;
        rule(&api, json!({ "name": "Tell", "trigger": { "on": "task.rescheduled" }, "condition": "change.finish.to > change.finish.from",
            "steps": [{ "id": "say", "action": "task.comment", "with": { "task": "{{ task.id }}", "body": "Now on {{ change.finish.to }}" } }] })).await;
        api.put("/tasks/WEB-1/schedule", json!({ "duration": 960 })).await.expect_status(200);
        let now = moves(&db, &api).await;
        expect_books_in_order(&api, &now).await;
        for key in ["WEB-1", "WEB-2"] {
            let comments = api.get(&format!("/tasks/{key}/comments")).await.expect_status(200);
            let finish = planned(&api, key).await["finish"].clone();
            assert_eq!(comments.at("/items").as_array().unwrap().len(), 1, "{key}: {:#}", comments.body);
            assert_eq!(comments.text("/items/0/body"), format!("Now on {}", finish.as_str().unwrap()));
        }
        // It moves what has moved, and would for ever; the chain of causes ends it.
        let restless = json!({ "name": "Restless", "trigger": { "on": "task.rescheduled", "match": { "task.key": "WEB-1" } }, "policy": { "cause": { "accept_rules": true, "max_depth": 3 } },
            "steps": [{ "id": "move", "action": "task.reschedule", "with": { "task": "WEB-1", "constraint": "start_no_earlier_than", "constraint_at": "{{ change.finish.to }}" } }] });
        let restless = rule(&api, restless).await;
        api.put("/tasks/WEB-1/schedule", json!({ "duration": 480 })).await.expect_status(200);
        let now = moves(&db, &api).await;
        expect_books_in_order(&api, &now).await;
        let events = log(&api, "task.rescheduled").await;
        let depths: Vec<i64> = events.iter().filter(|event| event["data"]["task"]["key"] == "WEB-1").filter_map(|event| event["cause"]["depth"].as_i64()).collect();
        assert!((1..=3).contains(&depths.len()) && depths.is_sorted() && depths[0] == 1, "{depths:?}");
        let cause = events.iter().find_map(|event| event.get("cause")).unwrap();
        assert_eq!(cause["rule"], json!(restless));
    }

    async fn rules_add_and_remove_dependencies_and_move_tasks(db) {
        let server = Server::start(&db).await;
        let api = row(&server, 2).await;
        let steps = json!([
            { "id": "more", "action": "task.add_dependency", "with": { "task": "WEB-2", "predecessor": "WEB-1", "type": "SS", "lag": 60 } },
            { "id": "less", "action": "task.remove_dependency", "with": { "task": "WEB-2", "predecessor": "WEB-1", "type": "FS" } },
            { "id": "move", "action": "task.reschedule", "with": { "task": "WEB-1", "start_at": "2026-03-04T09:00:00Z", "due_at": null, "duration": 240, "progress": 0 } },
            { "id": "circle", "action": "task.add_dependency", "with": { "task": "WEB-1", "predecessor": "WEB-2" }, "on_error": "continue" },
            { "id": "nothing", "action": "task.reschedule", "with": { "task": "WEB-1" }, "on_error": "continue" },
            { "id": "odd", "action": "task.reschedule", "with": { "task": "WEB-1", "constraint": "must_start_on" }, "on_error": "continue" },
        ]);
        let id = rule(&api, json!({ "name": "Plan", "trigger": { "on": "manual" }, "steps": steps })).await;
        let run = api.post(&format!("/rules/{id}/run"), json!({})).await.expect_status(202).text("/id");
        db.quiet(QUIET).await;
        let run = api.get(&format!("/runs/{run}")).await.expect_status(200);
        let states: Vec<&str> = run.at("/steps").as_array().unwrap().iter().map(|step| step["state"].as_str().unwrap()).collect();
        assert_eq!(states, ["succeeded", "succeeded", "succeeded", "failed", "failed", "failed"], "{:#}", run.body);
        assert_eq!(run.at("/steps/1/output/dependencies").as_array().unwrap().len(), 1);
        assert_eq!((run.at("/steps/2/output/task/start_at"), run.at("/steps/2/output/schedule/duration")), (&json!("2026-03-04T09:00:00Z"), &json!(240)));
        let two = planned(&api, "WEB-2").await;
        assert_eq!(two["start"], "2026-03-04T10:00:00Z");
        let moved = log(&api, "task.rescheduled").await.pop().unwrap();
        assert_eq!((&moved["cause"]["rule"], &moved["cause"]["depth"]), (&json!(id), &json!(1)));
    }

    async fn however_often_a_node_dies_each_move_is_announced_once(db) {
        let server = Server::start(&db).await;
        let mut api = row(&server, 2).await;
        // Many wait for the first, so what moved is written in several parts.
        for at in 3..=260 {
            api.post("/projects/WEB/tasks", json!({ "title": format!("Task {at}") })).await.expect_status(201);
            api.post(&format!("/tasks/WEB-{at}/dependencies"), json!({ "predecessor": "WEB-1" })).await.expect_status(201);
        }
        let before = moves(&db, &api).await;
        expect_books_in_order(&api, &before).await;
        drop(server);
        let mut count = before.len();
        for (nth, point) in ["replan.before_commit:1", "replan.part_committed:1", "change.before_commit@task.rescheduled:1"].into_iter().enumerate() {
            let mut server = Server::on(&db).arg("--lease").arg("2s").env("TRACKSIDE_CRASH_AT", point).start().await;
            api = api.at(&server);
            let days = i64::try_from(nth).unwrap() + 2;
            let _ = api.try_send(reqwest::Method::PUT, "/tasks/WEB-1/schedule", Some(json!({ "duration": days * 480 }))).await;
            let status = server.wait_for_end(Duration::from_secs(20)).await;
            assert_eq!(status.signal(), Some(6), "it died at {point}");
            // Two nodes take it from there.
            let (one, _two) = (Server::on(&db).arg("--lease").arg("2s").start().await, other(&db).await);
            api = api.at(&one);
            let now = moves(&db, &api).await;
            assert_eq!(now.len() - count, 260, "after {point}");
            expect_books_in_order(&api, &now).await;
            count = now.len();
        }
    }
}

/// Another node, where the database lets there be two.
async fn other(db: &Database) -> Option<Server> {
    if db.is_postgres() { Some(Server::on(db).arg("--lease").arg("2s").start().await) } else { None }
}

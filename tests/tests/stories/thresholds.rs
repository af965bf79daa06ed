//! Rules that figures start.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, Database, Server};

const PATIENCE: Duration = Duration::from_secs(30);

async fn place(db: &Database) -> (Server, Api) {
    let server = Server::on(db).arg("--lease").arg("2s").start().await;
    let api = Api::set_up(&server).await;
    api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
    (server, api)
}

fn rule(trigger: Value) -> Value {
    let mut all = json!({ "on": "threshold", "metric": "tasks.open", "above": 1 });
    all.as_object_mut().unwrap().extend(trigger.as_object().unwrap().clone());
    json!({ "name": "Too much", "scope": { "projects": ["WEB"] }, "trigger": all, "condition": "threshold.value < 100",
        "steps": [{ "id": "note", "action": "task.create", "with": { "project": "{{ project.id }}", "title": "{{ threshold.metric }}: {{ threshold.value }}", "labels": ["noted"] } }] })
}

/// The same project by its key and by its id is one figure.
fn twice(rule: &Value, project: &str) -> Value {
    let mut twice = rule.clone();
    twice["scope"]["projects"] = json!(["WEB", project]);
    twice
}

async fn made(api: &Api, title: &str) {
    let start = Instant::now();
    loop {
        let tasks = api.get("/tasks?limit=200").await.expect_status(200);
        if tasks.at("/items").as_array().unwrap().iter().any(|task| task["title"] == title) {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "{:#}", tasks.body);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until the only figure of a rule is this.
async fn stands(api: &Api, rule: &str, figure: usize) {
    let start = Instant::now();
    loop {
        let gauges = api.get(&format!("/rules/{rule}/thresholds")).await.expect_status(200);
        if gauges.body.pointer("/items/0/value") == Some(&json!(figure)) {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "{:#}", gauges.body);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

both_databases! {
    async fn a_project_that_is_named_twice_has_one_figure(db) {
        let (_server, api) = place(&db).await;
        let project = api.get("/projects/WEB").await.expect_status(200).text("/id");
        let mut repeated = rule(json!({}));
        repeated["scope"]["projects"] = json!(["WEB", "WEB"]);
        let refused = api.post("/rules", repeated).await.expect_status(422);
        assert_eq!(refused.text("/errors/0/pointer"), "/scope/projects/1");
        let id = api.post("/rules", twice(&rule(json!({})), &project)).await.expect_status(201).text("/id");
        api.post(&format!("/rules/{id}/enable"), json!({})).await.expect_status(200);
        for title in ["One", "Two"] {
            api.post("/projects/WEB/tasks", json!({ "title": title })).await.expect_status(201);
        }
        made(&api, "tasks.open: 2").await;
        assert_eq!(db.count("events where kind = 'threshold.crossed'").await, 1);
    }

    /// AUT-02: the trigger `threshold`.
    async fn a_rule_is_started_by_a_figure(db) {
        let (_server, api) = place(&db).await;
        let id = api.post("/rules", rule(json!({ "filter": "label=hot", "until": 0 }))).await.expect_status(201).text("/id");
        api.post(&format!("/rules/{id}/enable"), json!({})).await.expect_status(200);
        for title in ["One", "Two", "Three"] {
            api.post("/projects/WEB/tasks", json!({ "title": title, "labels": ["hot"] })).await.expect_status(201);
        }
        let start = Instant::now();
        while db.count("events where kind = 'threshold.crossed' and position is not null").await == 0 {
            assert!(start.elapsed() < PATIENCE, "nothing is crossed");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let start = Instant::now();
        let gauges = loop {
            let gauges = api.get(&format!("/rules/{id}/thresholds")).await.expect_status(200);
            if gauges.at("/items/0/value") == &json!(3) { break gauges; }
            assert!(start.elapsed() < PATIENCE, "{:#}", gauges.body);
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert_eq!(gauges.at("/items/0/crossed"), &json!(true));
        let event = api.get("/events?after=0&limit=200").await.expect_status(200);
        let event = event.at("/items").as_array().unwrap().iter().find(|event| event["kind"] == "threshold.crossed").unwrap().clone();
        made(&api, &format!("tasks.open: {}", event["data"]["threshold"]["value"])).await;
        assert_eq!(db.count("events where kind = 'threshold.crossed'").await, 1);
    }

    async fn what_is_no_threshold_is_refused_where_it_is_wrong(db) {
        let (_server, api) = place(&db).await;
        for (wrong, at, says) in [
            (json!({ "metric": "tasks.opn" }), "/trigger/metric", "tasks.open"),
            (json!({ "filter": "prioritty=high" }), "/trigger/filter", "priority"),
            (json!({ "filter": "limit=3" }), "/trigger/filter", "no filter"),
            (json!({ "until": 5 }), "/trigger/until", "at most 1"),
            (json!({ "above": null }), "/trigger/above", "`above` or `below`"),
        ] {
            let refused = api.post("/rules", rule(wrong.clone())).await.expect_problem(422, "rule_invalid");
            assert_eq!(refused.text("/errors/0/pointer"), at, "{wrong}");
            assert!(refused.text("/errors/0/message").contains(says), "{:#}", refused.body);
            let checked = api.post("/rules/check", rule(wrong)).await.expect_status(200);
            assert_eq!(checked.at("/ok"), &json!(false));
        }
    }

    /// The process dies where a figure is noted; what was crossed is announced once.
    async fn a_figure_is_announced_once_whenever_the_process_dies(db) {
        let (server, api) = place(&db).await;
        let id = api.post("/rules", rule(json!({ "filter": "label=hot" }))).await.expect_status(201).text("/id");
        api.post(&format!("/rules/{id}/enable"), json!({})).await.expect_status(200);
        stands(&api, &id, 0).await;
        db.quiet(PATIENCE).await;
        drop(server);
        for point in ["threshold.before_commit:1", "change.before_commit@threshold.crossed:1", "threshold.looked:1"] {
            // A look may come, and end it, before it is ready.
            if let Ok(mut server) = Server::on(&db).arg("--lease").arg("2s").env("TRACKSIDE_CRASH_AT", point).try_start().await {
                let new = json!({ "title": point, "labels": ["hot"] });
                let _ = api.at(&server).try_send(reqwest::Method::POST, "/projects/WEB/tasks", Some(new)).await;
                server.wait_for_end(Duration::from_secs(30)).await;
            }
            let server = Server::on(&db).arg("--lease").arg("2s").start().await;
            // The rule makes tasks of its own.
            let hot = "tasks where title like '%:1'";
            if db.count(hot).await == 0 {
                api.at(&server).post("/projects/WEB/tasks", json!({ "title": point, "labels": ["hot"] })).await.expect_status(201);
            }
            stands(&api.at(&server), &id, usize::try_from(db.count(hot).await).unwrap()).await;
            db.quiet(PATIENCE).await;
        }
        db.quiet(PATIENCE).await;
        assert_eq!(db.count("events where kind = 'threshold.crossed'").await, 1);
    }
}

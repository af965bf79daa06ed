//! Each kind of step, as a run tells it.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use trackside_tests::both_databases;

use super::{Place, told};

both_databases! {
    async fn branches_go_one_way_and_say_which(db) {
        let place = Place::open(&db).await;
        let rule = place.on_hook("Sort", json!([
            { "id": "size", "if": "body.n > 100", "then": [{ "id": "large", "stop": "large" }],
              "else_if": [{ "if": "body.n > 10", "then": [{ "id": "middle", "stop": { "outcome": "skipped", "reason": "n is {{ body.n }}" } }] }],
              "else": [{ "id": "small", "stop": { "outcome": "failed", "reason": "too small" } }] },
            { "id": "never", "stop": "not here" },
        ])).await;
        for (count, (n, steps, state)) in [
            (500, ["size entered", "large succeeded"], "succeeded"),
            (50, ["size entered", "middle succeeded"], "skipped"),
            (5, ["size entered", "small succeeded"], "failed"),
        ].into_iter().enumerate() {
            place.post(json!({ "n": n })).await;
            let run = place.last(&rule, count + 1).await;
            assert_eq!((told(&run), run.text("/state").as_str()), (steps.map(str::to_owned).to_vec(), state));
            let branch = [("then", "large"), ("else_if", "n is 50"), ("else", "too small")][count];
            assert_eq!(run.at("/steps/0/output/name"), branch.0);
            assert_eq!(run.at("/steps/1/output/reason"), branch.1);
        }
    }

    async fn a_loop_goes_over_subtasks_and_lists(db) {
        let place = Place::open(&db).await;
        let tasks = |body: Value| place.api.post("/projects/WEB/tasks", body);
        let parent = tasks(json!({ "title": "Release" })).await.expect_status(201).text("/id");
        for (title, status) in [("one", "todo"), ("two", "completed"), ("three", "in_progress")] {
            tasks(json!({ "title": title, "status": status, "parent": parent })).await.expect_status(201);
        }
        let rule = place.rule(json!({
            "name": "Block the parts", "trigger": { "on": "task.status_changed", "match": { "to": "blocked" } },
            "steps": [{ "id": "parts", "for_each": "subtasks where status != 'completed'", "as": "part", "do": [
                { "id": "block", "action": "task.update", "with": { "task": "{{ part.id }}", "status": "blocked" } }] }],
        })).await;
        place.api.patch(&format!("/tasks/{parent}"), json!({ "status": "blocked" })).await.expect_status(200);
        let run = place.last(&rule, 1).await;
        assert_eq!(run.text("/state"), "succeeded", "{:#}", run.body);
        assert_eq!(told(&run), ["parts entered", "parts[0].block succeeded", "parts[1].block succeeded"]);
        place.quiet().await;
        let page = place.api.get(&format!("/tasks?parent={parent}&sort=key")).await.expect_status(200);
        let statuses: Vec<&str> = page.at("/items").as_array().unwrap().iter().map(|task| task["status"].as_str().unwrap()).collect();
        assert_eq!(statuses, ["blocked", "completed", "blocked"]);
        assert_eq!(place.runs(&rule).await.len(), 1, "what the rule did itself did not start it again");

        let rule = place.on_hook("Each commit", json!([
            { "id": "commits", "for_each": "body.commits where size > 1", "max": 2, "on_error": "continue", "do": [
                { "id": "make", "action": "task.create", "with": { "project": "WEB", "title": "{{ item.name }}" } }] }])).await;
        place.post(json!({ "commits": [{ "name": "c1", "size": 2 }, { "name": "c2", "size": 1 }, { "name": "c3", "size": 9 }] })).await;
        let run = place.last(&rule, 1).await;
        assert_eq!(told(&run), ["commits entered", "commits[0].make succeeded", "commits[1].make succeeded"]);
        place.post(json!({ "commits": [{ "name": "", "size": 2 }, { "name": "c4", "size": 2 }] })).await;
        let run = place.last(&rule, 2).await;
        assert_eq!(told(&run), ["commits entered", "commits[0].make failed", "commits[1].make succeeded"]);
        assert_eq!(run.text("/state"), "succeeded");
        place.post(json!({ "commits": [{ "size": 2 }, { "size": 2 }, { "size": 3 }] })).await;
        let run = place.last(&rule, 3).await;
        assert_eq!(run.text("/state"), "failed");
        assert!(run.text("/error/message").contains("limit is 2"), "{:#}", run.body);
        let titles = place.titles().await;
        assert_eq!(titles[4..], ["c1", "c3", "c4"]);
    }

    async fn a_wait_holds_no_worker_and_survives_a_restart(db) {
        let mut place = Place::open(&db).await;
        let rule = place.on_hook("Later", json!([
            place.call("before", json!({})), { "id": "nap", "wait": { "for": "1s" } }, place.call("after", json!({}))])).await;
        place.post(json!({})).await;
        let run = place.last_started(&rule).await;
        let waiting = place.run_when(&run, |run| run["state"] == "waiting").await;
        assert_eq!((waiting.text("/waiting/for").as_str(), waiting.text("/waiting/step").as_str()), ("timer", "nap"));
        let until: DateTime<Utc> = waiting.text("/waiting/until").parse().unwrap();
        assert_eq!(db.count("jobs where lease_until is not null").await, 0, "nobody holds it");
        place.server.kill9();
        place.server.restart().await;
        place.api = place.api.at(&place.server);
        let done = place.over(&run).await;
        assert_eq!(told(&done), ["before succeeded", "nap succeeded", "after succeeded"]);
        let woke: DateTime<Utc> = done.at("/steps/1/finished_at").as_str().unwrap().parse().unwrap();
        assert!(woke >= until, "not before its time");
        assert_eq!(place.sink.hits().len(), 2, "what was done before the restart was not done again");
    }

    async fn a_call_that_fails_is_tried_again_with_its_key_and_with_back_off(db) {
        let place = Place::open(&db).await;
        let rule = place.on_hook("Stubborn", json!([
            place.call("tell", json!({ "retry": { "max": 3, "delay": "150ms", "backoff": "exponential" } }))])).await;
        place.sink.answer("/tell", [503, 500]);
        place.post(json!({})).await;
        let run = place.last(&rule, 1).await;
        assert_eq!((run.text("/state").as_str(), run.at("/steps/0/attempts")), ("succeeded", &json!(3)));
        assert_eq!(run.at("/steps/0/error"), &Value::Null);
        let hits = place.sink.hits();
        assert_eq!(hits.len(), 3);
        assert!(hits.iter().all(|hit| hit.key == hits[0].key && !hit.key.is_empty()), "{hits:?}");
        let time = |name: &str| -> DateTime<Utc> { run.at(&format!("/steps/0/{name}")).as_str().unwrap().parse().unwrap() };
        let took = (time("finished_at") - time("started_at")).to_std().unwrap();
        assert!(took >= Duration::from_millis(450), "150 ms and then 300 ms, not {took:?}");

        // For good.
        place.sink.answer("/tell", [500, 500, 500, 500, 500]);
        place.post(json!({})).await;
        let run = place.last(&rule, 2).await;
        assert_eq!((run.text("/state").as_str(), run.at("/steps/0/attempts")), ("failed", &json!(4)));
        assert!(run.text("/error/message").starts_with("tried 4 times: "), "{:#}", run.body);
        // What will not get better is not tried again.
        place.sink.answer("/tell", [404]);
        let before = place.sink.hits().len();
        // One refusal of the five above is left.
        place.post(json!({})).await;
        let run = place.last(&rule, 3).await;
        assert_eq!(run.text("/state"), "failed");
        assert_eq!(place.sink.hits().len(), before + 2, "the 500 that was left, then the 404");
    }

    async fn a_call_without_an_answer_is_unknown_and_sent_again_with_its_key(db) {
        let place = Place::open(&db).await;
        let rule = place.on_hook("Patient", json!([
            place.call("tell", json!({ "timeout": "300ms", "retry": { "max": 5, "delay": "400ms", "backoff": "constant" } }))])).await;
        place.sink.dawdle(Duration::from_secs(5));
        place.post(json!({})).await;
        let run = place.last_started(&rule).await;
        let unknown = place.run_when(&run, |run| run["state"] == "retrying").await;
        assert_eq!(unknown.at("/steps/0/state"), "unknown", "sent, and never answered");
        place.sink.dawdle(Duration::ZERO);
        let run = place.over(&run).await;
        assert_eq!(run.text("/state"), "succeeded");
        let hits = place.sink.hits();
        assert!(hits.len() >= 2 && hits.iter().all(|hit| hit.key == hits[0].key), "{hits:?}");
    }

    async fn a_failed_step_is_passed_over_or_made_up_for(db) {
        let place = Place::open(&db).await;
        let rule = place.on_hook("Forgiving", json!([
            place.call("first", json!({ "on_error": "continue" })),
            place.call("second", json!({ "on_error": [
                { "id": "say", "action": "task.create", "with": { "project": "WEB", "title": "second: {{ steps.second.error.message }}" } }] })),
            place.call("third", json!({})),
            place.call("fourth", json!({})),
        ])).await;
        place.sink.answer("/first", [400]);
        place.sink.answer("/second", [400]);
        place.sink.answer("/third", [400]);
        place.post(json!({})).await;
        let run = place.last(&rule, 1).await;
        assert_eq!(told(&run), ["first failed", "second failed", "say succeeded", "third failed"]);
        assert_eq!((run.text("/state").as_str(), run.text("/error/step").as_str()), ("failed", "third"));
        assert!(place.titles().await[0].starts_with("second: the service answered 400"));
        assert!(place.sink.hits_on("/fourth").is_empty());
    }

    async fn a_long_wait_for_nothing_is_no_busy_wait(db) {
        let place = Place::open(&db).await;
        let rule = place.on_hook("Tomorrow", json!([{ "id": "nap", "wait": { "for": "1d" } }])).await;
        let start = Instant::now();
        for _ in 0..50 {
            place.post(json!({})).await;
        }
        loop {
            let waiting = db.count("runs where state = 'waiting'").await;
            if waiting == 50 {
                break;
            }
            assert!(start.elapsed() < super::super::PATIENCE, "{waiting} wait");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(db.count("jobs where lease_until is not null").await, 0, "fifty runs wait, and no worker");
        assert_eq!(place.runs(&rule).await.len(), 50);
    }
}

impl Place {
    /// The id of the only run of a rule, as soon as there is one.
    pub(super) async fn last_started(&self, rule: &str) -> String {
        let start = Instant::now();
        loop {
            if let Some(run) = self.runs(rule).await.first() {
                return run["id"].as_str().unwrap().to_owned();
            }
            assert!(start.elapsed() < super::PATIENCE, "no run was started");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

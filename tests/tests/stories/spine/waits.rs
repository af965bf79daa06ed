//! A run waits until a moment, and for events: none is lost, and one is enough.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trackside_tests::both_databases;
use trackside_tests::harness::Api;

use super::{PATIENCE, Place, told};

/// A rule that waits, when a task is made, for a comment on it.
fn for_a_comment(event: Value, more: Value) -> Value {
    let mut wait = json!({ "on": "task.commented", "match": { "task": "{{ task.id }}" } });
    wait.as_object_mut().unwrap().extend(event.as_object().unwrap().clone());
    let mut step = json!({ "id": "answer", "wait": { "event": wait } });
    step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({ "name": "Wait", "trigger": { "on": "task.created" }, "steps": [step,
        { "id": "end", "stop": "{{ steps.answer.output.comment.body }}" }] })
}

async fn task(api: &Api) -> String {
    api.post("/projects/WEB/tasks", json!({ "title": "T" })).await.expect_status(201).text("/key")
}

async fn comment(api: &Api, task: &str, body: &str) {
    api.post(&format!("/tasks/{task}/comments"), json!({ "body": body })).await.expect_status(201);
}

/// Waits until so many runs of the rule wait.
async fn waiting(place: &Place, rule: &str, count: usize) -> Vec<Value> {
    let start = Instant::now();
    loop {
        let runs: Vec<Value> = place.runs(rule).await.into_iter().filter(|run| run["state"] == "waiting").collect();
        if runs.len() == count {
            return runs;
        }
        assert!(start.elapsed() < PATIENCE, "{} of {count} wait", runs.len());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// How a run of the rule ended, for each.
async fn reasons(place: &Place, rule: &str, count: usize) -> Vec<String> {
    let mut reasons = Vec::new();
    let start = Instant::now();
    while place.runs(rule).await.len() < count {
        assert!(start.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for run in place.runs(rule).await {
        let run = place.over(run["id"].as_str().unwrap()).await;
        let stop = run.at("/steps").as_array().unwrap().iter().find(|step| step["kind"] == "stop").cloned();
        reasons.push(stop.map_or_else(|| run.text("/state"), |stop| stop["output"]["reason"].to_string()));
    }
    reasons
}

both_databases! {
    async fn a_run_waits_until_a_moment(db) {
        let place = Place::open(&db).await;
        let rule = place.on_hook("Later", json!([
            { "id": "nap", "wait": { "until": "date(body.at) + seconds(1)" } }, { "id": "end", "stop": "woken" }])).await;
        let at = trackside_engine::Source::default().now();
        place.post(json!({ "at": at.to_rfc3339() })).await;
        let shown = waiting(&place, &rule, 1).await;
        assert_eq!(shown[0]["waiting"]["for"], "timer");
        let run = place.last(&rule, 1).await;
        let over: chrono::DateTime<chrono::Utc> = run.text("/finished_at").parse().unwrap();
        assert!(over - at >= chrono::TimeDelta::seconds(1), "{:#}", run.body);
        assert_eq!(told(&run), ["nap succeeded", "end succeeded"]);
        // What has passed is not waited for, and a day is its first moment.
        for (count, at) in [(2, "2020-01-01"), (3, "2020-01-01T09:00:00+02:00")] {
            place.post(json!({ "at": at })).await;
            assert_eq!(place.last(&rule, count).await.text("/state"), "succeeded");
        }
        for (count, at, said) in [(4, json!(null), "gives nothing"), (5, json!("soon"), "not a moment"), (6, json!("2400-01-01"), "too far")] {
            place.post(json!({ "at": at })).await;
            let run = place.last(&rule, count).await;
            assert!(run.text("/state") == "failed" && run.text("/error/message").contains(said), "{:#}", run.body);
        }
    }

    async fn the_event_that_is_meant_wakes_the_run_and_no_other(db) {
        let place = Place::open(&db).await;
        let rule = place.rule(for_a_comment(json!({ "if": "comment.body.contains('yes')" }), json!({}))).await;
        let (one, two) = (task(&place.api).await, task(&place.api).await);
        let runs = waiting(&place, &rule, 2).await;
        assert_eq!((&runs[0]["waiting"]["for"], &runs[0]["waiting"]["on"]), (&json!("event"), &json!("task.commented")));
        comment(&place.api, &one, "no").await;
        place.api.patch(&format!("/tasks/{two}"), json!({ "title": "yes" })).await.expect_status(200);
        comment(&place.api, &one, "yes, one").await;
        comment(&place.api, &one, "yes, again").await;
        let start = Instant::now();
        while place.runs(&rule).await.iter().filter(|run| run["state"] == "succeeded").count() < 1 {
            assert!(start.elapsed() < PATIENCE);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        waiting(&place, &rule, 1).await;
        comment(&place.api, &two, "yes, two").await;
        assert_eq!(reasons(&place, &rule, 2).await, ["\"yes, two\"", "\"yes, one\""]);
    }

    /// What comes in while the run is on its way to wait, or while nobody works at all.
    async fn nothing_that_comes_before_the_run_lies_down_is_lost(db) {
        let place = Place::open(&db).await;
        let mut rule = for_a_comment(json!({}), json!({}));
        rule["steps"].as_array_mut().unwrap().insert(0, place.call("slow", json!({})));
        place.sink.dawdle(Duration::from_millis(300));
        let rule = place.rule(rule).await;
        for _ in 0..5 {
            let task = task(&place.api).await;
            comment(&place.api, &task, "early").await;
        }
        assert_eq!(reasons(&place, &rule, 5).await, vec!["\"early\""; 5]);
        // Two waits need two events.
        let twice = place.rule(json!({ "name": "Twice", "trigger": { "on": "hook.received", "match": { "body.first": true } }, "steps": [
            { "id": "a", "wait": { "event": { "on": "hook.received", "match": { "body.n": "{{ body.n }}" } } } },
            { "id": "b", "wait": { "event": { "on": "hook.received", "match": { "body.n": "{{ body.n }}" } } } },
            { "id": "end", "stop": "{{ steps.a.output.body.word }} {{ steps.b.output.body.word }}" }] })).await;
        place.post(json!({ "n": 1, "first": true })).await;
        place.post(json!({ "n": 2, "word": "other" })).await;
        place.post(json!({ "n": 1, "word": "one" })).await;
        waiting(&place, &twice, 1).await;
        place.post(json!({ "n": 1, "word": "two" })).await;
        place.post(json!({ "n": 1, "word": "three" })).await;
        assert_eq!(reasons(&place, &twice, 1).await, ["\"one two\""]);
    }

    /// How far one branch has come in the log says nothing of another.
    async fn a_branch_finds_what_came_while_another_was_further_on(db) {
        let place = Place::open(&db).await;
        let wait = |id: &str, word: &str| json!({ "id": id, "wait": { "event": { "on": "task.commented", "if": format!("comment.body == \"{word}\""), "timeout": "30s" } } });
        let rule = place.on_hook("Two branches", json!([
            { "id": "both", "parallel": [
                { "steps": [wait("a", "a"), wait("a2", "b")] },
                { "steps": [wait("begin", "begin"), wait("b", "b")] } ] },
            { "id": "end", "stop": "{{ steps.b.output.comment.body }}" }])).await;
        place.post(json!({})).await;
        let task = task(&place.api).await;
        let run = waiting(&place, &rule, 1).await[0]["id"].as_str().unwrap().to_owned();
        comment(&place.api, &task, "b").await;
        comment(&place.api, &task, "a").await;
        // In its own branch only what came after counts.
        let stands = |run: &Value| run["steps"].as_array().unwrap().iter().any(|step| step["path"] == "a2" && step["state"] == "waiting");
        place.run_when(&run, stands).await;
        // What has come before the wait in this branch does not count either: "begin" comes after the first "b".
        comment(&place.api, &task, "begin").await;
        place.run_when(&run, |run| run["steps"].as_array().unwrap().iter().any(|step| step["path"] == "b")).await;
        comment(&place.api, &task, "b").await;
        assert_eq!(reasons(&place, &rule, 1).await, ["\"b\""]);
        // Both branches find the same event, though one begins to wait long after the other found a later one.
        let rule = place.on_hook("One is slow", json!([
            { "id": "both", "parallel": [
                { "steps": [wait("x", "x")] },
                { "steps": [{ "id": "nap", "wait": { "for": "2s" } }, wait("y", "y")] } ] },
            { "id": "end", "stop": "{{ steps.y.output.comment.body }}" }])).await;
        place.post(json!({})).await;
        waiting(&place, &rule, 1).await;
        comment(&place.api, &task, "y").await;
        comment(&place.api, &task, "x").await;
        assert_eq!(reasons(&place, &rule, 1).await, ["\"y\""]);
    }

    async fn a_run_by_hand_waits_for_what_comes_after_it(db) {
        let place = Place::open(&db).await;
        place.post(json!({ "n": "before" })).await;
        let rule = place.rule(json!({ "name": "By hand", "trigger": { "on": "manual" }, "steps": [
            { "id": "came", "wait": { "event": { "on": "hook.*" } } }, { "id": "end", "stop": "{{ steps.came.output.body.n }}" }] })).await;
        let run = place.api.post(&format!("/rules/{rule}/run"), json!({})).await.expect_status(202).text("/id");
        place.post(json!({ "n": "after" })).await;
        assert_eq!(place.over(&run).await.text("/steps/1/output/reason"), "after");
    }

    async fn time_runs_out_for_what_does_not_come(db) {
        let place = Place::open(&db).await;
        let plain = place.rule(for_a_comment(json!({ "timeout": "300ms" }), json!({}))).await;
        task(&place.api).await;
        let run = place.last(&plain, 1).await;
        assert_eq!((run.text("/state"), run.text("/error/code")), ("timed_out".into(), "wait_timed_out".into()));
        place.api.post(&format!("/rules/{plain}/pause"), json!({})).await.expect_status(200);
        let else_ = json!({ "on_timeout": [{ "id": "note", "action": "task.comment", "with": { "task": "{{ task.id }}", "body": "Nobody said a word" } }] });
        let rule = place.rule(for_a_comment(json!({ "timeout": "300ms" }), else_)).await;
        task(&place.api).await;
        let run = place.last(&rule, 1).await;
        assert_eq!(told(&run), ["answer succeeded", "note succeeded", "end succeeded"]);
        assert_eq!(run.at("/steps/0/output"), &Value::Null);
        assert_eq!(db.count("run_waits where open").await, 0);
    }

    /// A hidden task's events, those of other workspaces, and the run's own are not what is waited for.
    async fn what_the_owner_may_not_see_wakes_nobody(db) {
        let place = Place::open(&db).await;
        let workspace = place.api.get("/me").await.text("/workspace/id");
        let people = trackside_tests::harness::People::of(&db).await;
        let mia = people.member(&place.server, &workspace, "Mia", trackside_engine::access::Role::ProjectManager).await;
        let own = json!({ "name": "Own", "trigger": { "on": "manual" }, "steps": [
            { "id": "say", "action": "task.comment", "with": { "task": "WEB-1", "body": "my own" } },
            { "id": "came", "wait": { "event": { "on": "task.commented" } } }, { "id": "end", "stop": "{{ steps.came.output.comment.body }}" }] });
        let rule = mia.post("/rules", own).await.expect_status(201).text("/id");
        mia.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        let (seen, hidden) = (task(&place.api).await, task(&place.api).await);
        let hidden_id = place.api.get(&format!("/tasks/{hidden}")).await.text("/id");
        let deny = json!({ "user": mia.get("/me").await.text("/user/id"), "permission": "task.*", "effect": "deny", "on": hidden_id });
        place.api.post("/assignments", deny).await.expect_status(201);
        let run = mia.post(&format!("/rules/{rule}/run"), json!({})).await.expect_status(202).text("/id");
        waiting(&place, &rule, 1).await;
        let stranger = people.owner_elsewhere(&place.server, "Stranger").await;
        stranger.post("/projects", json!({ "key": "WEB", "name": "Other" })).await.expect_status(201);
        let other = task(&stranger).await;
        comment(&stranger, &other, "elsewhere").await;
        comment(&place.api, &hidden, "hidden").await;
        comment(&place.api, &seen, "seen").await;
        assert_eq!(place.over(&run).await.text("/steps/2/output/reason"), "seen");
        people.leave().await;
    }

    /// A value is meant as it is, whatever it says: nobody widens what is waited for.
    async fn a_star_that_came_in_stands_for_nothing_else(db) {
        let place = Place::open(&db).await;
        let rule = place.rule(json!({ "name": "Star", "trigger": { "on": "hook.received", "match": { "body.first": true } }, "steps": [
            { "id": "came", "wait": { "event": { "on": "hook.received", "match": { "body.key": "{{ body.key }}", "body.word": "*" }, "timeout": "1s" } }, "on_timeout": [{ "id": "late", "stop": "late" }] },
            { "id": "end", "stop": "{{ steps.came.output.body.word }}" }] })).await;
        place.post(json!({ "first": true, "key": "*" })).await;
        place.post(json!({ "key": "secret", "word": "x" })).await;
        place.post(json!({ "key": "*" })).await;
        assert_eq!(reasons(&place, &rule, 1).await, ["\"late\""]);
        place.post(json!({ "first": true })).await;
        let run = place.last(&rule, 2).await;
        assert!(run.text("/error/message").contains("is nothing"), "{:#}", run.body);
    }

    /// Versions, pauses, restarts; a run that was cancelled is woken by nothing.
    async fn waits_hold_through_restarts(db) {
        let mut place = Place::open(&db).await;
        let rule = place.rule(for_a_comment(json!({}), json!({}))).await;
        let (one, two) = (task(&place.api).await, task(&place.api).await);
        let runs = waiting(&place, &rule, 2).await;
        place.api.post(&format!("/rules/{rule}/pause"), json!({})).await.expect_status(200);
        place.server.kill9();
        place.server.restart().await;
        place.api = place.api.at(&place.server);
        place.api.post(&format!("/runs/{}/cancel", runs[0]["id"].as_str().unwrap()), json!({})).await.expect_status(200);
        comment(&place.api, &one, "after the restart").await;
        comment(&place.api, &two, "cancelled").await;
        assert_eq!(reasons(&place, &rule, 2).await, ["cancelled", "\"after the restart\""]);
        assert_eq!(db.count("run_waits where open").await, 0);
    }

    async fn what_is_wrong_with_a_wait_is_said(db) {
        let place = Place::open(&db).await;
        let check = async |step: Value| {
            let rule = json!({ "name": "X", "trigger": { "on": "task.created" }, "steps": [step] });
            place.api.post("/rules/check", json!({ "rule": rule })).await.expect_status(200)
        };
        let event = |event: Value| json!({ "id": "w", "wait": { "event": event } });
        for (step, pointer, said) in [
            (event(json!({ "on": "task.comented" })), "/wait/event/on", "There is no event"),
            (event(json!({ "on": "schedule" })), "/wait/event/on", "is no event"),
            (event(json!({ "on": "task.commented", "match": { "comment.bdy": "x" } })), "/match/comment.bdy", "has no"),
            (event(json!({ "on": "task.commented", "match": { "task.id": "{{ taks.id }}" } })), "/match/task.id", "taks"),
            (event(json!({ "on": "task.commented", "match": { "tusk": "{{ task.id }}" } })), "/match/tusk", "has no `tusk`"),
            (event(json!({ "on": "task.commented", "if": "comment.boddy == 'x'" })), "/wait/event/if", "boddy"),
            (event(json!({ "on": "task.commented", "timeout": "0s" })), "/timeout", "no time"),
            (json!({ "id": "w", "wait": { "until": "1 + 1" } }), "/wait/until", "moment is needed"),
            (json!({ "id": "w", "wait": { "until": "now +" } }), "/wait/until", ""),
            (json!({ "id": "w", "wait": { "until": "now", "for": "1s" } }), "/wait", "exactly one"),
            (json!({ "id": "w", "wait": { "for": "1s" }, "on_timeout": [] }), "/on_timeout", "never done"),
        ] {
            let verdict = check(step.clone()).await;
            let problem = verdict.at("/problems/0");
            assert_eq!(verdict.at("/ok"), &json!(false), "{step}");
            assert!(problem["pointer"].as_str().unwrap().ends_with(pointer), "{step}: {problem:#}");
            assert!(problem["message"].as_str().unwrap().contains(said), "{step}: {problem:#}");
        }
        let typed = json!({ "name": "X", "trigger": { "on": "task.created" }, "steps": [
            { "id": "w", "wait": { "event": { "on": "task.commented", "match": { "task": "{{ task.id }}" } } } },
            { "id": "end", "stop": "{{ steps.w.output.comment.bodyy }}" }] });
        let verdict = place.api.post("/rules/check", json!({ "rule": typed })).await.expect_status(200);
        assert_eq!(verdict.text("/problems/0/suggestion"), "body", "{:#}", verdict.body);
    }
}

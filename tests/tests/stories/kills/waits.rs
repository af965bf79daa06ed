//! The process dies at every place of a step that waits for people, and nothing is asked, answered or done twice.

use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, Database};

use crate::ledger::{REST, serve};

/// SIGABRT: how a crash point ends the process.
const ABORTED: i32 = 6;

/// A rule with these steps on new tasks, behind a server that dies at `point`; what `act` does meets it alive or dead, before
/// and after. Then the run is over, and the books are right.
async fn dies_at<Act: AsyncFn(&Api)>(db: &Database, point: &str, steps: Value, act: Act) {
    let server = serve(db).start().await;
    let api = Api::set_up(&server).await;
    api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
    let other = json!([{ "id": "nap", "wait": { "for": "100ms" } }, { "id": "end", "stop": "called" }]);
    for rule in [
        json!({ "name": "Waits", "trigger": { "on": "task.created" }, "steps": steps }),
        json!({ "name": "Other", "trigger": { "on": "manual" }, "steps": other }),
    ] {
        let rule = api.post("/rules", rule).await.expect_status(201).text("/id");
        api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
    }
    drop(server);
    let mut dying = serve(db).env("TRACKSIDE_CRASH_AT", format!("{point}:1")).start().await;
    let there = api.at(&dying);
    // It may die before it can answer.
    let _ = there.try_send(Method::POST, "/projects/WEB/tasks", Some(json!({ "title": "One" }))).await;
    let start = Instant::now();
    loop {
        let end = dying.wait_for_end(Duration::from_secs(60));
        if let Ok(status) = tokio::time::timeout(Duration::from_millis(50), end).await {
            assert_eq!(status.signal(), Some(ABORTED), "it died at {point}");
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "it never came to {point}");
        act(&there).await;
    }
    let server = serve(db).start().await;
    let api = api.at(&server);
    let start = Instant::now();
    while db.count("runs where state = 'succeeded' and parent_id is null").await == 0 {
        assert!(start.elapsed() < REST, "the run does not end: {:#}", api.get("/runs").await.body);
        act(&api).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    db.quiet(REST).await;
    assert_eq!(db.count("runs where parent_id is null").await, 1);
    assert_eq!(db.count("events where kind = 'task.commented'").await, 1, "what comes behind is done once");
}

/// Agrees to whatever is asked; the process may die over it.
async fn agree(api: &Api) {
    let Ok(page) = api.try_send(Method::GET, "/approvals", None).await else { return };
    for asked in page.body["items"].as_array().into_iter().flatten() {
        let path = format!("/approvals/{}/decide", asked["id"].as_str().unwrap());
        let _ = api.try_send(Method::POST, &path, Some(json!({ "decision": "approve" }))).await;
    }
}

fn comment() -> Value {
    json!({ "id": "note", "action": "task.comment", "with": { "task": "{{ task.id }}", "body": "done" } })
}

async fn over_an_answer(db: Database, point: &str) {
    let steps = json!([{ "id": "ok", "approve": { "by": ["owner"], "allow_self": true }, "then": [comment()] }]);
    dies_at(&db, point, steps, agree).await;
    let asked = ["approvals where state = 'approved'", "approvals", "approval_votes"];
    for what in asked {
        assert_eq!(db.count(what).await, 1, "{what}");
    }
    // Whoever answers before they were told is not told any more.
    assert!(db.count("notifications").await <= 1);
    for kind in ["approval.requested", "approval.decided"] {
        assert_eq!(db.count(&format!("events where kind = '{kind}'")).await, 1, "{kind}");
    }
}

async fn over_a_time_out(db: Database, point: &str) {
    let steps = json!([{ "id": "ok", "approve": { "by": ["owner"], "allow_self": true, "timeout": "200ms" }, "on_timeout": [comment()] }]);
    dies_at(&db, point, steps, async |_: &Api| ()).await;
    assert_eq!(db.count("approvals where state = 'timed_out'").await, 1);
    assert_eq!(db.count("events where kind = 'approval.timed_out'").await, 1);
}

async fn over_an_event(db: Database, point: &str) {
    let event = json!({ "on": "task.updated", "match": { "task": "{{ task.id }}" } });
    let steps = json!([{ "id": "came", "wait": { "event": event } }, comment()]);
    let change = async |api: &Api| {
        let title = json!({ "title": format!("{:?}", Instant::now()) });
        let _ = api.try_send(Method::PATCH, "/tasks/WEB-1", Some(title)).await;
    };
    dies_at(&db, point, steps, change).await;
    assert_eq!(db.count("run_waits where event_id is not null").await, 1);
    assert_eq!(db.count("run_waits where open").await, 0);
}

async fn over_a_call(db: Database, point: &str) {
    let steps = json!([{ "id": "other", "call": "Other" }, comment()]);
    dies_at(&db, point, steps, async |_: &Api| ()).await;
    assert_eq!(db.count("runs where parent_id is not null and state = 'succeeded'").await, 1, "called once");
}

async fn over_branches(db: Database, point: &str) {
    let ask = json!({ "id": "ok", "approve": { "by": ["owner"], "allow_self": true } });
    let make =
        json!({ "id": "make", "action": "task.assign", "with": { "task": "{{ task.id }}", "pick": "least_loaded" } });
    let branches = json!([{ "steps": [ask] }, { "steps": [{ "id": "nap", "wait": { "for": "100ms" } }, make] }]);
    let steps = json!([{ "id": "both", "parallel": branches }, comment()]);
    dies_at(&db, point, steps, agree).await;
    assert_eq!(db.count("approvals").await, 1);
    assert_eq!(db.count("events where kind = 'task.assigned'").await, 1);
}

both_databases! {
    async fn before_what_is_asked_commits(db) { over_an_answer(db, "run.ask_before_commit").await; }
    async fn within_the_change_that_asks(db) { over_an_answer(db, "change.before_commit@approval.requested").await; }
    async fn when_it_was_asked(db) { over_an_answer(db, "run.asked").await; }
    async fn before_the_run_lies_down(db) { over_an_answer(db, "run.suspend_before_commit").await; }
    async fn when_the_run_lies_down(db) { over_an_answer(db, "run.suspended").await; }
    async fn within_the_answer(db) { over_an_answer(db, "change.before_commit@approval.decided").await; }
    async fn within_what_follows_from_the_answer(db) { over_an_answer(db, "run.step_before_commit").await; }
    async fn before_a_time_out_commits(db) { over_a_time_out(db, "run.time_out_before_commit").await; }
    async fn before_a_wait_for_an_event_commits(db) { over_an_event(db, "run.wait_before_commit").await; }
    async fn when_a_wait_for_an_event_was_written(db) { over_an_event(db, "run.wait_begun").await; }
    async fn when_the_run_lies_down_for_an_event(db) { over_an_event(db, "run.suspended").await; }
    async fn before_what_came_is_noted(db) { over_an_event(db, "wait.found_before_commit").await; }
    async fn when_what_came_was_noted(db) { over_an_event(db, "wait.found").await; }
    async fn before_a_call_commits(db) { over_a_call(db, "run.call_before_commit").await; }
    async fn when_a_rule_was_called(db) { over_a_call(db, "run.called").await; }
    async fn before_the_end_of_what_was_called_commits(db) { over_a_call(db, "run.finish_before_commit").await; }
    async fn when_what_was_called_is_over(db) { over_a_call(db, "run.finished").await; }
    async fn before_branches_lie_down(db) { over_branches(db, "run.suspend_before_commit").await; }
    async fn within_a_branch(db) { over_branches(db, "run.step_before_commit@task.assign").await; }

    /// Twenty runs wait on one node, which is gone when what they wait for comes in at another.
    async fn what_comes_in_at_another_node_wakes_each_run_once(db) {
        let mut one = serve(&db).start().await;
        let two = serve(&db).start().await;
        let api = Api::set_up(&one).await;
        api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
        let event = json!({ "on": "task.commented", "match": { "task": "{{ task.id }}" } });
        let rule = json!({ "name": "Waits", "trigger": { "on": "task.created" }, "steps": [{ "id": "came", "wait": { "event": event } },
            { "id": "note", "action": "task.update", "with": { "task": "{{ task.id }}", "title": "{{ steps.came.output.comment.body }}" } }] });
        let rule = api.post("/rules", rule).await.expect_status(201).text("/id");
        api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        for n in 0..20 {
            api.post("/projects/WEB/tasks", json!({ "title": format!("t{n}") })).await.expect_status(201);
        }
        one.kill9();
        let api = api.at(&two);
        for n in 1..=20 {
            for word in ["first", "second"] {
                api.post(&format!("/tasks/WEB-{n}/comments"), json!({ "body": word })).await.expect_status(201);
            }
        }
        db.quiet(REST).await;
        assert_eq!(db.count("runs where state = 'succeeded'").await, 20);
        assert_eq!(db.count("tasks where title = 'first'").await, 20, "the first is meant");
    }

    async fn within_a_time_out(db) { over_a_time_out(db, "change.before_commit@approval.timed_out").await; }
}

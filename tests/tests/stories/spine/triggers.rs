//! What starts a rule: each kind of event once as it should, and once in a way that its `match` does not mean.

use chrono::{SecondsFormat, TimeDelta};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use trackside_engine::Source;
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::People;

use super::Place;

/// A rule that only notes that it ran.
async fn listens(place: &Place, trigger: Value) -> String {
    let name = format!("{} {}", trigger["on"].as_str().unwrap(), trigger["match"]);
    let cause = json!({ "cause": { "accept_rules": true } });
    place
        .rule(json!({ "name": name, "trigger": trigger, "policy": cause, "steps": [{ "id": "end", "stop": "came" }] }))
        .await
}

/// Each rule ran once, by an event of this kind.
async fn each_ran_once(place: &Place, rules: &[(String, &str)]) {
    for (rule, kind) in rules {
        let run = place.last(rule, 1).await;
        assert_eq!(run.text("/state"), "succeeded", "{kind}: {:#}", run.body);
        let event = place.api.get(&format!("/events/{}", run.text("/event"))).await.expect_status(200);
        assert_eq!(event.text("/kind"), *kind, "{:#}", run.body);
    }
}

fn hmac(secret: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length will do");
    mac.update(text.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

both_databases! {
    async fn work_starts_rules_by_what_changed_into_what(db) {
        let place = Place::open(&db).await;
        let api = &place.api;
        let workspace = api.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let tim = people.member(&place.server, &workspace, "Tim", Role::TeamMember).await;
        people.leave().await;
        let tims = tim.get("/me").await.text("/user/id");
        api.post("/projects/WEB/fields", json!({ "key": "size", "name": "Size", "type": "number" })).await.expect_status(201);
        let milestone = api.post("/projects/WEB/milestones", json!({ "name": "Beta" })).await.expect_status(201).text("/id");
        let other = api.post("/projects/WEB/milestones", json!({ "name": "Other" })).await.expect_status(201).text("/id");
        let mut rules = Vec::new();
        for (on, wanted) in [
            ("task.created", json!({ "task.type": "bug", "project": "WEB" })),
            ("task.updated", json!({ "priority.from": "medium", "priority.to": ["high", "critical"] })),
            ("task.updated", json!({ "custom.size.from": 3, "custom.size.to": 4 })),
            ("task.updated", json!({ "custom.size.from": null, "custom.size.to": 3 })),
            ("task.updated", json!({ "due_at.to": null })),
            ("task.status_changed", json!({ "from": "todo", "to": "blocked" })),
            ("task.assigned", json!({ "added": tims })),
            ("task.commented", json!({ "comment.author": tims })),
            ("milestone.completed", json!({ "milestone": "Beta" })),
            ("project.health_changed", json!({ "to": "at_risk" })),
            ("project.updated", json!({ "status.from": "active", "status.to": "on_hold" })),
            ("time.logged", json!({ "time_entry.billable": true })),
        ] {
            rules.push((listens(&place, json!({ "on": on, "match": wanted })).await, on));
        }
        let task = async |body: Value| api.post("/projects/WEB/tasks", body).await.expect_status(201).text("/key");
        let change = async |path: &str, body: Value| drop(api.patch(path, body).await.expect_status(200));
        // Of each first what does not fit, and then what does.
        task(json!({ "title": "No bug" })).await;
        let bug = format!("/tasks/{}", task(json!({ "title": "Bug", "type": "bug", "due_at": "2031-03-03T09:00:00Z", "custom": {} })).await);
        for body in [
            json!({ "priority": "low" }), json!({ "priority": "medium" }), json!({ "priority": "high" }),
            json!({ "custom": { "size": 3 } }), json!({ "title": "Still a bug" }), json!({ "custom": { "size": 4 } }), json!({ "custom": { "size": 5 } }),
            json!({ "due_at": null }),
            json!({ "status": "in_progress" }), json!({ "status": "blocked" }), json!({ "status": "todo" }), json!({ "status": "blocked" }),
            json!({ "assignees": [api.get("/me").await.text("/user/id")] }), json!({ "assignees": [tims] }), json!({ "assignees": [] }),
        ] {
            change(&bug, body).await;
        }
        for who in [api, &tim] {
            who.post(&format!("{bug}/comments"), json!({ "body": "Hm" })).await.expect_status(201);
        }
        for of in [&other, &milestone] {
            change(&format!("/milestones/{of}"), json!({ "status": "completed" })).await;
        }
        for body in [json!({ "health": "off_track" }), json!({ "health": "at_risk" }), json!({ "name": "Web" }), json!({ "status": "on_hold" })] {
            change("/projects/WEB", body).await;
        }
        for billable in [false, true] {
            let entry = json!({ "started_at": "2026-11-23T09:00:00Z", "minutes": 30, "billable": billable });
            api.post(&format!("{bug}/time-entries"), entry).await.expect_status(201);
        }
        place.quiet().await;
        each_ran_once(&place, &rules).await;
    }

    async fn money_people_and_failures_start_rules(db) {
        let place = Place::open(&db).await;
        let api = &place.api;
        let me = api.get("/me").await.text("/user/id");
        let mut rules = Vec::new();
        for (on, wanted) in [
            ("budget.threshold_reached", json!({ "threshold": 80, "project": "WEB" })),
            ("resource.over_allocated", json!({ "user": me })),
            ("approval.decided", json!({ "approval.state": "approved" })),
            ("run.failed", json!({ "run.error.code": "step_failed" })),
        ] {
            rules.push((listens(&place, json!({ "on": on, "match": wanted })).await, on));
        }
        api.put("/projects/WEB/budget", json!({ "planned": 100, "currency": "EUR", "thresholds": [50, 80] })).await.expect_status(200);
        for amount in [60, 30] {
            api.post("/projects/WEB/costs", json!({ "amount": amount.to_string() })).await.expect_status(201);
        }
        let plan = json!({ "user": me, "from": "2031-03-03", "to": "2031-03-04", "percent": 150 });
        api.post("/projects/WEB/allocations", plan).await.expect_status(201);
        let asks = place.on_hook("Asks", json!([{ "id": "ok", "approve": { "by": ["owner"], "allow_self": true, "message": "{{ body.n }}" }, "on_reject": [] }])).await;
        for (n, verb) in ["reject", "approve"].into_iter().enumerate() {
            place.post(json!({ "n": n })).await;
            place.runs_when(&asks, n + 1, |runs| runs.last().is_some_and(|run| run["state"] == "waiting")).await;
            let asked = api.get("/approvals").await.expect_status(200).text("/items/0/id");
            api.post(&format!("/approvals/{asked}/decide"), json!({ "decision": verb })).await.expect_status(200);
        }
        place.quiet().await;
        api.post(&format!("/rules/{asks}/pause"), json!({})).await.expect_status(200);
        place.on_hook("Fails", json!([{ "id": "end", "stop": { "outcome": "failed", "reason": "on purpose" } }, { "id": "never", "stop": "x" }])).await;
        place.on_hook("Breaks", json!([{ "id": "make", "action": "task.create", "with": { "project": "NONE", "title": "x" } }])).await;
        place.post(json!({})).await;
        place.quiet().await;
        each_ran_once(&place, &rules).await;
    }

    /// What comes near its date, or is past it, is a matter of the trigger `date`: before it, and after it.
    async fn dates_start_rules_before_and_after(db) {
        let place = Place::open(&db).await;
        let near = listens(&place, json!({ "on": "date", "field": "due_at", "before": "2d" })).await;
        let late = place.rule(json!({ "name": "Overdue", "trigger": { "on": "date", "field": "due_at", "after": "1s" },
            "condition": "task.category != 'done'", "steps": [{ "id": "end", "stop": "{{ task.key }} is overdue" }] })).await;
        let due = |by: TimeDelta| (Source::default().now() + by).to_rfc3339_opts(SecondsFormat::Millis, true);
        for (title, by) in [("near", TimeDelta::days(2) + TimeDelta::seconds(2)), ("late", TimeDelta::seconds(2)), ("far", TimeDelta::days(9))] {
            place.api.post("/projects/WEB/tasks", json!({ "title": title, "due_at": due(by) })).await.expect_status(201);
        }
        let done = json!({ "title": "done", "due_at": due(TimeDelta::seconds(2)), "status": "completed" });
        place.api.post("/projects/WEB/tasks", done).await.expect_status(201);
        assert_eq!(place.last(&late, 1).await.text("/steps/0/output/reason"), "WEB-2 is overdue");
        each_ran_once(&place, &[(near, "task.date_reached"), (late, "task.date_reached")]).await;
    }

    async fn vendors_start_rules_through_their_hooks(db) {
        let place = Place::open(&db).await;
        let (at, secret) = (Source::default().now().timestamp().to_string(), "a-secret-that-is-long-enough");
        let mut rules = Vec::new();
        let slack = |body: &str| format!("v0={}", hmac(secret, &format!("v0:{at}:{body}")));
        for (vendor, scheme, wanted, body, other, headers) in [
            ("github", json!("github"), json!({ "headers.x-github-event": "pull_request", "body.action": "closed" }), json!({ "action": "closed" }), json!({ "action": "opened" }), vec!["x-hub-signature-256"]),
            ("gitlab", json!("gitlab"), json!({ "body.object_kind": "merge_request" }), json!({ "object_kind": "merge_request" }), json!({ "object_kind": "push" }), vec!["x-gitlab-token"]),
            ("slack", json!("slack"), json!({ "body.event.type": "app_mention" }), json!({ "event": { "type": "app_mention" } }), json!({ "event": { "type": "message" } }), vec!["x-slack-signature"]),
            ("jira", json!({ "scheme": "hmac", "header": "X-Hub-Signature", "prefix": "sha256=" }), json!({ "body.webhookEvent": "jira:issue_updated" }), json!({ "webhookEvent": "jira:issue_updated" }), json!({ "webhookEvent": "jira:issue_created" }), vec!["x-hub-signature"]),
        ] {
            let new = json!({ "name": vendor, "scheme": scheme, "secret": secret });
            let hook = place.api.post("/hooks", new).await.expect_status(201).text("/path");
            let mut matches = wanted;
            matches["hook"] = json!(vendor);
            rules.push((listens(&place, json!({ "on": "hook", "match": matches })).await, "hook.received"));
            for body in [other, body] {
                let text = body.to_string();
                let proof = match headers[0] {
                    "x-gitlab-token" => secret.to_owned(),
                    "x-slack-signature" => slack(&text),
                    _ => format!("sha256={}", hmac(secret, &text)),
                };
                let post = place.api.outside().with_header(headers[0], &proof).with_header("x-github-event", "pull_request").with_header("x-slack-request-timestamp", &at);
                post.send_bytes(reqwest::Method::POST, &hook, Some("application/json"), text).await.expect_status(202);
            }
        }
        place.quiet().await;
        each_ran_once(&place, &rules).await;
    }
}

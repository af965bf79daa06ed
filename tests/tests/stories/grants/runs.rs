//! Runs of what may not be seen: they are in no list, no search, no export and no count, nobody touches them, and what went wrong
//! in them is told to nobody from whom anything is kept (PRM-04, AUT-38).

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, Database, People};

use super::{Firm, log};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A firm in which a rule of Ada's fails on a task in `OPS` with its title, and what Pam and Vic may not see: `OPS`.
struct Leaky {
    firm: Firm,
    /// Runs projects, but for one.
    pam: Api,
    /// Looks on, at all but one project.
    vic: Api,
    /// Looks on.
    vera: Api,
    rule: String,
    /// Runs on the hidden task and on one that everybody sees.
    hidden: String,
    open: String,
}

async fn failed(api: &Api, rule: &str, count: usize) -> Vec<Value> {
    let start = Instant::now();
    loop {
        let page = api.get(&format!("/runs?rule_id={rule}&state=failed")).await.expect_status(200);
        let runs = page.at("/items").as_array().unwrap();
        if runs.len() == count {
            return runs.clone();
        }
        assert!(start.elapsed() < PATIENCE, "{} of {count} runs: {:#}", runs.len(), page.body);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

impl Leaky {
    async fn open(db: &Database) -> Self {
        let firm = Firm::open(db).await;
        let workspace = firm.ada.get("/me").await.text("/workspace/id");
        let people = People::of(db).await;
        let pam = people.member(&firm.server, &workspace, "Pam", Role::ProjectManager).await;
        let vic = people.member(&firm.server, &workspace, "Vic", Role::Viewer).await;
        let vera = people.member(&firm.server, &workspace, "Vera", Role::Viewer).await;
        people.leave().await;
        firm.ada.patch("/tasks/OPS-1", json!({ "title": "ZEBRA is let go" })).await.expect_status(200);
        for one in [&pam, &vic] {
            let id = one.get("/me").await.text("/user/id");
            for permission in ["task.view", "project.view"] {
                firm.assign(json!({ "user": id, "permission": permission, "effect": "deny", "on": "OPS" })).await;
            }
        }
        let steps = json!([{ "id": "fail", "script": "throw task.title" }]);
        let rule = json!({ "name": "Fails", "trigger": { "on": "task.updated" }, "on_failure": { "notify": [], "pause_after": 2 }, "steps": steps });
        let rule = firm.ada.post("/rules", rule).await.expect_status(201).text("/id");
        firm.ada.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        firm.ada.patch("/tasks/WEB-1", json!({ "priority": "high" })).await.expect_status(200);
        let open = failed(&firm.ada, &rule, 1).await[0]["id"].as_str().unwrap().to_owned();
        firm.ada.patch("/tasks/OPS-1", json!({ "priority": "high" })).await.expect_status(200);
        let hidden = failed(&firm.ada, &rule, 2).await[0]["id"].as_str().unwrap().to_owned();
        Self { firm, pam, vic, vera, rule, hidden, open }
    }
}

both_databases! {
    async fn a_run_on_what_may_not_be_seen_is_not_there(db) {
        let place = Leaky::open(&db).await;
        let (rule, hidden, open) = (&place.rule, &place.hidden, &place.open);
        let all = place.firm.ada.get(&format!("/runs?rule_id={rule}&total=true")).await.expect_status(200);
        assert_eq!(all.at("/total"), &json!(2));
        assert!(all.body.to_string().contains("ZEBRA"), "who looks after runs reads why: {:#}", all.body);
        for one in [&place.pam, &place.vic] {
            for query in ["", "&sort=created_at", "&sort=finished_at", "&limit=1", "&state=failed", "&error=step_failed"] {
                let page = one.get(&format!("/runs?rule_id={rule}&total=true{query}")).await.expect_status(200);
                let ids: Vec<&str> = page.at("/items").as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap()).collect();
                assert_eq!((ids, page.at("/total"), page.body.get("next_cursor").filter(|next| !next.is_null())), (vec![open.as_str()], &json!(1), None), "{query}");
            }
            assert_eq!(one.get(&format!("/runs?rule_id={rule}&offset=1")).await.expect_status(200).at("/items"), &json!([]), "what is hidden is not passed over either");
            for (path, verb) in [("", "get"), ("/cancel", "post"), ("/rerun", "post")] {
                let path = format!("/runs/{hidden}{path}");
                let answer = if verb == "get" { one.get(&path).await } else { one.post(&path, json!({})).await };
                assert!(answer.status == 404 || answer.status == 403, "{path}: {:#}", answer.body);
            }
            let export = one.get("/runs/export").await.expect_status(200);
            assert!(!export.body.to_string().contains(hidden.as_str()) && export.body.to_string().contains(open.as_str()), "{:#}", export.body);
            let health = one.get(&format!("/rules/{rule}/health")).await.expect_status(200);
            assert!(health.body.get("last_failed").is_none_or(Value::is_null), "{:#}", health.body);
        }
        for deed in ["cancel", "rerun"] {
            place.pam.post(&format!("/runs/{hidden}/{deed}"), json!({})).await.expect_problem(404, "run_not_found");
            let counted = place.pam.post(&format!("/runs/{deed}"), json!({ "filter": { "rule_id": rule }, "dry_run": true })).await.expect_status(200);
            assert_eq!(counted.at("/matched"), &json!(1), "nor do they have a part in what is done to many");
        }
    }

    async fn what_went_wrong_is_told_to_those_from_whom_nothing_is_kept(db) {
        let place = Leaky::open(&db).await;
        let (rule, open) = (&place.rule, &place.open);
        for one in [&place.pam, &place.vic, &place.vera] {
            // Of a run that they see they learn that it failed, not what the error quotes.
            let run = one.get(&format!("/runs/{open}")).await.expect_status(200);
            assert_eq!(run.text("/error/code"), "step_failed");
            assert!(!run.body.to_string().contains("WEB task 1"), "{:#}", run.body);
            assert!(run.text("/error/message").contains("run.manage"), "it says who is told: {:#}", run.body);
            for q in ["ZEBRA", "WEB task"] {
                let found = one.get(&format!("/runs?q={}", q.replace(' ', "%20"))).await.expect_status(200);
                assert_eq!(found.at("/items"), &json!([]), "{q} is not found by who may not read it");
            }
            for path in [format!("/rules/{rule}"), "/rules".into(), format!("/rules/{rule}/health"), "/rules/health".into(), "/runs".into(), "/runs/export?steps=true".into(), "/runs/export?format=csv".into()] {
                let answer = one.get(&path).await.expect_status(200);
                assert!(!answer.body.to_string().contains("ZEBRA"), "{path}: {:#}", answer.body);
            }
            assert!(!log(one).await.iter().any(|event| event["kind"] == "run.failed"));
        }
        for one in [&place.pam, &place.vic] {
            assert!(!log(one).await.iter().any(|event| event.to_string().contains("ZEBRA")));
        }
        let told = place.firm.ada.get(&format!("/rules/{rule}")).await.expect_status(200);
        assert!(told.text("/paused_because").contains("ZEBRA"), "its owner is told all: {:#}", told.body);
        let told = place.vera.get(&format!("/rules/{rule}")).await.expect_status(200);
        assert_eq!(told.text("/paused_because"), "it failed 2 times in a row");
        let failures = log(&place.firm.ada).await.into_iter().filter(|event| event["kind"] == "run.failed");
        assert_eq!(failures.count(), 2);
        let changed = log(&place.firm.ada).await;
        assert!(!changed.iter().any(|event| event["kind"] == "rule.changed" && event.to_string().contains("ZEBRA")), "nor does the log quote it");
    }

    async fn a_token_for_runs_alone_reads_nothing_of_tasks(db) {
        let place = Leaky::open(&db).await;
        let token = async |scopes: Value| {
            let made = place.firm.ada.post("/tokens", json!({ "name": "narrow", "scopes": scopes })).await.expect_status(201);
            place.firm.ada.with_token(&made.text("/token"))
        };
        for scopes in [json!(["run.view"]), json!(["run.view", "event.view"]), json!(["run.*", "rule.view", "event.view"])] {
            let narrow = token(scopes.clone()).await;
            for path in ["/runs", "/runs?q=ZEBRA", "/runs/export", "/runs/export?steps=true"] {
                let answer = narrow.get(path).await.expect_status(200);
                assert!(!answer.body.to_string().contains("ZEBRA"), "{scopes} {path}: {:#}", answer.body);
            }
        }
        let whole = token(json!(["run.*", "event.view", "task.view"])).await;
        assert!(whole.get("/runs?q=ZEBRA").await.expect_status(200).body.to_string().contains("ZEBRA"));
        // What one is told is for a token that says so.
        for path in ["/notifications", "/notifications/unread"] {
            whole.get(path).await.expect_problem(403, "denied");
            token(json!(["notification.view"])).await.get(path).await.expect_status(200);
        }
    }
}

//! Branches side by side, rules that call rules, and scripts.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::People;

use super::{Place, told};

fn make(id: &str, title: &str) -> Value {
    json!({ "id": id, "action": "task.create", "with": { "project": "WEB", "title": title } })
}

fn nap(id: &str, period: &str) -> Value {
    json!({ "id": id, "wait": { "for": period } })
}

both_databases! {
    /// Three waits of one second are over after little more than one.
    async fn the_waits_of_branches_overlap(db) {
        let place = Place::open(&db).await;
        let rule = place.on_hook("Side by side", json!([
            { "id": "all", "parallel": [
                { "name": "first", "steps": [nap("n1", "1s"), make("m1", "one")] },
                { "steps": [nap("n2", "1s"), { "id": "each", "for_each": "[1, 2]", "do": [nap("n3", "200ms"), make("m3", "no {{ item }}")] }] },
                { "steps": [{ "id": "m4", "script": "40 + 2" }] },
            ] },
            { "id": "end", "stop": "{{ steps.m1.output.title }} {{ steps.m4.output }}" },
        ])).await;
        place.post(json!({})).await;
        let id = loop {
            match place.runs(&rule).await.first() {
                Some(run) => break run["id"].as_str().unwrap().to_owned(),
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        let both = place.run_when(&id, |run| run["waiting"]["for"] == "branches").await;
        assert_eq!(both.at("/waiting/waits").as_array().unwrap().len(), 2, "{:#}", both.body);
        let run = place.over(&id).await;
        assert_eq!(run.text("/state"), "succeeded", "{:#}", run.body);
        let time = |name: &str| run.text(name).parse::<DateTime<Utc>>().unwrap();
        let took = time("/finished_at") - time("/created_at");
        assert!(took >= TimeDelta::milliseconds(1_400) && took < TimeDelta::milliseconds(2_400), "{took}");
        let steps = run.at("/steps").as_array().unwrap();
        assert_eq!(steps.iter().find(|step| step["path"] == "end").unwrap()["output"]["reason"], "one 42");
        assert_eq!(place.titles().await.len(), 3);
        assert_eq!(told(&run)[0], "all entered");
    }

    async fn a_branch_that_fails_is_decided_over_by_on_error(db) {
        let place = Place::open(&db).await;
        let bad = json!({ "id": "bad", "action": "task.create", "with": { "project": "NONE", "title": "x" } });
        let asks = json!({ "id": "ok", "approve": { "by": ["owner"] } });
        let branches = json!([{ "steps": [asks] }, { "steps": [nap("n", "100ms"), bad] }]);
        let plain = place.on_hook("Fails", json!([{ "id": "all", "parallel": branches }, make("m", "never")])).await;
        place.post(json!({})).await;
        let run = place.last(&plain, 1).await;
        assert_eq!((run.text("/state"), run.text("/error/step")), ("failed".into(), "bad".into()));
        assert_eq!(db.count("approvals where state = 'withdrawn'").await, 1, "nobody has to answer any more");
        place.api.post(&format!("/rules/{plain}/pause"), json!({})).await.expect_status(200);
        let bad = json!({ "id": "bad", "action": "task.create", "with": { "project": "NONE", "title": "x" } });
        let branches = json!([{ "steps": [bad] }, { "steps": [nap("n", "100ms"), make("good", "good")] }]);
        for (on_error, more) in [(json!("continue"), ""), (json!([make("mend", "mended")]), "mended")] {
            let rule = place.on_hook("Goes on", json!([
                { "id": "all", "parallel": branches, "on_error": on_error }, { "id": "end", "stop": "{{ steps.bad.error.message.len() > 0 }} {{ steps.good.output.title }}" }])).await;
            place.post(json!({})).await;
            let run = place.last(&rule, 1).await;
            assert_eq!(run.text("/state"), "succeeded", "{:#}", run.body);
            let end = run.at("/steps").as_array().unwrap().iter().find(|step| step["path"] == "end").unwrap().clone();
            assert_eq!(end["output"]["reason"], "true good");
            assert_eq!(place.titles().await.contains(&more.to_owned()), !more.is_empty());
            place.api.post(&format!("/rules/{rule}/pause"), json!({})).await.expect_status(200);
        }
        // A stop in a branch ends it all, also what others wait for.
        let stops = json!([{ "steps": [{ "id": "ok", "approve": { "by": ["owner"] } }] }, { "steps": [{ "id": "end", "stop": "enough" }] }]);
        let rule = place.on_hook("Stops", json!([{ "id": "all", "parallel": stops }])).await;
        place.post(json!({})).await;
        assert_eq!(place.last(&rule, 1).await.text("/state"), "succeeded");
        assert_eq!(db.count("approvals where state = 'pending'").await, 0);
        place.quiet().await;
    }

    async fn a_rule_is_called_with_inputs_and_its_result_is_seen(db) {
        let place = Place::open(&db).await;
        let callee = |word: &str| json!({ "name": "Greet", "trigger": { "on": "manual", "form": { "who": { "type": "string", "required": true } } },
            "condition": "inputs.who != 'nobody'", "steps": [nap("n", "300ms"), make("make", "Hello {{ inputs.who }}"), { "id": "end", "stop": word }] });
        let greet = place.rule(callee("first")).await;
        let rule = place.on_hook("Calls", json!([
            { "id": "greet", "call": "Greet", "with": { "who": "{{ body.who }}" }, "on_error": "continue" },
            { "id": "end", "stop": "{{ steps.greet.output.state }} {{ steps.greet.output.reason }} {{ steps.greet.output.steps.make.title }} {{ steps.greet.error.message }}" }])).await;
        place.post(json!({ "who": "Ada" })).await;
        // It stays with the version that it began with.
        let child = loop {
            match place.runs(&greet).await.first() {
                Some(run) => break run["id"].as_str().unwrap().to_owned(),
                None => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        };
        place.api.put(&format!("/rules/{greet}"), callee("second")).await.expect_status(200);
        let run = place.last(&rule, 1).await;
        assert_eq!(run.text("/steps/1/output/reason"), "succeeded first Hello Ada ");
        assert_eq!((run.at("/depth"), run.text("/steps/0/output/run")), (&json!(1), child.clone()));
        let child = place.over(&child).await;
        assert_eq!((child.at("/depth"), child.text("/parent")), (&json!(2), run.text("/id")));
        let events = place.api.get("/events?after=0&limit=200").await.expect_status(200);
        let made = events.at("/items").as_array().unwrap().iter().rfind(|event| event["kind"] == "task.created").unwrap().clone();
        assert_eq!(made["cause"]["depth"], 2);
        for (count, who, said) in [(2, json!("nobody"), "skipped   "), (3, json!(7), "with: /who"), (4, json!(null), "is required")] {
            place.post(json!({ "who": who })).await;
            let run = place.last(&rule, count).await;
            assert!(run.text("/steps/1/output/reason").contains(said), "{who}: {:#}", run.body);
        }
        place.api.post(&format!("/rules/{greet}/pause"), json!({})).await.expect_status(200);
        place.post(json!({ "who": "Bob" })).await;
        assert!(place.last(&rule, 5).await.text("/steps/1/output/reason").contains("enable it"));
    }

    /// What is called and fails, is stopped, deleted, or calls itself.
    async fn a_call_ends_however_the_other_rule_does(db) {
        let place = Place::open(&db).await;
        let bad = json!({ "id": "bad", "stop": { "outcome": "failed", "reason": "no luck" } });
        place.rule(json!({ "name": "Bad", "trigger": { "on": "manual" }, "steps": [bad] })).await;
        place.rule(json!({ "name": "Self", "trigger": { "on": "manual" }, "steps": [{ "id": "again", "call": "Self" }] })).await;
        let long = place.rule(json!({ "name": "Long", "trigger": { "on": "manual" }, "steps": [nap("n", "1h")] })).await;
        let rule = place.on_hook("Calls", json!([{ "id": "other", "call": "{{ body.name }}", "timeout": "10m" }])).await;
        for (count, name, said) in [(1, "Bad", "no luck"), (2, "Self", "limit of “Self” is 5"), (3, "Missing", "no rule called"), (4, "Calls", "only rules with the trigger `manual`")] {
            place.post(json!({ "name": name })).await;
            let run = place.last(&rule, count).await;
            assert!(run.text("/state") == "failed" && run.text("/error/message").contains(said), "{name}: {:#}", run.body);
        }
        let begun = async |count: usize| loop {
            let runs = place.runs(&long).await;
            if runs.len() == count && runs[0]["state"] == "waiting" {
                return runs[0]["id"].as_str().unwrap().to_owned();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        // The other one is cancelled; this one is; the other rule is deleted.
        place.post(json!({ "name": "Long" })).await;
        let child = begun(1).await;
        place.api.post(&format!("/runs/{child}/cancel"), json!({})).await.expect_status(200);
        assert!(place.last(&rule, 5).await.text("/error/message").contains("cancelled"));
        place.post(json!({ "name": "Long" })).await;
        let child = begun(2).await;
        let parent = place.runs(&rule).await[0]["id"].as_str().unwrap().to_owned();
        assert_eq!(place.api.get(&format!("/runs/{parent}")).await.text("/waiting/run"), child);
        place.api.post(&format!("/runs/{parent}/cancel"), json!({})).await.expect_status(200);
        assert_eq!(place.over(&child).await.text("/state"), "cancelled");
        place.post(json!({ "name": "Long" })).await;
        begun(3).await;
        place.api.delete(&format!("/rules/{long}")).await.expect_status(204);
        assert!(place.last(&rule, 7).await.text("/error/message").contains("deleted"));
        // Time is up.
        let slow = place.rule(json!({ "name": "Slow", "trigger": { "on": "manual" }, "steps": [nap("n", "1h")] })).await;
        let short = place.on_hook("Short", json!([{ "id": "other", "call": slow, "timeout": "200ms", "on_error": "continue" }])).await;
        place.post(json!({ "name": "Bad" })).await;
        assert_eq!(place.last(&short, 1).await.text("/state"), "succeeded");
        assert_eq!(place.runs(&slow).await[0]["state"], "cancelled");
        place.quiet().await;
    }

    /// Nobody runs through a rule of theirs what they may not run by hand.
    async fn a_rule_calls_only_what_its_owner_may_run(db) {
        let place = Place::open(&db).await;
        place.rule(json!({ "name": "Secret", "trigger": { "on": "manual" }, "steps": [make("make", "secret")] })).await;
        let workspace = place.api.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let mia = people.member(&place.server, &workspace, "Mia", Role::ProjectManager).await;
        let deny = json!({ "user": mia.get("/me").await.text("/user/id"), "permission": "rule.run", "effect": "deny" });
        place.api.post("/assignments", deny).await.expect_status(201);
        let rule = json!({ "name": "Tries", "trigger": { "on": "hook.received" }, "steps": [{ "id": "other", "call": "Secret" }] });
        let rule = mia.post("/rules", rule).await.expect_status(201).text("/id");
        mia.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        place.post(json!({})).await;
        let run = place.last(&rule, 1).await;
        assert!(run.text("/error/message").contains("rule.run"), "{:#}", run.body);
        let narrow = json!({ "name": "narrow", "scopes": ["rule.edit", "rule.view"] });
        let narrow = place.api.post("/tokens", narrow).await.expect_status(201).text("/token");
        let other = json!({ "name": "Calls", "trigger": { "on": "hook.received" }, "steps": [{ "id": "other", "call": "Secret" }] });
        let other = place.api.post("/rules", other).await.expect_status(201).text("/id");
        let refused = place.api.with_token(&narrow).post(&format!("/rules/{other}/enable"), json!({})).await.expect_problem(403, "denied");
        assert!(refused.text("/detail").contains("rule.run"), "{:#}", refused.body);
        assert!(place.titles().await.is_empty());
        people.leave().await;
    }

    async fn a_script_computes_and_reaches_nothing(db) {
        let place = Place::open(&db).await;
        let script = "let sum = 0; for n in numbers { if n > 1 { sum += n; } } #{ sum: sum, key: task_key(body.text) }";
        let rule = place.on_hook("Computes", json!([
            { "id": "calc", "script": script, "with": { "numbers": "{{ body.numbers }}" }, "on_error": "continue" },
            { "id": "end", "stop": "{{ steps.calc.output.sum }} {{ steps.calc.output.key }} {{ steps.calc.error.message }}" }])).await;
        place.post(json!({ "numbers": [1, 2, 3], "text": "see WEB-7" })).await;
        assert_eq!(place.last(&rule, 1).await.text("/steps/1/output/reason"), "5 WEB-7 ");
        place.post(json!({ "numbers": "none", "text": "" })).await;
        let run = place.last(&rule, 2).await;
        assert_eq!(run.text("/steps/0/state"), "failed");
        assert!(run.text("/steps/0/error").contains("line 1"), "{:#}", run.body);
        let endless = place.on_hook("Endless", json!([{ "id": "calc", "script": "loop { }" }])).await;
        place.post(json!({ "numbers": [], "text": "" })).await;
        let run = place.last(&endless, 1).await;
        assert!(run.text("/error/message").contains("works too long"), "{:#}", run.body);
        let check = async |step: Value| {
            let rule = json!({ "name": "X", "trigger": { "on": "task.created" }, "steps": [step] });
            place.api.post("/rules/check", json!({ "rule": rule })).await.expect_status(200)
        };
        for (step, pointer, said) in [
            (json!({ "id": "s", "script": "let a = 1;\nb + a" }), "/script", "no variable `b`"),
            (json!({ "id": "s", "script": "let a = ;" }), "/script", ""),
            (json!({ "id": "s", "script": "import \"fs\"" }), "/script", ""),
            (json!({ "id": "s", "script": "x", "with": { "x": "{{ taks }}" } }), "/with/x", "taks"),
            (json!({ "id": "s", "script": "x", "with": { "task": 1 } }), "/with/task", "already means"),
            (json!({ "id": "s", "script": "1", "retry": { "max": 1 } }), "", "`retry`"),
            (json!({ "id": "p", "parallel": [] }), "/parallel", "1 to 20"),
            (json!({ "id": "p", "parallel": [{ "steps": [] }] }), "/parallel/0/steps", "does nothing"),
            (json!({ "id": "c", "call": "{{ taks }}" }), "/call", "taks"),
        ] {
            let verdict = check(step.clone()).await;
            let problem = verdict.at("/problems/0");
            assert_eq!(verdict.at("/ok"), &json!(false), "{step}");
            assert!(problem["pointer"].as_str().unwrap().ends_with(pointer), "{step}: {problem:#}");
            assert!(problem["message"].as_str().unwrap().contains(said), "{step}: {problem:#}");
        }
        let at = check(json!({ "id": "s", "script": "let a = 1;\nb + a" })).await;
        assert_eq!((at.at("/problems/0/line"), at.at("/problems/0/column")), (&json!(2), &json!(1)));
    }
}

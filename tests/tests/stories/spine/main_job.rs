//! A webhook comes in, a rule judges it, a task is made, a call goes out, and the run can be read step by step.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use trackside_tests::both_databases;

use super::{Place, told};

both_databases! {
    async fn a_post_becomes_a_task_and_a_call(db) {
        let place = Place::open(&db).await;
        let rule = place.rule(json!({
            "name": "Orders become work",
            "trigger": { "on": "hook.received", "match": { "hook": "in" } },
            "condition": "body.order.total > 100 && body.order.lines.len() > 0",
            "steps": [
                { "id": "make", "action": "task.create", "with": {
                    "project": "WEB", "title": "Ship order {{ body.order.number }}", "priority": "high",
                    "labels": "{{ body.order.lines }}" } },
                place.call("tell", json!({ "with": { "method": "POST", "url": place.sink.url("/tell"),
                    "headers": { "X-Shop": "no {{ body.order.number }}" },
                    "body": { "task": "{{ steps.make.output.key }}", "total": "{{ body.order.total }}" } } })),
                { "id": "note", "action": "task.comment", "with": {
                    "task": "{{ steps.make.output.id }}", "body": "The shop said {{ steps.tell.output.status }}" } },
            ],
        })).await;

        let small = place.post(json!({ "order": { "number": 1, "total": 20, "lines": ["pen"] } })).await;
        let large = place.post(json!({ "order": { "number": 2, "total": 300, "lines": ["desk", "lamp"] } })).await;
        let run = place.last(&rule, 1).await;
        place.quiet().await;

        assert_eq!(run.text("/event"), large);
        let none = place.api.get(&format!("/runs?event_id={small}")).await.expect_status(200);
        assert_eq!(none.at("/items"), &json!([]), "the condition did not hold");
        assert_eq!(run.text("/state"), "succeeded");
        assert_eq!(told(&run), ["make succeeded", "tell succeeded", "note succeeded"]);
        assert_eq!((run.at("/rule_version"), run.at("/depth"), run.text("/mode").as_str()), (&json!(1), &json!(1), "live"));

        let task = place.api.get("/tasks/WEB-1").await.expect_status(200);
        assert_eq!((task.text("/title").as_str(), task.text("/priority").as_str()), ("Ship order 2", "high"));
        assert_eq!(task.at("/labels"), &json!(["desk", "lamp"]));
        let comments = place.api.get("/tasks/WEB-1/comments").await.expect_status(200);
        assert_eq!(comments.text("/items/0/body"), "The shop said 200");

        let hits = place.sink.hits();
        assert_eq!(hits.len(), 1);
        assert_eq!(hits[0].body, json!({ "task": "WEB-1", "total": 300 }));
        assert_eq!(hits[0].headers["x-shop"], "no 2");
        assert_eq!(hits[0].key, format!("{}:tell", run.text("/id")), "one key per run, step and item");

        let steps = run.at("/steps");
        assert_eq!(steps[0]["input"]["title"], "Ship order 2");
        assert_eq!(steps[0]["output"]["key"], "WEB-1");
        assert_eq!((&steps[1]["kind"], &steps[1]["attempts"]), (&json!("http.request"), &json!(1)));
        assert_eq!(steps[1]["output"]["body"], json!({ "taken": true }));
        for step in steps.as_array().unwrap() {
            assert!(step["started_at"].as_str().unwrap() <= step["finished_at"].as_str().unwrap());
        }

        // The log tells the same story, with the rule as the cause of what it did.
        let log = place.api.get("/events?limit=100").await.expect_status(200);
        let made = log.at("/items").as_array().unwrap().iter().find(|event| event["kind"] == "task.created").unwrap().clone();
        assert_eq!((&made["cause"]["rule"], &made["cause"]["run"]), (&json!(rule), run.at("/id")));
        assert_eq!((&made["cause"]["step"], &made["cause"]["event"]), (&json!("make"), &json!(large)));
        let positions: Vec<i64> =
            log.at("/items").as_array().unwrap().iter().map(|event| event["position"].as_i64().unwrap()).collect();
        assert!(positions.windows(2).all(|pair| pair[0] + 1 == pair[1]), "no gap: {positions:?}");
    }

    async fn a_signed_post_of_github_is_taken_once_and_a_forged_one_never(db) {
        let place = Place::open(&db).await;
        let hook = place.api.post("/hooks", json!({ "name": "gh", "scheme": "github" })).await.expect_status(201);
        let (path, secret) = (hook.text("/path"), hook.text("/secret"));
        let rule = place.rule(json!({
            "name": "Issues become work",
            "trigger": { "on": "hook.received", "match": { "hook": "gh", "body.action": "opened" } },
            "steps": [{ "id": "make", "action": "task.create", "with": {
                "project": "WEB", "title": "{{ body.issue.title }}", "labels": "{{ body.issue.labels }}" } }],
        })).await;
        let body = json!({ "action": "opened", "issue": { "title": "It is broken", "labels": ["bug"] } });
        let text = body.to_string();
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(text.as_bytes());
        let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
        let github = place.api.outside().with_header("x-github-delivery", "d-1").with_header("x-github-event", "issues");
        let signed = github.with_header("x-hub-signature-256", &signature);
        let event = signed.post(&path, body.clone()).await.expect_status(202).text("/event");
        let again = signed.post(&path, body.clone()).await.expect_status(202);
        assert_eq!((again.text("/event"), again.at("/duplicate")), (event.clone(), &json!(true)));

        let mut forged = body;
        forged["issue"]["title"] = json!("It is broken!");
        let refused = signed.post(&path, forged.clone()).await.expect_status(401);
        assert_eq!(refused.headers["content-type"], "application/problem+json");
        github.post(&path, forged).await.expect_status(401);

        let run = place.last(&rule, 1).await;
        place.quiet().await;
        assert_eq!((run.text("/state"), run.text("/event")), ("succeeded".into(), event));
        assert_eq!(place.titles().await, ["It is broken"]);
        let labels = place.api.get("/tasks/WEB-1").await.expect_status(200);
        assert_eq!(labels.at("/labels"), &json!(["bug"]));
    }

    /// PRO-08: the same event, the same data, the same version: the same result, as often as one likes.
    async fn the_same_event_and_version_give_the_same_result(db) {
        let place = Place::open(&db).await;
        let rule = place.rule(json!({
            "name": "Judge", "trigger": { "on": "hook.received", "match": { "hook": "in" } },
            "condition": "body.marks.len() > 2",
            "steps": [
                { "id": "each", "for_each": "body.marks where mark > 1", "as": "it", "do": [
                    { "id": "grade", "if": "it.mark > 3",
                      "then": [place.call("good", json!({ "with": { "method": "POST", "url": place.sink.url("/good"), "body": { "who": "{{ it.who }}", "double": "{{ it.mark * 2 }}" } } }))],
                      "else": [place.call("bad", json!({ "with": { "method": "POST", "url": place.sink.url("/bad"), "body": { "who": "{{ it.who }}" } } }))] },
                ] },
                { "id": "end", "stop": { "outcome": "skipped", "reason": "{{ body.marks.len() }} marks" } },
            ],
        })).await;
        place.post(json!({ "marks": [{ "who": "a", "mark": 5 }, { "who": "b", "mark": 2 }, { "who": "c", "mark": 1 }, { "who": "d", "mark": 4 }] })).await;
        let first = place.last(&rule, 1).await;
        assert_eq!(told(&first)[..3], ["each entered", "each[0].grade entered", "each[0].good succeeded"], "{:#}", first.body);
        assert_eq!((first.text("/state").as_str(), first.text("/error/message").as_str()), ("skipped", "4 marks"));
        let journal = |run: &Value| -> Vec<Value> {
            let steps = run["steps"].as_array().unwrap().iter();
            let fields = ["path", "kind", "state", "attempts", "input", "error"];
            steps.map(|step| {
                let mut line: Vec<Value> = fields.iter().map(|field| step[*field].clone()).collect();
                // What the sink answers holds the time; everything else must be the same.
                line.push(if step["kind"] == "http.request" { step["output"]["status"].clone() } else { step["output"].clone() });
                json!(line)
            }).collect()
        };
        for count in 2..5 {
            let again = place.api.post(&format!("/runs/{}/rerun", first.text("/id")), json!({})).await.expect_status(202);
            let again = place.over(&again.text("/id")).await;
            assert_eq!((again.at("/event"), again.at("/rule_version")), (first.at("/event"), first.at("/rule_version")));
            assert_eq!((again.at("/state"), again.at("/error")), (first.at("/state"), first.at("/error")));
            assert_eq!(journal(&again.body), journal(&first.body));
            assert_eq!(place.runs(&rule).await.len(), count);
        }
        let keys: std::collections::BTreeSet<String> = place.sink.hits().into_iter().map(|hit| hit.key).collect();
        assert_eq!(keys.len(), place.sink.hits().len(), "each run's calls have keys of their own");
    }

    async fn what_is_wrong_in_a_condition_or_template_fails_the_run_and_says_where(db) {
        let place = Place::open(&db).await;
        let condition = place.rule(json!({
            "name": "Divide", "trigger": { "on": "hook.received", "match": { "hook": "in" } },
            "condition": "10 / body.n > 1", "steps": [{ "id": "end", "stop": "fine" }],
        })).await;
        let template = place.on_hook("Render", json!([
            { "id": "make", "action": "task.create", "with": { "project": "WEB", "title": "{{ 10 / body.n }}" } }])).await;
        let unknown = place.on_hook("Elsewhere", json!([
            { "id": "make", "action": "task.create", "with": { "project": "NIX", "title": "x" } }])).await;
        place.post(json!({ "n": 0 })).await;
        let run = place.last(&condition, 1).await;
        assert_eq!((run.text("/state").as_str(), run.text("/error/code").as_str()), ("failed", "condition"));
        let run = place.last(&template, 1).await;
        assert_eq!((run.text("/state").as_str(), run.text("/error/step").as_str()), ("failed", "make"));
        let run = place.last(&unknown, 1).await;
        assert_eq!((run.text("/state").as_str(), run.text("/error/code").as_str()), ("failed", "step_failed"));
        assert!(run.text("/error/message").contains("no such project"), "{:#}", run.body);
        tokio::time::sleep(Duration::from_millis(100)).await;
        place.quiet().await;
        assert!(place.titles().await.is_empty(), "nothing was half done");
        drop(place.server);
    }
}

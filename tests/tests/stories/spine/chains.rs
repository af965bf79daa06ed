//! Rules that set off rules: only with consent, and never without end (PRO-10).

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use trackside_tests::both_databases;

use super::Place;

/// A rule that answers a task with `from` in its labels by making one with `to`.
fn link(name: &str, from: &str, to: &str, cause: Value) -> Value {
    json!({
        "name": name, "trigger": { "on": "task.created" }, "condition": format!("task.labels.contains(\"{from}\")"),
        "policy": { "cause": cause },
        "steps": [{ "id": "make", "action": "task.create", "with": { "project": "WEB", "title": format!("{name} {to}"), "labels": [to] } }],
    })
}

both_databases! {
    async fn a_rule_does_not_start_rules_unless_they_allow_it(db) {
        let place = Place::open(&db).await;
        let first = place.rule(link("first", "a", "b", json!({}))).await;
        let deaf = place.rule(link("deaf", "b", "c", json!({}))).await;
        let open = place.rule(link("open", "b", "d", json!({ "accept_rules": true }))).await;
        place.api.post("/projects/WEB/tasks", json!({ "title": "start", "labels": ["a"] })).await.expect_status(201);
        let run = place.last(&open, 1).await;
        assert_eq!((run.text("/state").as_str(), run.at("/depth")), ("succeeded", &json!(2)));
        place.quiet().await;
        assert_eq!(place.runs(&first).await.len(), 1);
        assert!(place.runs(&deaf).await.is_empty());
        assert_eq!(place.titles().await, ["start", "first b", "open d"]);
    }

    async fn two_rules_that_set_each_other_off_end_as_blocked(db) {
        let place = Place::open(&db).await;
        let cause = json!({ "accept_rules": true, "max_depth": 4 });
        let ping = place.rule(link("ping", "a", "b", cause.clone())).await;
        let pong = place.rule(link("pong", "b", "a", cause)).await;
        place.api.post("/projects/WEB/tasks", json!({ "title": "start", "labels": ["a"] })).await.expect_status(201);
        let last = place.last(&ping, 3).await;
        place.quiet().await;
        assert_eq!((last.text("/state").as_str(), last.text("/error/code").as_str(), last.at("/depth")), ("blocked", "loop", &json!(5)));
        assert!(last.text("/error/message").contains("max_depth"), "it says what to do");
        let states = |runs: Vec<Value>| -> Vec<String> { runs.iter().map(|run| run["state"].as_str().unwrap().to_owned()).collect() };
        assert_eq!(states(place.runs(&ping).await), ["blocked", "succeeded", "succeeded"]);
        assert_eq!(states(place.runs(&pong).await), ["succeeded", "succeeded"]);
        assert_eq!(place.titles().await.len(), 1 + 4, "one task for each rule in the chain");
    }

    /// The chain goes through the outside world and comes back in by a hook.
    async fn a_rule_that_posts_to_its_own_hook_ends_as_blocked(db) {
        let place = Place::open(&db).await;
        let itself = format!("{}{}", place.server.url(), place.hook);
        let rule = place.rule(json!({
            "name": "echo", "trigger": { "on": "hook.received", "match": { "hook": "in" } }, "policy": { "cause": { "accept_rules": true, "max_depth": 3 } },
            // Whatever the rule says of it does not count.
            "steps": [{ "id": "again", "action": "http.request", "with": { "method": "POST", "url": itself, "headers": { "Trackside-Depth": "0" }, "body": {} } }],
        })).await;
        place.post(json!({})).await;
        let last = place.last(&rule, 4).await;
        place.quiet().await;
        assert_eq!((last.text("/state").as_str(), last.text("/error/code").as_str(), last.at("/depth")), ("blocked", "loop", &json!(4)));
        assert_eq!(place.runs(&rule).await.len(), 4);
        // Anybody may say that rules led to their post; they only keep rules from answering it.
        for (said, depth, state) in [("2", 3, "succeeded"), ("3", 4, "blocked"), ("99999999999999999999", 1001, "blocked"), ("-5", 1, "succeeded"), ("many", 1, "succeeded")] {
            let before = place.runs(&rule).await.len();
            place.api.outside().with_header("trackside-depth", said).post(&place.hook, json!({})).await.expect_status(202);
            place.quiet().await;
            let runs = place.runs(&rule).await;
            let first = &runs[runs.len() - 1 - before];
            assert_eq!((first["depth"].as_i64(), first["state"].as_str()), (Some(depth), Some(state)), "{said}");
        }
    }

    /// Whoever takes nothing from rules does not take it by way of a hook, either.
    async fn a_post_that_a_rule_led_to_starts_only_who_accepts_rules(db) {
        let place = Place::open(&db).await;
        let deaf = place.on_hook("deaf", json!([{ "id": "again", "action": "http.request",
            "with": { "method": "POST", "url": format!("{}{}", place.server.url(), place.hook), "body": {} } }])).await;
        let said = place.api.get(&format!("/rules/{deaf}/analysis")).await.expect_status(200);
        assert_eq!((said.at("/loops/can_loop"), said.at("/loops/sends_out")), (&json!(false), &json!(true)), "{:#}", said.body);
        assert!(said.text("/loops/detail").starts_with("Cannot loop inside Trackside"), "{:#}", said.body);
        place.post(json!({})).await;
        place.last(&deaf, 1).await;
        place.quiet().await;
        assert_eq!(place.runs(&deaf).await.len(), 1);
    }

    /// PRO-10: whatever the rules, no chain is longer than its limit.
    async fn no_chain_of_random_rules_is_longer_than_its_limit(db) {
        let place = Place::open(&db).await;
        let labels = ["a", "b", "c"];
        let mut runner = TestRunner::deterministic();
        let rules = proptest::collection::vec((0..3_usize, 0..3_usize, 1..5_u32, proptest::bool::weighted(0.8)), 6);
        let rules = rules.new_tree(&mut runner).unwrap().current();
        let mut limits = std::collections::HashMap::new();
        for (index, (from, to, depth, open)) in rules.iter().enumerate() {
            let cause = json!({ "accept_rules": open, "max_depth": depth });
            let id = place.rule(link(&format!("rule {index}"), labels[*from], labels[*to], cause)).await;
            limits.insert(id, (i64::from(*depth), *open));
        }
        for label in labels {
            place.api.post("/projects/WEB/tasks", json!({ "title": "start", "labels": [label] })).await.expect_status(201);
        }
        place.quiet().await;
        let (mut blocked, mut longest) = (0, 0);
        for (rule, (limit, open)) in &limits {
            for run in place.runs(rule).await {
                let depth = run["depth"].as_i64().unwrap();
                match run["state"].as_str().unwrap() {
                    "succeeded" => assert!(depth <= *limit && (depth == 1 || *open), "{run:#}"),
                    "blocked" => {
                        blocked += 1;
                        assert_eq!(depth, limit + 1, "{run:#}");
                    }
                    other => panic!("{other}: {run:#}"),
                }
                longest = longest.max(depth);
            }
        }
        assert!(blocked > 0 && longest > 2, "the rules did set each other off: {rules:?}");
        assert_eq!(place.db.count("events where depth > 4").await, 0, "no chain in the log is longer than the longest limit");
    }
}

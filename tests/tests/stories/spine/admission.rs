//! AUT-09: limits together. What counts is what begins: a run that never does takes nothing from the others.

use std::time::Duration;

use serde_json::{Value, json};
use trackside_tests::both_databases;

use super::Place;
use super::policies::{codes, ended, makes, states};

/// Keeps a run going for as long as anybody looks.
fn stays() -> Value {
    json!([{ "id": "stay", "wait": { "for": "1h" } }])
}

fn waits_for(run: &Value) -> &str {
    run["waiting"]["for"].as_str().unwrap_or_default()
}

fn id(run: &Value) -> &str {
    run["id"].as_str().unwrap()
}

impl Place {
    async fn cancel(&self, run: &Value) {
        self.api.post(&format!("/runs/{}/cancel", id(run)), json!({})).await.expect_status(200);
    }
}

both_databases! {
    async fn a_run_takes_the_place_of_others_only_when_it_begins_itself(db) {
        let place = Place::open(&db).await;
        let (mut rules, mut waits) = (Vec::new(), Vec::new());
        for (name, limit, word) in [
            ("dedupe", json!({ "key": "body.order" }), ""),
            ("throttle", json!({ "runs": 1, "per": "1h" }), "rate"),
            ("budget", json!({ "runs_per_day": 1 }), "budget"),
        ] {
            let policy = json!({ "concurrency": { "key": "body.key", "on_busy": "replace" }, name: limit });
            rules.push(place.limited(name, policy, stays()).await);
            waits.push(word);
        }
        place.post(json!({ "key": "k", "order": 1 })).await;
        for rule in &rules {
            place.runs_when(rule, 1, |runs| waits_for(&runs[0]) == "timer").await;
        }
        place.post(json!({ "key": "k", "order": 1 })).await;
        for (rule, word) in rules.iter().zip(waits) {
            let runs = place.runs_when(rule, 2, |runs| runs[1]["state"] != "queued" && runs[1]["state"] != "running").await;
            assert_eq!((waits_for(&runs[0]), waits_for(&runs[1])), ("timer", word), "{runs:#?}");
        }
        assert_eq!(codes(&place.runs_when(&rules[0], 2, |runs| ended(&runs[1..])).await)[1], "duplicate");
        // Another order is no duplicate, and nothing else keeps it.
        place.post(json!({ "key": "k", "order": 2 })).await;
        let runs = place.runs_when(&rules[0], 3, |runs| waits_for(&runs[2]) == "timer").await;
        assert_eq!((states(&runs)[0], codes(&runs)[0]), ("cancelled", "replaced"));
        // A day's budget is not used up by waiting for it.
        assert_eq!(db.count("run_turns where policy = 'day' and passed").await, 1);
    }

    async fn a_dedupe_key_belongs_to_the_run_that_began(db) {
        let place = Place::open(&db).await;
        // Busy.
        let policy = json!({ "concurrency": { "key": "\"one\"", "on_busy": "drop" }, "dedupe": { "key": "body.busy" } });
        let rule = place.limited("busy", policy, stays()).await;
        place.post(json!({ "busy": 1 })).await;
        let first = place.runs_when(&rule, 1, |runs| waits_for(&runs[0]) == "timer").await.remove(0);
        place.post(json!({ "busy": 2 })).await;
        let runs = place.runs_when(&rule, 2, |runs| ended(&runs[1..])).await;
        assert_eq!(codes(&runs)[1], "busy");
        assert!(runs[1]["error"]["message"].as_str().unwrap().contains(id(&first)), "{runs:#?}");
        place.cancel(&first).await;
        place.post(json!({ "busy": 1 })).await;
        place.post(json!({ "busy": 2 })).await;
        let runs = place.runs_when(&rule, 4, |runs| ended(&runs[2..3]) && waits_for(&runs[3]) == "timer").await;
        assert_eq!(codes(&runs)[2], "duplicate", "it had begun");
        // Debounced.
        let policy = json!({ "debounce": { "for": "3s" }, "dedupe": { "key": "body.calm" } });
        let rule = place.limited("calm", policy, json!([makes("n{{ body.calm }}")])).await;
        for (calm, count) in [(1, 1), (1, 2), (2, 3)] {
            place.post(json!({ "calm": calm })).await;
            place.runs_when(&rule, count, |runs| waits_for(&runs[count - 1]) == "quiet").await;
        }
        let runs = place.runs_when(&rule, 3, ended).await;
        assert_eq!(codes(&runs), ["debounced", "debounced", ""]);
        for (calm, count) in [(1, 4), (2, 5)] {
            place.post(json!({ "calm": calm })).await;
            place.runs_when(&rule, count, ended).await;
        }
        assert_eq!(codes(&place.runs_when(&rule, 5, ended).await)[3..], ["", "duplicate"]);
    }

    async fn a_run_waits_for_what_becomes_of_those_before_it_with_its_dedupe_key(db) {
        let place = Place::open(&db).await;
        let policy = json!({ "throttle": { "runs": 1, "per": "1h" }, "dedupe": { "key": "body.order" } });
        let rule = place.limited("off", policy, json!([makes("n{{ body.order }}")])).await;
        for (order, word, count) in [(1, "", 1), (2, "rate", 2), (2, "key", 3), (1, "", 4)] {
            place.post(json!({ "order": order })).await;
            place.runs_when(&rule, count, |runs| waits_for(&runs[count - 1]) == word && (!word.is_empty() || ended(&runs[count - 1..]))).await;
        }
        // The one before it never begins, so it is its turn; and then that of the next.
        let runs = place.runs_when(&rule, 4, |_| true).await;
        assert_eq!(codes(&runs)[3], "duplicate");
        place.cancel(&runs[1]).await;
        place.runs_when(&rule, 4, |runs| waits_for(&runs[2]) == "rate").await;
        place.api.post(&format!("/rules/{rule}/pause"), json!({})).await.expect_status(200);
        let runs = place.runs_when(&rule, 4, ended).await;
        assert_eq!(codes(&runs)[2], "rule_off");
        place.api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        place.post(json!({ "order": 2 })).await;
        place.runs_when(&rule, 5, |runs| waits_for(&runs[4]) == "rate").await;
        assert_eq!(place.titles().await, ["n1"]);
    }

    async fn a_key_that_is_nothing_is_no_key(db) {
        let place = Place::open(&db).await;
        let mut rules = Vec::new();
        for (name, limit) in [
            ("dedupe", json!({ "key": "body.order" })),
            ("concurrency", json!({ "key": "body.order", "on_busy": "drop" })),
            ("debounce", json!({ "key": "body.order", "for": "1h" })),
        ] {
            rules.push(place.limited(name, json!({ name: limit }), stays()).await);
        }
        for body in [json!({}), json!({}), json!({ "order": null })] {
            place.post(body).await;
        }
        for rule in &rules {
            place.runs_when(rule, 3, |runs| runs.iter().all(|run| waits_for(run) == "timer")).await;
        }
        // A run by hand is asked as well.
        let form = json!({ "key": { "type": "string" } });
        let rule = place.rule(json!({ "name": "by hand", "trigger": { "on": "manual", "form": form }, "steps": stays(),
            "policy": { "concurrency": { "key": "inputs.key", "on_busy": "drop" } } })).await;
        for _ in 0..2 {
            place.api.post(&format!("/rules/{rule}/run"), json!({ "inputs": {} })).await.expect_status(202);
        }
        place.runs_when(&rule, 2, |runs| runs.iter().all(|run| waits_for(run) == "timer")).await;
    }

    async fn only_what_begins_uses_up_the_day(db) {
        let place = Place::open(&db).await;
        let policy = json!({ "concurrency": { "key": "\"one\"", "on_busy": "drop" }, "budget": { "runs_per_day": 2 } });
        let rule = place.limited("day", policy, stays()).await;
        place.post(json!({})).await;
        place.runs_when(&rule, 1, |runs| waits_for(&runs[0]) == "timer").await;
        for _ in 0..3 {
            place.post(json!({})).await;
        }
        let runs = place.runs_when(&rule, 4, |runs| ended(&runs[1..])).await;
        assert_eq!(codes(&runs)[1..], ["busy"; 3]);
        place.cancel(&runs[0]).await;
        place.post(json!({})).await;
        let runs = place.runs_when(&rule, 5, |runs| waits_for(&runs[4]) == "timer").await;
        // The third of the day waits for the next, once its key is free.
        place.cancel(&runs[4]).await;
        place.post(json!({})).await;
        place.runs_when(&rule, 6, |runs| waits_for(&runs[5]) == "budget").await;
    }

    async fn what_was_held_up_does_not_begin_all_at_once(db) {
        let mut place = Place::open(&db).await;
        let policy = json!({ "throttle": { "runs": 2, "per": "1s" } });
        let rule = place.limited("slowly", policy, json!([makes("n{{ body.n }}")])).await;
        for n in 0..14 {
            place.post(json!({ "n": n })).await;
        }
        place.runs_when(&rule, 14, |runs| runs.iter().filter(|run| waits_for(run) == "rate").count() >= 8).await;
        place.server.kill9();
        // Longer than all of them would have taken.
        tokio::time::sleep(Duration::from_secs(8)).await;
        place.server.restart().await;
        place.api = place.api.at(&place.server);
        let runs = place.runs_when(&rule, 14, ended).await;
        assert_eq!(states(&runs), ["succeeded"; 14]);
        let mut began: Vec<chrono::DateTime<chrono::Utc>> = Vec::new();
        for run in &runs {
            let run = place.api.get(&format!("/runs/{}", id(run))).await.expect_status(200);
            began.push(run.text("/steps/0/started_at").parse().unwrap());
        }
        began.sort();
        for three in began.windows(3) {
            assert!(three[2] - three[0] > chrono::TimeDelta::milliseconds(600), "{began:#?}");
        }
    }

    /// Whoever is replaced does not wait until its own moment to say so.
    async fn a_debounced_run_says_so_at_once(db) {
        let place = Place::open(&db).await;
        let rule = place.limited("calm", json!({ "debounce": { "for": "1h" } }), json!([makes("never")])).await;
        for count in 1..=3 {
            place.post(json!({})).await;
            place.runs_when(&rule, count, |runs| waits_for(&runs[count - 1]) == "quiet").await;
        }
        let runs = place.runs_when(&rule, 3, |runs| ended(&runs[..2])).await;
        assert_eq!(codes(&runs), ["debounced", "debounced", ""]);
        assert!(runs[1]["error"]["message"].as_str().unwrap().contains(id(&runs[2])));
    }

    async fn a_key_is_remembered_longer_than_its_run(db) {
        let place = Place::open(&db).await;
        let rule = place.limited("once", json!({ "dedupe": { "key": "body.order" } }), json!([makes("n{{ body.order }}")])).await;
        place.post(json!({ "order": "o-1" })).await;
        let first = place.runs_when(&rule, 1, ended).await.remove(0);
        let source = trackside_engine::Source::default();
        let hand = trackside_engine::db::Db::open(&trackside_engine::db::Options::new(db.url())).await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
        let retained = trackside_engine::runs::retention::run(&hand, &source, chrono::TimeDelta::milliseconds(1));
        assert_eq!(trackside_engine::db::everywhere(retained).await.unwrap(), 1);
        hand.close().await;
        assert!(place.runs(&rule).await.is_empty());
        place.post(json!({ "order": "o-1" })).await;
        let again = place.runs_when(&rule, 1, ended).await.remove(0);
        assert_eq!(again["error"]["code"], "duplicate", "{again:#}");
        assert!(again["error"]["message"].as_str().unwrap().contains(id(&first)), "{again:#}");
        // It goes with the rule.
        place.api.delete(&format!("/rules/{rule}")).await.expect_status(204);
        assert_eq!(db.count("run_turns").await, 0);
    }

    async fn a_run_that_failed_gives_its_dedupe_key_back(db) {
        let place = Place::open(&db).await;
        let steps = json!([{ "id": "may", "script": "if body.ok { 1 } else { throw \"no\" }" }, makes("n{{ body.order }}")]);
        let rule = place.limited("once", json!({ "dedupe": { "key": "body.order" } }), steps).await;
        for (ok, state, count) in [(false, "failed", 1), (true, "succeeded", 2), (true, "skipped", 3)] {
            place.post(json!({ "order": 7, "ok": ok })).await;
            let runs = place.runs_when(&rule, count, ended).await;
            assert_eq!(runs[count - 1]["state"], state, "{runs:#?}");
        }
        assert_eq!(place.titles().await, ["n7"]);
    }
}

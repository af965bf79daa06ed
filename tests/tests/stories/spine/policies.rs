//! AUT-09 and PRO-07: how often, how much, and in which order a rule may run. Nothing is dropped without a word.

use std::time::Duration;

use serde_json::{Value, json};
use trackside_tests::both_databases;

use super::Place;

impl Place {
    /// A rule on the hook `in` with this policy.
    pub(super) async fn limited(&self, name: &str, policy: Value, steps: Value) -> String {
        self.rule(json!({ "name": name, "policy": policy, "steps": steps,
            "trigger": { "on": "hook.received", "match": { "hook": "in" } } }))
            .await
    }

    async fn told_owner(&self) -> Vec<String> {
        // People are told by jobs.
        while self.db.count("jobs where kind = 'tell_people'").await > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let page = self.api.get("/notifications?limit=200").await.expect_status(200);
        page.at("/items").as_array().unwrap().iter().map(|note| note["message"].as_str().unwrap().to_owned()).collect()
    }
}

pub(super) fn ended(runs: &[Value]) -> bool {
    runs.iter().all(|run| run["finished_at"].is_string())
}

pub(super) fn states(runs: &[Value]) -> Vec<&str> {
    runs.iter().map(|run| run["state"].as_str().unwrap()).collect()
}

pub(super) fn codes(runs: &[Value]) -> Vec<&str> {
    runs.iter().map(|run| run["error"]["code"].as_str().unwrap_or_default()).collect()
}

pub(super) fn makes(title: &str) -> Value {
    json!({ "id": "make", "action": "task.create", "with": { "project": "WEB", "title": title } })
}

both_databases! {
    async fn runs_of_one_key_never_overlap_and_keep_the_order_of_the_log(db) {
        let place = Place::open(&db).await;
        let policy = json!({ "concurrency": { "key": "body.key" } });
        let steps = json!([
            { "id": "begin", "action": "task.create", "with": { "project": "WEB", "title": "{{ body.key }}{{ body.n }} begins" } },
            { "id": "pause", "wait": { "for": "20ms" } },
            { "id": "end", "action": "task.create", "with": { "project": "WEB", "title": "{{ body.key }}{{ body.n }} ends" } },
        ]);
        let rule = place.limited("in turn", policy, steps).await;
        for n in 0..12 {
            for key in ["a", "b"] {
                place.post(json!({ "key": key, "n": n })).await;
            }
        }
        let runs = place.runs_when(&rule, 24, ended).await;
        assert!(states(&runs).iter().all(|state| *state == "succeeded"), "{runs:#?}");
        let titles = place.titles().await;
        for key in ["a", "b"] {
            let of_key: Vec<&String> = titles.iter().filter(|title| title.starts_with(key)).collect();
            let wanted: Vec<String> = (0..12).flat_map(|n| [format!("{key}{n} begins"), format!("{key}{n} ends")]).collect();
            assert_eq!(of_key, wanted.iter().collect::<Vec<_>>());
        }
    }

    async fn a_run_that_finds_its_key_taken_waits_is_dropped_or_takes_the_place(db) {
        let place = Place::open(&db).await;
        let steps = json!([{ "id": "pause", "wait": { "for": "1h" } }, makes("n{{ body.n }}")]);
        let [mut queue, mut drop, mut replace] = [const { String::new() }; 3];
        for (rule, on_busy) in [(&mut queue, "queue"), (&mut drop, "drop"), (&mut replace, "replace")] {
            let policy = json!({ "concurrency": { "key": "body.key", "on_busy": on_busy } });
            *rule = place.limited(on_busy, policy, steps.clone()).await;
        }
        place.post(json!({ "key": "k", "n": 1 })).await;
        for rule in [&queue, &drop, &replace] {
            place.runs_when(rule, 1, |runs| runs[0]["waiting"]["for"] == "timer").await;
        }
        place.post(json!({ "key": "k", "n": 2 })).await;
        let queued = place.runs_when(&queue, 2, |runs| runs[1]["waiting"]["for"] == "key").await;
        assert_eq!(queued[1]["waiting"]["key"], "k");
        let dropped = place.runs_when(&drop, 2, |runs| ended(&runs[1..])).await;
        assert_eq!((states(&dropped), codes(&dropped)[1]), (vec!["waiting", "skipped"], "busy"));
        assert!(dropped[1]["error"]["message"].as_str().unwrap().contains(dropped[0]["id"].as_str().unwrap()));
        let replaced = place.runs_when(&replace, 2, |runs| runs[1]["waiting"]["for"] == "timer").await;
        assert_eq!((states(&replaced), codes(&replaced)[0]), (vec!["cancelled", "waiting"], "replaced"));
        assert!(replaced[0]["error"]["message"].as_str().unwrap().contains(replaced[1]["id"].as_str().unwrap()));
        // Who is next goes on when the one before is taken out of the way, also by hand.
        let first = queued[0]["id"].as_str().unwrap();
        place.api.post(&format!("/runs/{first}/cancel"), json!({})).await.expect_status(200);
        place.runs_when(&queue, 2, |runs| runs[1]["waiting"]["for"] == "timer").await;
        // A run by hand and one that is repeated stand in line like all others.
        let again = place.api.post(&format!("/runs/{first}/rerun"), json!({})).await.expect_status(202).text("/id");
        place.run_when(&again, |run| run["waiting"]["for"] == "key").await;
        // Whoever switches the rule off drops what has not begun.
        place.api.post(&format!("/rules/{queue}/pause"), json!({})).await.expect_status(200);
        let over = place.over(&again).await;
        assert_eq!((over.text("/state"), over.text("/error/code")), ("cancelled".into(), "rule_off".into()));
    }

    async fn one_run_per_key_and_the_others_say_which(db) {
        let place = Place::open(&db).await;
        let rule = place.limited("once", json!({ "dedupe": { "key": "body.order" } }), json!([makes("{{ body.order }}")])).await;
        let brief = place.limited("brief", json!({ "dedupe": { "key": "body.order", "within": "1ms" } }), json!([makes("brief {{ body.order }}")])).await;
        for order in ["one", "two", "one", "one"] {
            place.post(json!({ "order": order })).await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let runs = place.runs_when(&rule, 4, ended).await;
        assert_eq!(states(&runs), ["succeeded", "succeeded", "skipped", "skipped"]);
        assert_eq!(codes(&runs)[2..], ["duplicate", "duplicate"]);
        assert!(runs[3]["error"]["message"].as_str().unwrap().contains(runs[0]["id"].as_str().unwrap()));
        // After a while the key counts no more.
        let runs = place.runs_when(&brief, 4, ended).await;
        assert_eq!(states(&runs), ["succeeded"; 4]);
        // Whoever repeats a run means it.
        let again = format!("/runs/{}/rerun", place.runs(&rule).await[0]["id"].as_str().unwrap());
        let again = place.api.post(&again, json!({})).await.expect_status(202).text("/id");
        assert_eq!(place.over(&again).await.text("/state"), "succeeded");
    }

    async fn a_burst_becomes_one_run_with_the_last_event(db) {
        let place = Place::open(&db).await;
        let policy = json!({ "debounce": { "key": "body.key", "for": "3s" } });
        let rule = place.limited("calm", policy, json!([makes("{{ body.key }}{{ body.n }}")])).await;
        for n in 0..5 {
            place.post(json!({ "key": "a", "n": n })).await;
        }
        place.post(json!({ "key": "b", "n": 0 })).await;
        let runs = place.runs_when(&rule, 6, ended).await;
        assert_eq!(states(&runs), ["skipped", "skipped", "skipped", "skipped", "succeeded", "succeeded"]);
        assert!(codes(&runs)[..4].iter().all(|code| *code == "debounced"), "{runs:#?}");
        let mut titles = place.titles().await;
        titles.sort();
        assert_eq!(titles, ["a4", "b0"]);
    }

    async fn no_more_runs_than_the_throttle_says_and_none_is_lost(db) {
        let place = Place::open(&db).await;
        let policy = json!({ "throttle": { "runs": 3, "per": "2s" } });
        let rule = place.limited("slowly", policy, json!([makes("n{{ body.n }}")])).await;
        for n in 0..8 {
            place.post(json!({ "n": n })).await;
        }
        let waiting = place.runs_when(&rule, 8, |runs| runs.iter().filter(|run| run["waiting"]["for"] == "rate").count() >= 4).await;
        assert!(waiting.iter().all(|run| run["state"] != "skipped"), "{waiting:#?}");
        let runs = place.runs_when(&rule, 8, ended).await;
        assert_eq!(states(&runs), ["succeeded"; 8]);
        let mut began: Vec<chrono::DateTime<chrono::Utc>> = Vec::new();
        for run in &runs {
            let run = place.api.get(&format!("/runs/{}", run["id"].as_str().unwrap())).await.expect_status(200);
            began.push(run.text("/steps/0/started_at").parse().unwrap());
        }
        began.sort();
        // Any four of them take longer than the window; a slow machine only makes them later.
        for four in began.windows(4) {
            assert!(four[3] - four[0] > chrono::TimeDelta::milliseconds(1_500), "{began:#?}");
        }
    }

    /// Jira stops rules at a cap without a word (JRACLOUD, automation usage): here the owner is warned at four fifths, what is over
    /// the cap waits for the next day, and nothing is dropped.
    async fn rules_are_not_stopped_by_a_cap_without_a_warning(db) {
        let place = Place::open(&db).await;
        let rule = place.limited("daily", json!({ "budget": { "runs_per_day": 5 } }), json!([makes("n{{ body.n }}")])).await;
        for n in 0..7 {
            place.post(json!({ "n": n })).await;
        }
        let done = |runs: &[Value]| runs.iter().filter(|run| run["state"] == "succeeded").count() == 5;
        let runs = place.runs_when(&rule, 7, |runs| done(runs) && runs.iter().filter(|run| run["waiting"]["for"] == "budget").count() == 2).await;
        let tomorrow = trackside_engine::Source::default().now().date_naive().succ_opt().unwrap().and_time(chrono::NaiveTime::MIN).and_utc();
        for run in runs.iter().filter(|run| run["state"] == "waiting") {
            let until: chrono::DateTime<chrono::Utc> = run["waiting"]["until"].as_str().unwrap().parse().unwrap();
            // Or the day after, when midnight has just passed.
            assert!(until >= tomorrow - chrono::TimeDelta::days(1), "{run:#}");
        }
        let told = place.told_owner().await;
        assert_eq!(told.len(), 2, "{told:#?}");
        assert!(told.iter().any(|note| note.contains("4 of its 5 runs of today")), "{told:#?}");
        assert!(told.iter().any(|note| note.contains("used up its 5 runs of today")), "{told:#?}");
    }

    async fn a_run_that_costs_more_than_its_budget_is_stopped_and_its_owner_told(db) {
        let place = Place::open(&db).await;
        let calls = json!([place.call("one", json!({})), place.call("two", json!({})), place.call("three", json!({})), makes("never")]);
        let rule = place.limited("calls", json!({ "budget": { "http": 2 } }), calls).await;
        place.post(json!({})).await;
        let run = place.last(&rule, 1).await;
        assert_eq!((run.text("/state"), run.text("/error/code"), run.text("/error/step")), ("blocked".into(), "budget".into(), "three".into()));
        assert!(run.text("/error/message").contains("2 calls"), "{:#}", run.body);
        assert_eq!(place.titles().await.len(), 0);
        assert!(place.told_owner().await.iter().any(|note| note.contains("was stopped")));
        let tell = |id: &str| json!({ "id": id, "action": "notify.send", "with": { "to": ["owner"], "message": "hello" } });
        let rule = place.limited("tells", json!({ "budget": { "notifications": 1 } }), json!([tell("one"), tell("two")])).await;
        place.post(json!({})).await;
        assert_eq!(place.last(&rule, 1).await.text("/state"), "blocked");
        // Time that is worked counts, time that is waited does not.
        let rule = place.limited("works", json!({ "budget": { "ms": 20_000 } }), json!([{ "id": "pause", "wait": { "for": "50ms" } }, makes("in time")])).await;
        place.post(json!({})).await;
        assert_eq!(place.last(&rule, 1).await.text("/state"), "succeeded");
        let slow = json!([place.call("one", json!({})), place.call("two", json!({})), makes("late")]);
        let rule = place.limited("works too long", json!({ "budget": { "ms": 0 } }), slow).await;
        place.post(json!({})).await;
        let run = place.last(&rule, 1).await;
        assert_eq!((run.text("/state"), run.text("/error/code")), ("blocked".into(), "budget".into()));
    }

    async fn what_no_rule_can_mean_is_refused_at_save(db) {
        let place = Place::open(&db).await;
        let check = async |policy: Value| {
            let rule = json!({ "name": "x", "policy": policy, "trigger": { "on": "task.created" }, "steps": [makes("x")] });
            let answer = place.api.post("/rules/check", rule).await.expect_status(200);
            let problems = answer.at("/problems").as_array().unwrap();
            problems.iter().map(|problem| problem["pointer"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        for (policy, pointer) in [
            (json!({ "throttle": { "runs": 0, "per": "1m" } }), "/policy/throttle/runs"),
            (json!({ "throttle": { "runs": 1, "per": "0s" } }), "/policy/throttle/per"),
            (json!({ "debounce": { "for": "0s" } }), "/policy/debounce/for"),
            (json!({ "dedupe": { "key": "task.id", "within": "0s" } }), "/policy/dedupe/within"),
            (json!({ "budget": { "runs_per_day": 0 } }), "/policy/budget/runs_per_day"),
            (json!({ "priority": 1000 }), "/policy/priority"),
            (json!({ "concurrency": { "key": "task.ide" } }), "/policy/concurrency/key"),
            (json!({ "dedupe": { "key": "task.id ==" } }), "/policy/dedupe/key"),
        ] {
            assert_eq!(check(policy.clone()).await, [pointer], "{policy}");
        }
        assert!(check(json!({ "priority": 10, "concurrency": { "key": "task.id" } })).await.is_empty());
        // A key that cannot be made when an event comes ends its run, and says so.
        let rule = place.limited("no key", json!({ "concurrency": { "key": "body.n / 0" } }), json!([makes("x")])).await;
        place.post(json!({ "n": 1 })).await;
        let run = place.last(&rule, 1).await;
        assert_eq!((run.text("/state"), run.text("/error/code")), ("failed".into(), "policy".into()));
    }
}

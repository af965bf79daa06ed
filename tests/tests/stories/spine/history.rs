//! AUT-11 and AUT-12: runs are found among many, stopped and repeated by a filter, and old ones go.

use std::time::Duration;

use serde_json::{Value, json};
use trackside_tests::both_databases;
use trackside_tests::harness::Server;

use super::Place;

impl Place {
    async fn found(&self, query: &str) -> Vec<String> {
        let page = self.api.get(&format!("/runs?limit=200&{query}")).await.expect_status(200);
        page.at("/items").as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap().to_owned()).collect()
    }
}

/// Fails for a number below 3, and waits for an hour from 10 on.
fn steps() -> Value {
    json!([
        { "id": "odd", "if": "body.n < 3", "then": [{ "id": "no", "stop": { "outcome": "failed", "reason": "number {{ body.n }} is too small" } }] },
        { "id": "long", "if": "body.n >= 10", "then": [{ "id": "pause", "wait": { "for": "1h" } }] },
        { "id": "make", "action": "task.create", "with": { "project": "WEB", "title": "n{{ body.n }}" } },
    ])
}

both_databases! {
    async fn runs_are_found_by_state_error_words_time_and_event(db) {
        let place = Place::open(&db).await;
        let rule = place.on_hook("numbers", steps()).await;
        let mut events = Vec::new();
        for n in [0, 1, 2, 3, 4, 10, 11] {
            events.push(place.post(json!({ "n": n })).await);
        }
        for _ in 0..3_000 {
            if place.found("state=queued,running").await.is_empty() && place.found("").await.len() == 7 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let all = place.found(&format!("rule_id={rule}")).await;
        assert_eq!(all.len(), 7);
        assert_eq!(place.found("state=failed").await, all[4..]);
        assert_eq!(place.found("state=waiting").await, all[..2]);
        assert_eq!(place.found("state=waiting,failed&sort=created_at").await.len(), 5);
        assert_eq!(place.found("state=succeeded").await, all[2..4]);
        assert_eq!(place.found("error=stopped").await, all[4..]);
        assert!(place.found("error=loop").await.is_empty());
        assert_eq!(place.found("q=NUMBER%201%20is").await, all[5..6]);
        assert_eq!(place.found(&format!("event_id={}", events[3])).await, all[3..4]);
        assert_eq!(place.found(&format!("event_id={}&state=failed", events[3])).await.len(), 0);
        assert!(place.found("until=2020-01-01T00:00:00Z").await.is_empty());
        assert_eq!(place.found("since=2020-01-01T00:00:00Z").await.len(), 7);
        // By pages, with their number, while others come.
        let first = place.api.get("/runs?limit=3&total=true").await.expect_status(200);
        assert_eq!(first.at("/total"), &json!(7));
        place.post(json!({ "n": 5 })).await;
        let second = place.api.get(&format!("/runs?limit=3&cursor={}", first.text("/next_cursor"))).await.expect_status(200);
        assert_eq!(second.text("/items/0/id"), all[3]);
        for (query, code) in [("state=gone", "invalid_parameter"), ("error=%25", "invalid_parameter"), ("sort=state", "invalid_parameter"), ("since=soon", "invalid_parameter")] {
            place.api.get(&format!("/runs?{query}")).await.expect_problem(422, code);
        }
        place.api.post(&format!("/runs/{}/rerun", all[4]), json!({})).await.expect_status(202);
        assert_eq!(place.found(&format!("event_id={}", events[2])).await.len(), 2, "what repeats it is of that event, too");
    }

    async fn words_that_few_errors_say_are_looked_for_page_by_page(db) {
        let place = Place::open(&db).await;
        place.on_hook("numbers", steps()).await;
        place.post(json!({ "n": 1 })).await;
        while place.found("state=failed").await.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let old = place.found("state=failed").await;
        let (id, many) = match db.is_postgres() {
            true => ("cast('ffff' || substr(cast(gen_random_uuid() as text), 5) as uuid)", "generate_series(1, 5001) s"),
            false => ("unhex('ffff' || hex(randomblob(14)))", "(with recursive n (i) as (select 1 union all select i + 1 from n where i < 5001) select i from n) s"),
        };
        let sql = format!(
            "insert into runs (id, workspace_id, rule_id, rule_version, mode, state, depth, error, created_at, finished_at) \
             select {id}, workspace_id, rule_id, rule_version, mode, state, depth, '{{\"code\":\"stopped\",\"message\":\"another\"}}', created_at, finished_at \
             from runs, {many}"
        );
        let hand = trackside_engine::db::Db::open(&trackside_engine::db::Options::new(db.url())).await.unwrap();
        hand.write(async move |tx| tx.execute(&sql, ()).await.map(drop)).await.unwrap();
        hand.close().await;
        let first = place.api.get("/runs?q=number%201%20is").await.expect_status(200);
        assert_eq!(first.at("/items"), &json!([]), "none of the newest 5,000 says so");
        let second = place.api.get(&format!("/runs?q=number%201%20is&cursor={}", first.text("/next_cursor"))).await.expect_status(200);
        assert_eq!((second.text("/items/0/id"), second.at("/next_cursor")), (old[0].clone(), &Value::Null));
        assert_eq!(place.found("q=another").await.len(), 200);
    }

    async fn failed_runs_are_repeated_by_a_filter_on_the_newest_version(db) {
        let place = Place::open(&db).await;
        let rule = place.on_hook("numbers", steps()).await;
        for n in 0..5 {
            place.post(json!({ "n": n })).await;
        }
        place.quiet().await;
        // The mistake is mended, and what failed is repeated.
        let mended = json!([{ "id": "make", "action": "task.create", "with": { "project": "WEB", "title": "mended {{ body.n }}" } }]);
        let mended = json!({ "name": "numbers", "trigger": { "on": "hook.received", "match": { "hook": "in" } }, "steps": mended });
        place.api.put(&format!("/rules/{rule}"), mended).await.expect_status(200);
        let mut again = json!({ "filter": { "rule_id": rule, "state": "failed" }, "version": "newest", "dry_run": true });
        let counted = place.api.post("/runs/rerun", again.clone()).await.expect_status(200);
        assert_eq!((counted.at("/matched"), counted.at("/runs")), (&json!(3), &json!([])));
        again["dry_run"] = json!(false);
        let repeated = place.api.post("/runs/rerun", again).await.expect_status(200);
        assert_eq!((repeated.at("/runs").as_array().unwrap().len(), repeated.at("/failed")), (3, &json!([])));
        assert_eq!(repeated.at("/runs/0/rule_version"), &json!(2));
        place.quiet().await;
        let mut titles = place.titles().await;
        titles.sort();
        assert_eq!(titles, ["mended 0", "mended 1", "mended 2", "n3", "n4"]);
    }

    async fn runs_are_stopped_by_a_filter_and_what_cannot_be_says_why(db) {
        let place = Place::open(&db).await;
        let rule = place.on_hook("numbers", steps()).await;
        for n in [0, 10, 11] {
            place.post(json!({ "n": n })).await;
        }
        place.runs_when(&rule, 3, |runs| runs.iter().all(|run| run["state"] == "failed" || run["state"] == "waiting")).await;
        let stopped = place.api.post("/runs/cancel", json!({ "filter": { "rule_id": rule } })).await.expect_status(200);
        assert_eq!((stopped.at("/matched"), stopped.at("/runs").as_array().unwrap().len()), (&json!(3), 2));
        assert!(stopped.text("/failed/0/problem/type").ends_with("/run_over"), "{:#}", stopped.body);
        assert!(stopped.at("/runs").as_array().unwrap().iter().all(|run| run["state"] == "cancelled"));
        // Whoever leaves everything out has forgotten something.
        place.api.post("/runs/cancel", json!({ "filter": {} })).await.expect_problem(422, "invalid_fields");
        place.api.post("/runs/cancel", json!({ "filter": { "state": "gone" } })).await.expect_problem(422, "invalid_fields");
        place.api.post("/runs/rerun", json!({ "filter": { "status": "failed" } })).await.expect_problem(422, "invalid_fields");
    }

    /// n8n #37926: run data that fills the disk.
    async fn run_data_does_not_fill_the_disk(db) {
        let place = Place::open(&db).await;
        place.on_hook("numbers", steps()).await;
        for n in [0, 3, 10] {
            place.post(json!({ "n": n })).await;
        }
        while place.found("state=waiting").await.is_empty() || place.found("").await.len() < 3 || !place.found("state=queued,running").await.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // Younger than what is kept: nothing goes. Its age is that of its id.
        let source = trackside_engine::Source::default();
        let hand = trackside_engine::db::Db::open(&trackside_engine::db::Options::new(db.url())).await.unwrap();
        let retain = async |keep: i64| {
            trackside_engine::db::everywhere(trackside_engine::runs::retention::run(&hand, &source, chrono::TimeDelta::milliseconds(keep))).await.unwrap()
        };
        assert_eq!(retain(60_000).await, 0);
        tokio::time::sleep(Duration::from_millis(5)).await;
        // Of what is old, what is not over stays.
        assert_eq!(retain(1).await, 2);
        assert_eq!(place.found("").await, place.found("state=waiting").await);
        assert_eq!(db.count("run_steps where run_id not in (select id from runs)").await, 0);
        hand.close().await;
        // What is too short to mean it is refused at the start.
        let ended = Server::on(&db).env("TRACKSIDE_KEEP_RUNS", "1s").try_start().await.err().expect("it does not start");
        assert!(ended.log.contains("TRACKSIDE_KEEP_RUNS") && ended.log.contains("at least 1m"), "{}", ended.log);
    }

    /// n8n #37926 once more: while runs go on, the table does not grow beyond what is kept, and no run is disturbed.
    async fn run_data_stays_bounded_while_runs_go_on(db) {
        let place = Place::open(&db).await;
        place.on_hook("numbers", steps()).await;
        let source = trackside_engine::Source::default();
        let hand = trackside_engine::db::Db::open(&trackside_engine::db::Options::new(db.url())).await.unwrap();
        let mut most = 0;
        for _ in 0..6 {
            for n in 3..10 {
                let (a, b, c) = (place.post(json!({ "n": n })), place.post(json!({ "n": n })), place.post(json!({ "n": n })));
                tokio::join!(a, b, c);
            }
            // What runs now is younger than that, or not over.
            let gone = trackside_engine::runs::retention::run(&hand, &source, chrono::TimeDelta::milliseconds(50));
            trackside_engine::db::everywhere(gone).await.unwrap();
            most = most.max(db.count("runs").await);
        }
        place.quiet().await;
        assert!(most < 126, "{most} of 126 runs stood at once");
        assert_eq!(place.titles().await.len(), 126, "each was carried out");
        assert_eq!(db.count("run_steps where run_id not in (select id from runs)").await, 0);
        hand.close().await;
    }

    async fn runs_are_exported_in_pieces_as_lines_and_as_a_table(db) {
        let place = Place::open(&db).await;
        let rule = place.on_hook("=numbers", json!([
            { "id": "odd", "if": "body.n == 1", "then": [{ "id": "no", "stop": { "outcome": "failed", "reason": "=cmd(), \"quoted\"" } }] },
            { "id": "end", "stop": "done" },
        ])).await;
        // More than one piece.
        for n in 0..205 {
            place.post(json!({ "n": n })).await;
        }
        place.quiet().await;
        let text = async |query: &str| match place.api.get(&format!("/runs/export?{query}")).await.expect_status(200).body {
            Value::String(text) => text,
            // A single line is JSON by itself.
            other => format!("{other}\n"),
        };
        let lines = |text: &str| text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>();
        let all = lines(&text(&format!("rule_id={rule}")).await);
        let ids: std::collections::BTreeSet<&str> = all.iter().map(|run| run["id"].as_str().unwrap()).collect();
        assert_eq!((all.len(), ids.len()), (205, 205));
        assert!(all.is_sorted_by(|one, two| one["id"].as_str() > two["id"].as_str()), "the newest first");
        assert_eq!(all[0], place.api.get(&format!("/runs?rule_id={rule}&limit=1")).await.body["items"][0], "as the list shows them");
        let failed = lines(&text("state=failed&steps=true").await);
        assert_eq!((failed.len(), failed[0]["steps"].as_array().unwrap().len()), (1, 2), "{failed:#?}");
        assert_eq!(failed[0], place.api.get(&format!("/runs/{}", failed[0]["id"].as_str().unwrap())).await.body);
        assert_eq!(lines(&text(&format!("after={}", all[199]["id"].as_str().unwrap())).await).len(), 5);
        let table = text("format=csv&state=failed,succeeded").await;
        assert_eq!(table.lines().count(), 206);
        assert!(table.starts_with("id,rule,rule_name,") && table.contains(",stopped,") && !table.contains(",=cmd") && !table.contains(",=numbers"), "no cell is a formula");
        for wrong in ["format=csv&steps=true", "state=gone", "format=xml"] {
            place.api.get(&format!("/runs/export?{wrong}")).await.expect_refusal();
        }
    }

    async fn what_a_step_was_given_is_kept_up_to_a_size(db) {
        let place = Place::open(&db).await;
        let mut call = place.call("large", json!({}));
        call["with"]["body"] = json!("{{ body.list }}");
        let rule = place.on_hook("large", json!([call])).await;
        let list: Vec<String> = (0..10).map(|_| "x".repeat(10_000)).collect();
        place.post(json!({ "list": list })).await;
        let run = place.last(&rule, 1).await;
        assert_eq!((run.text("/state"), run.at("/steps/0/input/truncated")), ("succeeded".into(), &json!(true)));
        assert!(run.at("/steps/0/input/bytes").as_i64().unwrap() > 100_000);
        assert!(run.text("/steps/0/input/beginning").len() < 20_000);
    }
}

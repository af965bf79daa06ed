//! Rules by the clock, over the real program. What needs a clock that is set by hand is told in the engine's tests.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, Database, Server, run_story};

/// Saves a rule with this schedule, and puts it to work; its id.
async fn scheduled(api: &Api, trigger: Value) -> String {
    let mut rule = json!({ "name": "By the clock", "trigger": trigger, "steps": [
        { "id": "tell", "action": "notify.send", "with": { "to": ["owner"], "message": "{{ schedule.local }}" } }
    ] });
    rule["trigger"]["on"] = json!("schedule");
    let id = api.post("/rules", rule).await.expect_status(201).text("/id");
    api.post(&format!("/rules/{id}/enable"), json!({})).await.expect_status(200);
    id
}

/// The nominal times of all `schedule.occurred`, oldest first.
async fn announced(api: &Api) -> Vec<String> {
    let (mut after, mut times) = (0, Vec::new());
    loop {
        let page = api.get(&format!("/events?after={after}&limit=200")).await.expect_status(200);
        let Some(items) = page.at("/items").as_array().filter(|items| !items.is_empty()) else { return times };
        after = items.last().unwrap()["position"].as_i64().unwrap();
        let due = items.iter().filter(|event| event["kind"] == "schedule.occurred");
        times.extend(due.map(|event| event["data"]["schedule"]["nominal_at"].as_str().unwrap().to_owned()));
    }
}

/// Waits until so many runs of the rule are over.
async fn runs(api: &Api, rule: &str, count: usize) -> Vec<Value> {
    let start = Instant::now();
    loop {
        let runs = api.get(&format!("/runs?rule_id={rule}&limit=200")).await.expect_status(200);
        let items = runs.at("/items").as_array().unwrap().clone();
        if items.iter().filter(|run| run["state"] == "succeeded").count() >= count {
            return items;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "{items:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Every second from the first to the last is there, once.
fn each_second_once(times: &[String]) {
    let once: BTreeSet<&String> = times.iter().collect();
    assert_eq!(once.len(), times.len(), "{times:?}");
    let moment = |text: &String| chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp();
    let span = moment(once.last().unwrap()) - moment(once.first().unwrap());
    assert_eq!(span, i64::try_from(times.len()).unwrap() - 1, "{times:?}");
}

both_databases! {
    async fn a_schedule_is_shown_before_it_is_kept(db) {
        let server = Server::start(&db).await;
        let api = Api::set_up(&server).await;
        let times = async |body: Value| api.post("/schedules/preview", body).await.expect_status(200).at("/times").clone();
        let weekdays = json!({ "cron": "0 9 * * 1-5", "tz": "Europe/Berlin", "from": "2026-03-27T10:00:00+01:00", "count": 2 });
        assert_eq!(times(weekdays).await, json!(["2026-03-30T09:00:00+02:00", "2026-03-31T09:00:00+02:00"]));
        let gap = json!({ "cron": "30 2 * * *", "tz": "America/New_York", "from": "2026-03-08T00:00:00", "count": 2 });
        assert_eq!(times(gap).await, json!(["2026-03-08T03:00:00-04:00", "2026-03-09T02:30:00-04:00"]));
        let fold = json!({ "cron": "45 1 * * *", "tz": "Australia/Lord_Howe", "from": "2026-04-04T12:00:00Z", "count": 2, "fold": "both", "gap": "skip" });
        assert_eq!(times(fold).await, json!(["2026-04-05T01:45:00+11:00", "2026-04-05T01:45:00+10:30"]));
        let every = json!({ "every": "15m", "from": "2026-03-01T09:01:00Z", "count": 2 });
        assert_eq!(times(every).await, json!(["2026-03-01T09:15:00Z", "2026-03-01T09:30:00Z"]));
        let rule = json!({ "rrule": "FREQ=WEEKLY;BYDAY=MO", "tz": "Europe/Berlin", "from": "2026-03-23T09:00:00+01:00", "count": 2 });
        assert_eq!(times(rule).await, json!(["2026-03-23T09:00:00+01:00", "2026-03-30T09:00:00+02:00"]));
        assert_eq!(times(json!({ "once": "2026-03-02T09:00:00Z", "from": "2026-03-01T00:00:00Z" })).await, json!(["2026-03-02T09:00:00Z"]));
        assert_eq!(times(json!({ "cron": "* * * * * *" })).await.as_array().unwrap().len(), 10);
        for (body, pointer, said) in [
            (json!({}), "/cron", "write `cron`"), (json!({ "cron": "0 0 31 2 *" }), "/cron", "never"), (json!({ "cron": "0 25 * * *" }), "/cron", "`25` is no hour"),
            (json!({ "cron": "@daily", "every": "1d" }), "/every", "already"), (json!({ "every": "often" }), "/every", "number and a unit"), (json!({ "rrule": "FREQ=OFTEN" }), "/rrule", "OFTEN"),
            (json!({ "cron": "@daily", "tz": "Mars/Olympus" }), "/tz", "Mars/Olympus"), (json!({ "cron": "@daily", "from": "soon" }), "/from", "2026"), (json!({ "cron": "@daily", "count": 0 }), "/count", "1000"),
            (json!({ "cron": "@daily", "gap": "jump" }), "/gap", "jump"), (json!({ "cronn": "@daily" }), "/cronn", "unknown"),
        ] {
            let refused = api.post("/schedules/preview", body.clone()).await.expect_problem(422, "invalid_fields");
            assert_eq!(refused.text("/errors/0/pointer"), pointer, "{body}");
            assert!(refused.text("/detail").contains(said), "{body}: {:#}", refused.body);
        }
        api.without_token().post("/schedules/preview", json!({ "cron": "@daily" })).await.expect_problem(401, "token_missing");
    }

    async fn a_rule_shows_its_next_ten_times_and_one_that_never_comes_is_refused(db) {
        let server = Server::start(&db).await;
        let api = Api::set_up(&server).await;
        let rule = scheduled(&api, json!({ "cron": "0 9 * * 1", "tz": "Europe/Berlin" })).await;
        let shown = api.get(&format!("/rules/{rule}")).await.expect_status(200);
        assert_eq!(shown.at("/schedule/next").as_array().unwrap().len(), 10);
        assert!(shown.text("/schedule/next/0").contains("T09:00:00+0"));
        let rules = api.get("/rules").await.expect_status(200);
        assert_eq!(rules.text("/items/0/state"), "enabled");
        let step = json!([{ "id": "end", "stop": "x" }]);
        for (trigger, pointer, said) in [
            (json!({ "on": "schedule", "cron": "0 0 31 2 *" }), "/trigger/cron", "never"), (json!({ "on": "schedule" }), "/trigger/cron", "write `cron`"),
            (json!({ "on": "schedule", "rrule": "FREQ=DAILY" }), "/trigger/start", "needs a `start`"), (json!({ "on": "task.created", "cron": "@daily" }), "/trigger/cron", "belongs to the trigger `schedule`"),
            (json!({ "on": "schedule", "cron": "@daily", "match": { "a": 1 } }), "/trigger/match", "nothing to match"), (json!({ "on": "schedule", "cron": "@daily", "tz": "Nowhere" }), "/trigger/tz", "Nowhere"),
        ] {
            let refused = api.post("/rules", json!({ "name": "X", "trigger": trigger, "steps": step })).await.expect_status(422);
            assert!(refused.body.to_string().contains(pointer) && refused.body.to_string().contains(said), "{:#}", refused.body);
        }
        let unknown = json!({ "name": "X", "trigger": { "on": "schedule", "cron": "@daily", "exclude": "NONE" }, "steps": step });
        let unknown = api.post("/rules", unknown).await.expect_status(201).text("/id");
        let refused = api.post(&format!("/rules/{unknown}/enable"), json!({})).await.expect_status(422);
        assert_eq!(refused.text("/errors/0/pointer"), "/trigger/exclude");
        let wrong = json!({ "name": "X", "trigger": { "on": "schedule", "cron": "@daily" }, "condition": "schedule.nominal == 1", "steps": step });
        let verdict = api.post("/rules/check", json!({ "rule": wrong })).await.expect_status(200);
        assert_eq!((verdict.at("/ok"), verdict.text("/problems/0/suggestion")), (&json!(false), "nominal_at".into()));
    }

    /// PRO-09; windmill #10168: schedules that die silently because each tick plans the next.
    async fn a_schedule_goes_on_through_kills_with_one_run_for_each_time(db) {
        let mut server = Server::start(&db).await;
        let mut api = Api::set_up(&server).await;
        // Several nodes where there can be.
        let mut beside = Vec::new();
        if db.is_postgres() {
            for _ in 0..2 {
                beside.push(Server::on(&db).worker().start().await);
            }
        }
        let rule = scheduled(&api, json!({ "every": "1s", "catch_up": "all" })).await;
        runs(&api, &rule, 3).await;
        for round in 1..=2 {
            server.kill9();
            if let Some(node) = beside.first_mut() {
                node.restart().await;
            }
            server.restart().await;
            api = api.at(&server);
            runs(&api, &rule, 3 + 4 * round).await;
        }
        api.post(&format!("/rules/{rule}/pause"), json!({})).await.expect_status(200);
        each_second_once(&announced(&api).await);
        let runs = api.get(&format!("/runs?rule_id={rule}&limit=200")).await.expect_status(200);
        let events: Vec<&str> = runs.at("/items").as_array().unwrap().iter().map(|run| run["event"].as_str().unwrap()).collect();
        assert_eq!(events.iter().collect::<BTreeSet<_>>().len(), events.len());
    }

    /// PRO-09: the note of a time, its event and the next time commit together.
    async fn a_schedule_goes_on_after_dying_before_or_behind_its_commit(db) {
        let mut shop: Option<(Api, String)> = None;
        for point in ["schedule.before_commit", "schedule.announced"] {
            let started = Server::on(&db).env("TRACKSIDE_CRASH_AT", format!("{point}:2")).try_start().await;
            // It has died already where the times it missed were due before it was ready.
            let Ok(mut server) = started else { continue };
            if shop.is_none() {
                let api = Api::set_up(&server).await;
                let rule = scheduled(&api, json!({ "every": "1s", "catch_up": "all" })).await;
                shop = Some((api, rule));
            }
            server.wait_for_end(Duration::from_secs(20)).await;
        }
        let server = Server::start(&db).await;
        let (api, rule) = shop.unwrap();
        let api = api.at(&server);
        runs(&api, &rule, 6).await;
        api.post(&format!("/rules/{rule}/pause"), json!({})).await.expect_status(200);
        each_second_once(&announced(&api).await);
    }

    async fn a_schedule_goes_through_the_tasks_of_its_projects(db) {
        let server = Server::start(&db).await;
        let api = Api::set_up(&server).await;
        for key in ["WEB", "APP", "OPS"] {
            api.post("/projects", json!({ "key": key, "name": key })).await.expect_status(201);
            api.post(&format!("/projects/{key}/tasks"), json!({ "title": format!("In {key}") })).await.expect_status(201);
        }
        let soon = (trackside_engine::Source::default().now() + chrono::TimeDelta::seconds(2)).format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let rule = json!({ "name": "Each", "scope": { "projects": ["WEB", "APP"] }, "trigger": { "on": "schedule", "once": soon },
            "steps": [{ "id": "each", "for_each": "tasks where status == 'todo'", "do": [{ "id": "say", "action": "task.comment", "with": { "task": "{{ item.id }}", "body": "At {{ schedule.nominal_at }}" } }] }] });
        let id = api.post("/rules", rule).await.expect_status(201).text("/id");
        api.post(&format!("/rules/{id}/enable"), json!({})).await.expect_status(200);
        runs(&api, &id, 1).await;
        for (key, count) in [("WEB-1", 1), ("APP-1", 1), ("OPS-1", 0)] {
            let comments = api.get(&format!("/tasks/{key}/comments")).await.expect_status(200);
            assert_eq!(comments.at("/items").as_array().unwrap().len(), count, "{key}");
        }
        assert_eq!(api.get(&format!("/rules/{id}")).await.expect_status(200).at("/schedule/next"), &json!([]));
    }
}

/// A change on one node is seen by the others at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_is_carried_out_by_a_node_that_did_not_save_it() {
    run_story(Database::postgres().await, async |db| {
        let server = Server::on(&db).arg("--no-workers").start().await;
        let _worker = Server::on(&db).worker().start().await;
        let api = Api::set_up(&server).await;
        let soon = (trackside_engine::Source::default().now() + chrono::TimeDelta::seconds(3))
            .format("%Y-%m-%dT%H:%M:%SZ")
            .to_string();
        let rule = scheduled(&api, json!({ "once": soon })).await;
        assert_eq!(runs(&api, &rule, 1).await.len(), 1);
    })
    .await;
}

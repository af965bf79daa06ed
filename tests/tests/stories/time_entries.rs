//! Time over the interface: timers, entries, and what is no time.

use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, People, Server};

/// A project `WEB` with so many tasks.
async fn project(server: &Server, tasks: usize) -> Api {
    let api = Api::set_up(server).await;
    api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
    for at in 1..=tasks {
        api.post("/projects/WEB/tasks", json!({ "title": format!("Task {at}") })).await.expect_status(201);
    }
    api
}

/// The kinds of everything of the log that begins with `prefix`, when there is so much of it.
pub(crate) async fn announced(api: &Api, prefix: &str, count: usize) -> Vec<Value> {
    let start = std::time::Instant::now();
    loop {
        let log = api.get("/events?limit=200&after=0").await.expect_status(200);
        let mut events = log.at("/items").as_array().unwrap().clone();
        events.retain(|event| event["kind"].as_str().unwrap().starts_with(prefix));
        if events.len() >= count {
            return events;
        }
        assert!(start.elapsed() < std::time::Duration::from_secs(30), "{events:#?}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

both_databases! {
    async fn time_is_logged_changed_and_summed_up(db) {
        let server = Server::start(&db).await;
        let api = project(&server, 1).await;
        let me = api.get("/me").await.text("/user/id");
        let new = json!({ "started_at": "2026-11-25T09:00:00Z", "minutes": 90, "note": "Found it", "billable": true });
        let first = api.post("/tasks/WEB-1/time-entries", new).await.expect_status(201);
        assert_eq!((first.text("/user"), first.text("/task_key"), first.text("/day")), (me.clone(), "WEB-1".into(), "2026-11-25".into()));
        assert_eq!((first.text("/ended_at"), first.at("/overlaps"), &first.headers["etag"]), ("2026-11-25T10:30:00Z".into(), &json!([]), &"\"1\"".parse().unwrap()));
        let id = first.text("/id");
        // At the same time, which is said and not refused.
        let second = json!({ "started_at": "2026-11-25T10:00:00Z", "ended_at": "2026-11-25T10:20:29Z", "billable": false });
        let second = api.post("/tasks/WEB-1/time-entries", second).await.expect_status(201);
        assert_eq!((second.at("/minutes"), second.at("/overlaps")), (&json!(20), &json!([id])));
        let time = api.get("/tasks/WEB-1/time").await.expect_status(200);
        assert_eq!((time.at("/actual_minutes"), time.at("/billable_minutes"), time.at("/running")), (&json!(110), &json!(90), &json!([])));
        assert_eq!(time.at("/people"), &json!([{ "user": me, "minutes": 110, "billable_minutes": 90 }]));
        assert_eq!((time.at("/estimate_minutes"), time.at("/remaining_minutes")), (&Value::Null, &Value::Null));
        api.patch("/tasks/WEB-1", json!({ "estimate": 100 })).await.expect_status(200);
        let time = api.get("/tasks/WEB-1/time").await.expect_status(200);
        assert_eq!((time.at("/estimate_minutes"), time.at("/remaining_minutes")), (&json!(100), &json!(-10)));

        let path = format!("/time-entries/{id}");
        let changed = api.patch(&path, json!({ "started_at": "2026-11-24T23:30:00Z" })).await.expect_status(200);
        assert_eq!((changed.text("/ended_at"), changed.text("/day"), changed.at("/minutes"), changed.at("/overlaps")), ("2026-11-25T01:00:00Z".into(), "2026-11-24".into(), &json!(90), &json!([])));
        let stale = api.with_header("if-match", "\"1\"").patch(&path, json!({ "minutes": 5 })).await.expect_problem(412, "stale");
        assert!(stale.text("/detail").contains("version 2"), "{:#}", stale.body);
        api.with_header("if-match", "\"2\"").patch(&path, json!({ "minutes": 5, "note": null })).await.expect_status(200);
        let unchanged = api.patch(&path, json!({ "minutes": 5 })).await.expect_status(200);
        assert_eq!((unchanged.at("/version"), unchanged.text("/note")), (&json!(3), String::new()));
        assert_eq!(api.get(&path).await.expect_status(200).text("/ended_at"), "2026-11-24T23:35:00Z");

        let listed = api.get("/tasks/WEB-1/time-entries?limit=1").await.expect_status(200);
        let cursor = listed.text("/next_cursor");
        let rest = api.get(&format!("/tasks/WEB-1/time-entries?limit=1&cursor={cursor}")).await.expect_status(200);
        assert_eq!((listed.text("/items/0/id"), rest.text("/items/0/id"), rest.at("/next_cursor")), (id.clone(), second.text("/id"), &Value::Null));
        api.with_header("if-match", "\"1\"").delete(&path).await.expect_problem(412, "stale");
        api.delete(&path).await.expect_status(204);
        api.get(&path).await.expect_problem(404, "time_entry_not_found");

        let events = announced(&api, "time.", 5).await;
        let kinds: Vec<_> = events.iter().map(|event| event["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["time.logged", "time.logged", "time.updated", "time.updated", "time.deleted"]);
        assert_eq!((&events[0]["subject"], &events[0]["data"]["project"]["key"], &events[2]["data"]["change"]["day"]["from"]), (&json!(id), &json!("WEB"), &json!("2026-11-25")));
    }

    async fn one_timer_runs_and_another_stops_it(db) {
        let server = Server::start(&db).await;
        let api = project(&server, 2).await;
        assert_eq!(api.get("/timer").await.expect_status(200).body, json!({ "timer": null }));
        api.post("/tasks/WEB-1/timer/stop", json!({})).await.expect_problem(409, "timer_not_running");
        let first = api.post("/tasks/WEB-1/timer/start", json!({ "note": "Looking", "billable": false })).await.expect_status(201);
        assert_eq!((first.text("/task_key"), first.at("/stopped")), ("WEB-1".into(), &Value::Null));
        assert_eq!(api.get("/tasks/WEB-1/time").await.at("/running/0/user"), first.at("/user"));
        let second = api.send(reqwest::Method::POST, "/tasks/WEB-2/timer/start", None).await.expect_status(201);
        assert_eq!((second.text("/stopped/task_key"), second.at("/stopped/minutes"), second.text("/stopped/note"), second.at("/stopped/billable")), ("WEB-1".into(), &json!(1), "Looking".into(), &json!(false)));
        assert_eq!(api.get("/timer").await.text("/timer/task_key"), "WEB-2");
        let wrong = api.post("/tasks/WEB-1/timer/stop", json!({})).await.expect_problem(409, "timer_not_running");
        assert!(wrong.text("/detail").contains("WEB-2"), "{:#}", wrong.body);
        assert_eq!(api.get("/timer").await.text("/timer/task_key"), "WEB-2", "it runs on");
        for (how, pointer) in [(json!({ "ended_at": "2099-01-01T00:00:00Z" }), "/ended_at"), (json!({ "ended_at": "2020-01-01T00:00:00Z" }), "/ended_at"), (json!({ "note": "x".repeat(2001) }), "/note")] {
            let refused = api.post("/tasks/WEB-2/timer/stop", how).await.expect_problem(422, "invalid_fields");
            assert_eq!(refused.text("/errors/0/pointer"), pointer);
        }
        let entry = api.post("/tasks/WEB-2/timer/stop", json!({ "note": "Done" })).await.expect_status(200);
        assert_eq!((entry.at("/minutes"), entry.text("/note"), entry.at("/billable")), (&json!(1), "Done".into(), &json!(true)));
        assert_eq!(api.get("/timer").await.body, json!({ "timer": null }));
        let kinds: Vec<_> = announced(&api, "time.", 6).await.iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect();
        assert_eq!(kinds, ["time.timer_started", "time.logged", "time.timer_stopped", "time.timer_started", "time.logged", "time.timer_stopped"]);
    }

    async fn what_is_no_time_is_refused(db) {
        let server = Server::start(&db).await;
        let api = project(&server, 1).await;
        let start = "2026-11-25T09:00:00Z";
        let entry = api.post("/tasks/WEB-1/time-entries", json!({ "started_at": start, "minutes": 60 })).await.expect_status(201).text("/id");
        for (body, pointer) in [
            (json!({}), "/minutes"), (json!({ "started_at": start }), "/minutes"), (json!({ "ended_at": start }), "/started_at"),
            (json!({ "started_at": start, "minutes": 0 }), "/minutes"), (json!({ "started_at": start, "minutes": -5 }), "/minutes"), (json!({ "minutes": -5 }), "/minutes"),
            (json!({ "started_at": start, "minutes": 1441 }), "/minutes"), (json!({ "minutes": i64::MAX }), "/minutes"), (json!({ "minutes": i64::MIN }), "/minutes"),
            (json!({ "started_at": start, "minutes": 1.5 }), "/minutes"), (json!({ "started_at": start, "minutes": u64::MAX }), "/minutes"), (json!({ "started_at": start, "minutes": "60" }), "/minutes"),
            (json!({ "started_at": start, "ended_at": start }), "/ended_at"), (json!({ "started_at": start, "ended_at": "2026-11-25T08:59:59Z" }), "/ended_at"),
            (json!({ "started_at": start, "ended_at": "2026-11-26T09:00:01Z" }), "/ended_at"), (json!({ "started_at": start, "ended_at": "2026-11-25T10:00:00Z", "minutes": 60 }), "/ended_at"),
            (json!({ "started_at": "yesterday", "minutes": 5 }), "/started_at"), (json!({ "started_at": "2026-11-25", "minutes": 5 }), "/started_at"),
            (json!({ "started_at": "9998-12-31T23:59:00Z", "minutes": 60 }), "/minutes"), (json!({ "started_at": "9999-12-31T23:59:00Z", "minutes": 60 }), "/started_at"),
            (json!({ "started_at": "+12026-01-01T00:00:00Z", "minutes": 60 }), "/started_at"),
            (json!({ "minutes": 5, "note": "x".repeat(2001) }), "/note"), (json!({ "minutes": 5, "note": "a\u{0}" }), "/note"), (json!({ "minutes": 5, "note": null }), "/note"),
            (json!({ "minutes": 5, "user": "user_01h455vb4pex5vsknk084sn02q" }), "/user"), (json!({ "minutes": 5, "user": "bob" }), "/user"), (json!({ "minutes": 5, "hours": 1 }), "/hours"),
        ] {
            let refused = api.post("/tasks/WEB-1/time-entries", body.clone()).await.expect_problem(422, "invalid_fields");
            assert_eq!(refused.text("/errors/0/pointer"), pointer, "{body}: {:#}", refused.body);
        }
        for (body, pointer) in [
            (json!({ "minutes": 0 }), "/minutes"), (json!({ "minutes": null }), "/minutes"), (json!({ "ended_at": start }), "/ended_at"), (json!({ "ended_at": null }), "/ended_at"),
            (json!({ "started_at": "9999-12-31T23:59:00Z" }), "/started_at"), (json!({ "started_at": null }), "/started_at"), (json!({ "billable": null }), "/billable"),
            (json!({ "minutes": 5, "ended_at": "2026-11-25T09:05:00Z" }), "/ended_at"), (json!({ "task": "WEB-1" }), "/task"),
        ] {
            let refused = api.patch(&format!("/time-entries/{entry}"), body.clone()).await.expect_problem(422, "invalid_fields");
            assert_eq!(refused.text("/errors/0/pointer"), pointer, "{body}: {:#}", refused.body);
        }
        for path in ["/tasks/WEB-9/time", "/tasks/WEB-9/time-entries", "/time-entries/time_nonsense", "/time-entries/%00", "/time-entries/time_01h455vb4pex5vsknk084sn02q"] {
            api.get(path).await.expect_refusal().expect_status(404);
        }
        api.get("/tasks/%00/time").await.expect_refusal();
        api.post("/tasks/WEB-9/time-entries", json!({ "minutes": 5 })).await.expect_problem(404, "task_not_found");
        api.post("/tasks/WEB-9/timer/start", json!({})).await.expect_problem(404, "task_not_found");
        api.post("/tasks/WEB-9/timer/stop", json!({})).await.expect_problem(404, "task_not_found");
        assert_eq!(api.get("/tasks/WEB-1/time").await.at("/actual_minutes"), &json!(60), "nothing was changed");
    }

    async fn everybody_logs_their_own_time_and_managers_that_of_others(db) {
        let server = Server::start(&db).await;
        let api = project(&server, 1).await;
        let workspace = api.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let viewer = people.member(&server, &workspace, "Vic", Role::Viewer).await;
        let (wim, zoe) = (people.member(&server, &workspace, "Wim", Role::TeamMember).await, people.member(&server, &workspace, "Zoe", Role::TeamMember).await);
        people.leave().await;
        let new = json!({ "started_at": "2026-11-25T09:00:00Z", "minutes": 60 });
        viewer.post("/tasks/WEB-1/time-entries", new.clone()).await.expect_problem(403, "denied");
        viewer.post("/tasks/WEB-1/timer/start", json!({})).await.expect_problem(403, "denied");
        let wims = wim.post("/tasks/WEB-1/time-entries", new.clone()).await.expect_status(201).text("/id");
        let zoes = zoe.get("/me").await.text("/user/id");
        let others = json!({ "started_at": "2026-11-25T09:00:00Z", "minutes": 30, "user": zoes });
        wim.post("/tasks/WEB-1/time-entries", others.clone()).await.expect_problem(403, "denied");
        let logged = api.post("/tasks/WEB-1/time-entries", others).await.expect_status(201);
        assert_eq!((logged.text("/user"), logged.at("/overlaps")), (zoes.clone(), &json!([])), "what Wim does is no overlap of hers");
        let path = format!("/time-entries/{wims}");
        zoe.get(&path).await.expect_status(200);
        zoe.patch(&path, json!({ "minutes": 5 })).await.expect_problem(403, "denied");
        zoe.delete(&path).await.expect_problem(403, "denied");
        zoe.patch(&format!("/time-entries/{}", logged.text("/id")), json!({ "minutes": 45 })).await.expect_status(200);
        api.patch(&path, json!({ "minutes": 61 })).await.expect_status(200);
        assert_eq!(api.get("/tasks/WEB-1/time").await.at("/actual_minutes"), &json!(106));
        // Each has a timer of their own.
        wim.post("/tasks/WEB-1/timer/start", json!({})).await.expect_status(201);
        assert_eq!(zoe.post("/tasks/WEB-1/timer/start", json!({})).await.expect_status(201).at("/stopped"), &Value::Null);
        assert_eq!(api.get("/tasks/WEB-1/time").await.at("/running").as_array().unwrap().len(), 2);
        // A key makes a repeated post one.
        let keyed = wim.with_header("idempotency-key", "k-1");
        let first = keyed.post("/tasks/WEB-1/time-entries", new.clone()).await.expect_status(201);
        assert_eq!(keyed.post("/tasks/WEB-1/time-entries", new).await.expect_status(201).body, first.body);
        // Time stays when its task goes.
        api.delete("/tasks/WEB-1").await.expect_status(204);
        let left = api.get(&path).await.expect_status(200);
        assert_eq!((left.at("/task"), left.text("/task_key")), (&Value::Null, "WEB-1".into()));
        assert_eq!(wim.get("/timer").await.body, json!({ "timer": null }));
        api.delete("/projects/WEB").await.expect_status(204);
        api.get(&path).await.expect_problem(404, "time_entry_not_found");
    }

    async fn rules_log_time_and_run_timers(db) {
        let server = Server::start(&db).await;
        let api = project(&server, 2).await;
        let rule = json!({ "name": "Begin and end", "trigger": { "on": "task.status_changed" }, "steps": [
            { "id": "branch", "if": "change.to == \"in_progress\"", "then": [{ "id": "start", "action": "timer.start", "with": { "task": "{{ task.id }}", "note": "By rule" } }],
              "else": [{ "id": "stop", "action": "timer.stop", "with": { "task": "{{ task.id }}" } },
                       { "id": "log", "action": "time.log", "with": { "task": "WEB-2", "minutes": 15, "note": "Tidying up" } }] }] });
        let rule = api.post("/rules", rule).await.expect_status(201).text("/id");
        api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        api.patch("/tasks/WEB-1", json!({ "status": "in_progress" })).await.expect_status(200);
        announced(&api, "time.timer_started", 1).await;
        assert_eq!(api.get("/timer").await.text("/timer/note"), "By rule");
        api.patch("/tasks/WEB-1", json!({ "status": "completed" })).await.expect_status(200);
        let logged = announced(&api, "time.logged", 2).await;
        assert_eq!((&logged[1]["data"]["time_entry"]["minutes"], &logged[1]["data"]["time_entry"]["task_key"]), (&json!(15), &json!("WEB-2")));
        assert_eq!(api.get("/timer").await.body, json!({ "timer": null }));
    }
}

//! How soon things are to be done, who hears of it when they are not, and who is on call.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, Database, People, Server};

const PATIENCE: Duration = Duration::from_secs(30);

/// A server with an owner and a project `WEB`.
async fn place(db: &Database) -> (Server, Api) {
    let server = Server::on(db).arg("--lease").arg("2s").start().await;
    let api = Api::set_up(&server).await;
    api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
    (server, api)
}

async fn id(api: &Api) -> String {
    api.get("/me").await.expect_status(200).text("/user/id")
}

/// The only timer of a task, once it stands so.
async fn timer(api: &Api, task: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let start = Instant::now();
    loop {
        let page = api.get(&format!("/tasks/{task}/slas")).await.expect_status(200);
        if let Some(timer) = page.at("/items").as_array().unwrap().last().filter(|timer| wanted(timer)) {
            return timer.clone();
        }
        assert!(start.elapsed() < PATIENCE, "{:#}", page.body);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn rota(api: &Api, people: &[&str], more: Value) -> String {
    let mut rota = json!({ "name": "Support", "people": people, "rotation": { "start": "2026-01-05T09:00:00", "tz": "Europe/Berlin", "every": "1w" } });
    rota.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    api.post("/rotas", rota).await.expect_status(201).text("/id")
}

both_databases! {
    /// AUT-16: what is too late starts rules, which give it to whoever is on call; people are told as the policy says.
    async fn what_is_too_late_is_escalated_once(db) {
        let (mut server, api) = place(&db).await;
        let people = People::of(&db).await;
        let workspace = api.get("/me").await.text("/workspace/id");
        let mia = people.member(&server, &workspace, "Mia", Role::TeamMember).await;
        rota(&api, &[&id(&mia).await], json!({})).await;
        let sla = json!({ "name": "Fixed soon", "project": "WEB", "clock": "wall", "targets": { "default": "2s" }, "warn": { "before": "1s" },
            "notify": { "warned": ["reporter"], "breached": ["oncall:support", "project.owner"] } });
        let sla = api.post("/slas", sla).await.expect_status(201).text("/id");
        let rule = json!({ "name": "Escalate", "trigger": { "on": "sla.breached", "match": { "sla.name": "Fixed soon" } },
            "steps": [{ "id": "take", "action": "task.assign", "with": { "task": "{{ task.id }}", "to": ["oncall:Support"] } },
                { "id": "tell", "action": "notify.send", "with": { "to": ["oncall:Support"], "message": "{{ sla.name }}: {{ task.key }} {{ timer.cycle }}" } }] });
        let rule = api.post("/rules", rule).await.expect_status(201).text("/id");
        api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        api.post("/projects/WEB/tasks", json!({ "title": "Slow" })).await.expect_status(201);
        let late = timer(&api, "WEB-1", |timer| timer["met"] == json!(false)).await;
        assert_eq!((&late["state"], &late["target"], &late["cycle"]), (&json!("running"), &json!(2), &json!(1)));
        assert!(late["due_at"].is_string() && late["breached_at"].is_string(), "{late:#}");
        let start = Instant::now();
        loop {
            let told = mia.get("/notifications").await.expect_status(200);
            let said: Vec<&str> = told.at("/items").as_array().unwrap().iter().filter_map(|item| item["message"].as_str()).collect();
            if said.contains(&"Fixed soon: WEB-1 1") && said.iter().any(|said| said.starts_with("WEB-1: Slow was to be done by")) { break; }
            assert!(start.elapsed() < PATIENCE, "{:#}", told.body);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let task = api.get("/tasks/WEB-1").await.expect_status(200);
        assert_eq!(task.at("/assignees"), &json!([id(&mia).await]));
        server.restart().await;
        let (api, mia) = (api.at(&server), mia.at(&server));
        api.patch("/tasks/WEB-1", json!({ "status": "completed" })).await.expect_status(200);
        timer(&mia, "WEB-1", |timer| timer["state"] == "ended").await;
        assert_eq!(db.count("events where kind = 'sla.breached'").await, 1);
        // On a busy machine its time may have passed before anybody could warn.
        assert!(db.count("events where kind = 'sla.warned'").await <= 1);
        assert_eq!(db.count("events where kind = 'sla.met'").await, 0);
        let report = api.get(&format!("/slas/{sla}/report")).await.expect_status(200);
        assert_eq!((report.at("/breached"), report.at("/met_percent"), report.at("/priorities/0/priority")), (&json!(1), &json!(0), &json!("medium")));
        people.leave().await;
    }

    /// A policy that is edited while events are unread makes nothing late that was done in time, and begins no cycle anew.
    async fn an_edit_while_events_are_unread_makes_nothing_late(db) {
        let server = Server::on(&db).arg("--no-workers").start().await;
        let api = Api::set_up(&server).await;
        api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
        let policy = |name: &str| json!({ "name": name, "project": "WEB", "clock": "wall", "targets": { "default": "15s" } });
        let sla = api.post("/slas", policy("Fixed soon")).await.expect_status(201).text("/id");
        let mut worker = Server::on(&db).worker().arg("--lease").arg("2s").start().await;
        api.post("/projects/WEB/tasks", json!({ "title": "Quick" })).await.expect_status(201);
        let due = timer(&api, "WEB-1", |timer| timer["state"] == "running").await["due_at"].as_str().unwrap().to_owned();
        worker.kill9();
        api.patch("/tasks/WEB-1", json!({ "status": "completed" })).await.expect_status(200);
        let due: chrono::DateTime<chrono::Utc> = due.parse().unwrap();
        while trackside_engine::Source::default().now() <= due {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        api.put(&format!("/slas/{sla}"), policy("Fixed very soon")).await.expect_status(200);
        let worker = Server::on(&db).worker().arg("--lease").arg("2s").start().await;
        let met = timer(&api, "WEB-1", |timer| timer["state"] == "ended").await;
        assert_eq!((&met["met"], &met["cycle"]), (&json!(true), &json!(1)), "{met:#}");
        api.post("/projects/WEB/tasks", json!({ "title": "Behind it in the log" })).await.expect_status(201);
        timer(&api, "WEB-2", |timer| timer["state"] == "running").await;
        assert_eq!(db.count("events where kind = 'sla.met'").await, 1);
        assert_eq!(db.count("events where kind = 'sla.breached'").await, 0);
        drop(worker);
    }

    /// The first answer of somebody else stops a timer; a pause is seen; what is done in time is met.
    async fn timers_are_paused_stopped_and_met(db) {
        let (server, api) = place(&db).await;
        let people = People::of(&db).await;
        let workspace = api.get("/me").await.text("/workspace/id");
        let mia = people.member(&server, &workspace, "Mia", Role::TeamMember).await;
        let answered = json!({ "name": "Answered", "stop": "first_response", "targets": { "default": "8h" } });
        api.post("/slas", answered).await.expect_status(201);
        let fixed = json!({ "name": "Fixed", "pause": { "all": [{ "field": "task.status", "op": "in", "value": ["blocked", "in_review"] }] },
            "stop": { "when": "task.labels.contains(\"released\")" }, "targets": { "default": "8h" } });
        api.post("/slas", fixed).await.expect_status(201);
        api.post("/projects/WEB/tasks", json!({ "title": "One" })).await.expect_status(201);
        timer(&api, "WEB-1", |timer| timer["sla"]["name"] == "Fixed").await;
        api.post("/tasks/WEB-1/comments", json!({ "body": "My own" })).await.expect_status(201);
        api.patch("/tasks/WEB-1", json!({ "status": "blocked" })).await.expect_status(200);
        timer(&api, "WEB-1", |timer| timer["state"] == "paused" && timer["paused_at"].is_string()).await;
        let page = api.get("/tasks/WEB-1/slas").await.expect_status(200);
        assert_eq!((page.text("/items/0/sla/name"), page.text("/items/0/state")), ("Answered".into(), "running".into()), "one's own comment is no answer");
        mia.post("/tasks/WEB-1/comments", json!({ "body": "I look at it" })).await.expect_status(201);
        api.patch("/tasks/WEB-1", json!({ "labels": ["released"] })).await.expect_status(200);
        timer(&api, "WEB-1", |timer| timer["met"] == json!(true) && timer["state"] == "ended").await;
        let page = api.get("/tasks/WEB-1/slas").await.expect_status(200);
        assert_eq!(page.at("/items/0/met"), &json!(true));
        assert_eq!(db.count("events where kind = 'sla.met'").await, 2);
        people.leave().await;
    }

    /// Whoever may not see a task sees neither its timers nor what is said of them; whoever runs a project says how soon there.
    async fn timers_are_seen_by_whom_the_task_is(db) {
        let (server, api) = place(&db).await;
        let people = People::of(&db).await;
        let workspace = api.get("/me").await.text("/workspace/id");
        let mia = people.member(&server, &workspace, "Mia", Role::TeamMember).await;
        let mia_id = id(&mia).await;
        let sla = json!({ "name": "Soon", "project": "WEB", "clock": "wall", "targets": { "default": "1s" }, "notify": { "breached": [format!("user:{mia_id}")] } });
        let made = api.post("/slas", sla.clone()).await.expect_status(201).text("/id");
        mia.post("/slas", sla.clone()).await.expect_problem(403, "denied");
        mia.get(&format!("/slas/{made}")).await.expect_status(200);
        let deny = json!({ "user": mia_id, "permission": "task.*", "effect": "deny", "on": "WEB" });
        api.post("/assignments", deny).await.expect_status(201);
        api.post("/projects/WEB/tasks", json!({ "title": "Hidden" })).await.expect_status(201);
        timer(&api, "WEB-1", |timer| timer["met"] == json!(false)).await;
        mia.get("/tasks/WEB-1/slas").await.expect_problem(404, "task_not_found");
        mia.get(&format!("/slas/{made}/report")).await.expect_problem(403, "denied");
        let events = mia.get("/events?after=0&limit=200").await.expect_status(200);
        assert!(!events.body.to_string().contains("sla.breached"), "{:#}", events.body);
        db.quiet(PATIENCE).await;
        assert_eq!(mia.get("/notifications").await.at("/items"), &json!([]));
        let runs = json!({ "user": mia_id, "role": "project_manager", "on": "WEB" });
        api.post("/assignments", runs).await.expect_status(201);
        mia.post("/slas", sla).await.expect_status(201);
        mia.post("/slas", json!({ "name": "All", "targets": { "default": "1h" } })).await.expect_problem(403, "denied");
        people.leave().await;
    }

    /// Nobody is on call, nobody works on it: whoever owns the project is told rather than nobody.
    async fn what_is_too_late_is_told_to_somebody(db) {
        let (server, api) = place(&db).await;
        let people = People::of(&db).await;
        let workspace = api.get("/me").await.text("/workspace/id");
        let (own, mia) = (people.member(&server, &workspace, "Own", Role::ProjectManager).await, people.member(&server, &workspace, "Mia", Role::TeamMember).await);
        people.leave().await;
        api.patch("/projects/WEB", json!({ "owner": id(&own).await })).await.expect_status(200);
        let later = json!({ "rotation": { "start": "2099-01-05T09:00:00", "every": "1w" } });
        rota(&api, &[&id(&mia).await], later).await;
        for (name, told) in [("On call", json!(["oncall:Support", format!("user:{}", id(&mia).await)])), ("Assigned", json!(["assignees"]))] {
            let sla = json!({ "name": name, "clock": "wall", "targets": { "default": "1s" }, "notify": { "breached": told } });
            api.post("/slas", sla).await.expect_status(201);
        }
        api.post("/projects/WEB/tasks", json!({ "title": "Late" })).await.expect_status(201);
        let start = Instant::now();
        let told = async |api: &Api| api.get("/notifications").await.expect_status(200).at("/items").as_array().unwrap().len();
        while told(&own).await < 2 || told(&mia).await < 1 {
            assert!(start.elapsed() < PATIENCE, "{} {}", told(&own).await, told(&mia).await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        db.quiet(PATIENCE).await;
        assert_eq!((told(&own).await, told(&mia).await), (2, 1));
    }

    /// What a rule does to a task may end a timer: then the rule stands behind that, too, and chains of rules come to an end.
    async fn a_timer_that_a_rule_ended_says_so(db) {
        let (_server, api) = place(&db).await;
        api.post("/slas", json!({ "name": "Soon", "clock": "wall", "targets": { "default": "1h" } })).await.expect_status(201);
        for (name, on, step) in [
            ("Closes", "task.created", json!({ "id": "close", "action": "task.update", "with": { "task": "{{ task.id }}", "status": "completed" } })),
            ("Hears", "sla.met", json!({ "id": "say", "action": "task.comment", "with": { "task": "{{ task.id }}", "body": "in time" } })),
        ] {
            let rule = api.post("/rules", json!({ "name": name, "trigger": { "on": on }, "steps": [step] })).await.expect_status(201).text("/id");
            api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        }
        api.post("/projects/WEB/tasks", json!({ "title": "Quick" })).await.expect_status(201);
        let start = Instant::now();
        let events = loop {
            let events = api.get("/events?after=0&limit=200").await.expect_status(200).at("/items").as_array().unwrap().clone();
            if events.iter().any(|event| event["kind"] == "task.commented") {
                break events;
            }
            assert!(start.elapsed() < PATIENCE, "{events:#?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        let of = |kind: &str| events.iter().find(|event| event["kind"] == kind).unwrap().clone();
        assert_eq!(of("sla.met")["cause"], of("task.status_changed")["cause"], "{:#}", of("sla.met"));
        assert_eq!((&of("sla.met")["cause"]["depth"], &of("task.commented")["cause"]["depth"]), (&json!(1), &json!(2)));
    }

    async fn what_is_no_policy_says_why(db) {
        let (_server, api) = place(&db).await;
        let refused = async |more: Value| {
            let mut sla = json!({ "name": "Soon", "targets": { "default": "4h" } });
            sla.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let answer = api.post("/slas", sla).await.expect_status(422);
            (answer.text("/errors/0/pointer"), answer.text("/errors/0/message"))
        };
        let (at, says) = refused(json!({ "filter": "task.priorty == \"high\"" })).await;
        assert!(at == "/filter" && says.contains("priority"), "{at} {says}");
        let (at, says) = refused(json!({ "pause": { "any": [{ "field": "task.status", "op": "eq", "value": "blocked" }, { "field": "task.titel", "op": "eq", "value": "x" }] } })).await;
        assert!(at == "/pause/any/1" && says.contains("title"), "{at} {says}");
        assert_eq!(refused(json!({ "targets": { "high": "0h", "default": "4h" } })).await.0, "/targets/high");
        assert_eq!(refused(json!({ "targets": {} })).await.0, "/targets");
        assert_eq!(refused(json!({ "targets": { "default": "90s" } })).await.0, "/targets/default");
        assert_eq!(refused(json!({ "targets": { "default": "4000d" } })).await.0, "/targets/default");
        assert_eq!(refused(json!({ "warn": { "before": "4h" } })).await.0, "/warn/before");
        assert_eq!(refused(json!({ "warn": { "before": "90s" } })).await.0, "/warn/before", "working time is counted in minutes");
        assert_eq!(refused(json!({ "warn": { "percent": 100 } })).await.0, "/warn/percent");
        assert_eq!(refused(json!({ "project": "NONE" })).await.0, "/project");
        let (at, says) = refused(json!({ "notify": { "breached": ["assignees", "oncall:Nobody"] } })).await;
        assert!(at == "/notify/breached/1" && says.contains("oncall:"), "{at} {says}");
        assert_eq!(refused(json!({ "start": "change.status == 1" })).await.0, "/start");
        let sla = api.post("/slas", json!({ "name": "Soon", "targets": { "default": "4h" } })).await.expect_status(201);
        let path = format!("/slas/{}", sla.text("/id"));
        let other = json!({ "name": "Sooner", "targets": { "default": "2h" } });
        api.with_header("If-Match", "\"7\"").put(&path, other.clone()).await.expect_problem(412, "stale");
        assert_eq!(api.put(&path, other).await.expect_status(200).at("/version"), &json!(2));
        api.delete(&path).await.expect_status(204);
        api.get(&path).await.expect_problem(404, "sla_not_found");
    }

    /// Whoever is away or has left is passed over, and it is said of whom; an override puts somebody else there.
    async fn who_is_on_call_is_there(db) {
        let (server, api) = place(&db).await;
        let people = People::of(&db).await;
        let workspace = api.get("/me").await.text("/workspace/id");
        let (ann, bob) = (people.member(&server, &workspace, "Ann", Role::TeamMember).await, people.member(&server, &workspace, "Bob", Role::TeamMember).await);
        let (ann_id, bob_id) = (id(&ann).await, id(&bob).await);
        let rota = rota(&api, &[&ann_id, &bob_id], json!({})).await;
        let on_call = async |at: &str| api.get(&format!("/rotas/{rota}/on-call?at={at}")).await.expect_status(200);
        // Weeks from Monday, nine in Berlin.
        assert_eq!(on_call("2026-01-05T07:59:59Z").await.at("/user"), &json!(null));
        assert_eq!(on_call("2026-01-05T08:00:00Z").await.text("/user"), ann_id);
        let summer = on_call("2026-07-13T06:59:00Z").await;
        assert_eq!((summer.text("/user"), summer.text("/until")), (ann_id.clone(), "2026-07-13T07:00:00Z".to_owned()));
        assert_eq!(on_call("2026-07-13T07:00:00Z").await.text("/user"), bob_id);
        let away = json!({ "from": "2026-07-13", "to": "2026-07-17" });
        bob.post("/absences", away).await.expect_status(201);
        let passed = on_call("2026-07-14T12:00:00Z").await;
        assert_eq!((passed.text("/user"), passed.at("/passed/0")), (ann_id.clone(), &json!({ "user": bob_id, "because": "absent" })));
        let me = id(&api).await;
        let instead = json!({ "user": me, "from": "2026-07-14T00:00:00Z", "to": "2026-07-15T00:00:00Z" });
        let path = format!("/rotas/{rota}/overrides");
        let instead = api.post(&path, instead).await.expect_status(201).text("/id");
        let now = on_call("2026-07-14T12:00:00Z").await;
        assert_eq!((now.text("/user"), now.text("/by")), (me, "override".into()));
        api.delete(&format!("{path}/{instead}")).await.expect_status(204);
        api.delete(&format!("{path}/{instead}")).await.expect_problem(404, "override_not_found");
        api.post(&format!("/members/{ann_id}/deactivate"), json!({})).await.expect_status(200);
        let nobody = on_call("2026-07-14T12:00:00Z").await;
        assert_eq!((nobody.at("/user"), nobody.at("/passed/1/because")), (&json!(null), &json!("left")));

        // Who names such a rota is told who is missing.
        let both = json!({ "from": "2020-01-01", "to": "2020-12-31" });
        bob.post("/absences", both).await.expect_status(201);
        let empty = json!({ "name": "Old", "people": [bob_id], "rotation": { "start": "2099-01-05T09:00:00", "every": "1w" } });
        api.post("/rotas", empty.clone()).await.expect_status(201);
        api.post("/rotas", empty).await.expect_problem(409, "rota_name_taken");
        let rule = json!({ "name": "Call", "trigger": { "on": "manual" }, "steps": [{ "id": "tell", "action": "notify.send", "with": { "to": ["oncall:Old"], "message": "Up" } }] });
        let rule = api.post("/rules", rule).await.expect_status(201).text("/id");
        api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        let run = api.post(&format!("/rules/{rule}/run"), json!({})).await.expect_status(202).text("/id");
        let start = Instant::now();
        loop {
            let run = api.get(&format!("/runs/{run}")).await.expect_status(200);
            if run.text("/state") == "failed" {
                assert!(run.body.to_string().contains("nobody is on call in “Old”"), "{:#}", run.body);
                break;
            }
            assert!(start.elapsed() < PATIENCE, "{:#}", run.body);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        for (wrong, at) in [(json!({ "people": [] }), "/people"), (json!({ "people": ["user_01h455vb4pex5vsknk084sn02q"] }), "/people/0"),
            (json!({ "rotation": { "start": "2026-01-05T09:00:00", "tz": "Mars/Base", "every": "1w" } }), "/rotation/tz"),
            (json!({ "rotation": { "start": "2026-01-05T09:00:00" } }), "/rotation")] {
            let mut rota = json!({ "name": "Wrong", "people": [bob_id], "rotation": { "start": "2026-01-05T09:00:00", "every": "1w" } });
            rota.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
            assert_eq!(api.post("/rotas", rota).await.expect_status(422).text("/errors/0/pointer"), at);
        }
        people.leave().await;
    }

    /// The process dies where timers are read from the log, and where what is due commits: each thing is said once.
    async fn a_timer_says_it_once_whenever_the_process_dies(db) {
        let (server, api) = place(&db).await;
        api.post("/slas", json!({ "name": "Soon", "clock": "wall", "targets": { "default": "3s" } })).await.expect_status(201);
        drop(server);
        for point in ["sla.read_before_commit:1", "sla.read:1", "sla.due_before_commit:1", "change.before_commit@sla.breached:1", "sla.due:1"] {
            // What it finds at its start may end it before it is ready.
            if let Ok(mut server) = Server::on(&db).arg("--lease").arg("2s").env("TRACKSIDE_CRASH_AT", point).try_start().await {
                let _ = api.at(&server).try_send(reqwest::Method::POST, "/projects/WEB/tasks", Some(json!({ "title": point }))).await;
                server.wait_for_end(Duration::from_secs(30)).await;
            }
            let server = Server::on(&db).arg("--lease").arg("2s").start().await;
            api.at(&server).post("/projects/WEB/tasks", json!({ "title": format!("{point} again") })).await.expect_status(201);
            let start = Instant::now();
            while db.count("sla_timers where breached_at is null").await > 0 || db.count("events where kind = 'sla.breached'").await < db.count("tasks").await {
                assert!(start.elapsed() < PATIENCE, "some timer stands still after {point}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        assert_eq!(db.count("events where kind = 'sla.breached'").await, db.count("tasks").await);
    }
}

//! Who is told of what, by which channel, and when, over the real interface. What hangs on clocks is told of in the engine's own
//! tests, by a clock that is set by hand.

mod crowd;
mod letters;
mod push;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trackside_engine::Source;
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, Database, People, Server};

/// A project `WEB` with a task, its owner Ada, and Wim who works and Vic who looks on.
struct Place {
    ada: Api,
    wim: Api,
    vic: Api,
}

impl Place {
    async fn of(server: &Server, db: &Database) -> Self {
        let ada = Api::set_up(server).await;
        ada.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
        ada.post("/projects/WEB/tasks", json!({ "title": "Door" })).await.expect_status(201);
        let workspace = ada.get("/me").await.text("/workspace/id");
        let people = People::of(db).await;
        let wim = people.member(server, &workspace, "Wim", Role::TeamMember).await;
        let vic = people.member(server, &workspace, "Vic", Role::Viewer).await;
        people.leave().await;
        Self { ada, wim, vic }
    }

    /// Gives a new task to Wim.
    async fn assign(&self, title: &str) -> String {
        let new = json!({ "title": title, "assignees": [id(&self.wim).await] });
        self.ada.post("/projects/WEB/tasks", new).await.expect_status(201).text("/id")
    }
}

async fn id(api: &Api) -> String {
    api.get("/me").await.expect_status(200).text("/user/id")
}

/// What somebody was told, newest first, once there is so much of it.
async fn notes(api: &Api, count: usize) -> Vec<Value> {
    let start = Instant::now();
    loop {
        let page = api.get("/notifications?limit=200").await.expect_status(200);
        let items = page.at("/items").as_array().unwrap();
        if items.len() >= count {
            return items.clone();
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{} of {count}: {:#}", items.len(), page.body);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

both_databases! {
    /// NTF-01, NTF-03: mentions, watching, assignments and due dates, for those who may see them.
    async fn what_happens_to_a_task_is_told_to_those_who_follow_it(db) {
        let server = Server::start(&db).await;
        let Place { ada, wim, vic } = Place::of(&server, &db).await;
        let (ada_id, wim_id, vic_id) = (id(&ada).await, id(&wim).await, id(&vic).await);
        vic.post(&format!("/tasks/WEB-1/watchers/{vic_id}"), json!({})).await.expect_status(200);
        ada.patch("/tasks/WEB-1", json!({ "assignees": [wim_id], "due_at": "2030-05-01T10:00:00Z" })).await.expect_status(200);
        let start = Instant::now();
        let assigned = loop {
            if let Some(note) = notes(&wim, 1).await.into_iter().find(|note| note["kind"] == "assigned") { break note; }
            assert!(start.elapsed() < Duration::from_secs(30), "nobody told of the assignment");
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert_eq!((&assigned["message"], &assigned["actor"], &assigned["times"]), (&json!("Ada assigned WEB-1: Door to you"), &json!(ada_id), &json!(1)));
        let task = ada.get("/tasks/WEB-1").await.expect_status(200);
        assert_eq!((&assigned["task"], &assigned["project"], &assigned["subject"]), (task.at("/id"), task.at("/project"), task.at("/id")));
        assert_eq!(notes(&vic, 1).await[0]["message"], "Ada moved the due date of WEB-1: Door to 2030-05-01 10:00");
        // Somebody who watches and is mentioned hears of it once.
        wim.post("/tasks/WEB-1/comments", json!({ "body": format!("Look, @{vic_id} @{ada_id}") })).await.expect_status(201);
        assert_eq!(notes(&vic, 2).await[0]["kind"], "mention");
        assert_eq!(notes(&ada, 1).await[0]["message"], "Wim mentioned you in a comment on WEB-1: Door");
        // To whom the project is closed, nothing is told of it from then on.
        let deny = json!({ "user": vic_id, "permission": "task.view", "effect": "deny", "on": "WEB" });
        ada.post("/assignments", deny).await.expect_status(201);
        ada.post("/tasks/WEB-1/comments", json!({ "body": format!("Behind your back, @{vic_id}") })).await.expect_status(201);
        ada.patch("/tasks/WEB-1", json!({ "status": "completed" })).await.expect_status(200);
        notes(&wim, 2).await;
        db.quiet(Duration::from_secs(30)).await;
        assert_eq!((notes(&vic, 0).await.len(), notes(&ada, 0).await.len()), (2, 1));
    }

    /// NTF-03: due reminders, by the real clock.
    async fn whoever_works_on_a_task_is_reminded_of_its_date(db) {
        let server = Server::start(&db).await;
        let Place { ada, wim, .. } = Place::of(&server, &db).await;
        let wim_id = id(&wim).await;
        let due = |seconds| (Source::default().now() + chrono::TimeDelta::seconds(seconds)).to_rfc3339();
        ada.post("/projects/WEB/tasks", json!({ "title": "Soon", "assignees": [wim_id], "due_at": due(3 * 3600) })).await.expect_status(201);
        ada.post("/projects/WEB/tasks", json!({ "title": "Now", "assignees": [wim_id], "due_at": due(2) })).await.expect_status(201);
        ada.post("/projects/WEB/tasks", json!({ "title": "Later", "assignees": [wim_id], "due_at": due(50 * 3600) })).await.expect_status(201);
        let start = Instant::now();
        let reminders = loop {
            let told = notes(&wim, 5).await;
            let found: Vec<(String, String)> = told.iter().filter(|note| note["kind"] != "assigned").map(|note| (note["kind"].as_str().unwrap().to_owned(), note["message"].as_str().unwrap()[..11].to_owned())).collect();
            if found.iter().any(|(kind, _)| kind == "overdue") && found.iter().any(|(_, said)| said == "WEB-2: Soon") { break found; }
            assert!(start.elapsed() < Duration::from_secs(40), "{told:#?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        assert!(reminders.contains(&("due_soon".into(), "WEB-2: Soon".into())) && reminders.contains(&("overdue".into(), "WEB-3: Now ".into())), "{reminders:?}");
        assert!(!reminders.iter().any(|(_, said)| said.starts_with("WEB-4")), "{reminders:?}");
    }

    async fn notifications_are_counted_put_off_and_marked_by_their_own_person(db) {
        let server = Server::start(&db).await;
        let place = Place::of(&server, &db).await;
        place.assign("One").await;
        place.assign("Two").await;
        let Place { ada, wim, .. } = place;
        let told = notes(&wim, 2).await;
        let count = wim.get("/notifications/unread").await.expect_status(200);
        assert_eq!(count.body, json!({ "unread": 2, "kinds": [{ "kind": "assigned", "unread": 2 }] }));
        let path = format!("/notifications/{}/snooze", told[0]["id"].as_str().unwrap());
        let until = (Source::default().now() + chrono::TimeDelta::hours(1)).to_rfc3339();
        for (body, pointer) in [(json!({}), "/until"), (json!({ "until": "soon" }), "/until"), (json!({ "until": "2020-01-01T00:00:00Z" }), "/until"), (json!({ "until": "2099-01-01T00:00:00Z" }), "/until"), (json!({ "until": until, "why": "tired" }), "/why")] {
            assert_eq!(wim.put(&path, body.clone()).await.expect_problem(422, "invalid_fields").text("/errors/0/pointer"), pointer, "{body}");
        }
        ada.put(&path, json!({ "until": until })).await.expect_problem(404, "notification_not_found");
        ada.delete(&path).await.expect_problem(404, "notification_not_found");
        wim.without_token().put(&path, json!({ "until": until })).await.expect_problem(401, "token_missing");
        assert!(wim.put(&path, json!({ "until": until })).await.expect_status(200).at("/snoozed_until").is_string());
        assert_eq!(wim.get("/notifications").await.at("/items").as_array().unwrap().len(), 1);
        assert_eq!(wim.get("/notifications?snoozed=true").await.text("/items/0/id"), told[0]["id"]);
        assert_eq!(wim.get("/notifications/unread").await.at("/unread"), &json!(1));
        assert_eq!(wim.post("/notifications/read", json!({ "all": true })).await.expect_status(200).at("/read"), &json!(1));
        assert_eq!(wim.delete(&path).await.expect_status(200).at("/snoozed_until"), &Value::Null);
        assert_eq!(wim.get("/notifications?unread=true").await.text("/items/0/id"), told[0]["id"]);
    }

    async fn preferences_are_checked_kept_and_shown_with_what_is_usual(db) {
        let server = Server::start(&db).await;
        let place = Place::of(&server, &db).await;
        let wim = &place.wim;
        let usual = wim.get("/notification-preferences").await.expect_status(200);
        assert_eq!((usual.at("/quiet_hours"), usual.text("/digest_at"), usual.text("/time_zone"), usual.at("/choices")), (&Value::Null, "08:00".into(), "UTC".into(), &json!([])));
        assert_eq!(usual.at("/usual/0"), &json!({ "kind": "mention", "app": "at_once", "email": "at_once", "push": "at_once" }));
        let project = place.ada.get("/projects/WEB").await.text("/id");
        let wanted = json!({ "quiet_hours": { "from": "22:00", "to": "07:00" }, "digest_day": "friday", "choices": [
            { "channel": "app", "kind": "assigned", "when": "off" }, { "channel": "email", "project": project, "when": "weekly" }] });
        wim.patch("/me", json!({ "time_zone": "Europe/Vienna" })).await.expect_status(200);
        let kept = wim.put("/notification-preferences", wanted).await.expect_status(200);
        assert_eq!((kept.text("/quiet_hours/to"), kept.text("/digest_day"), kept.text("/time_zone"), kept.text("/choices/1/project")), ("07:00".into(), "friday".into(), "Europe/Vienna".into(), project));
        assert_eq!(wim.get("/notification-preferences").await.expect_status(200).body, kept.body);
        assert_eq!(place.vic.get("/notification-preferences").await.expect_status(200).at("/choices"), &json!([]), "everybody has their own");
        place.assign("Unheard").await;
        db.quiet(Duration::from_secs(30)).await;
        assert_eq!(notes(wim, 0).await.len(), 0);
        let elsewhere = "proj_01h455vb4pex5vsknk084sn02q";
        for (body, pointer) in [
            (json!({ "quiet_hours": { "from": "22:00", "to": "22:00" } }), "/quiet_hours/to"), (json!({ "quiet_hours": { "from": "25:00", "to": "07:00" } }), "/quiet_hours/from"), (json!({ "quiet_hours": { "from": "22:00" } }), "/quiet_hours/to"),
            (json!({ "digest_at": "8" }), "/digest_at"), (json!({ "digest_day": "someday" }), "/digest_day"), (json!({ "paused_until": "2099-01-01T00:00:00Z" }), "/paused_until"), (json!({ "choices": [{ "channel": "pigeon", "when": "off" }] }), "/choices/0/channel"),
            (json!({ "choices": [{ "channel": "email", "when": "sometimes" }] }), "/choices/0/when"), (json!({ "choices": [{ "channel": "email", "kind": "gossip", "when": "off" }] }), "/choices/0/kind"), (json!({ "choices": [{ "channel": "app", "when": "daily" }] }), "/choices/0/when"),
            (json!({ "choices": [{ "channel": "push", "when": "hourly" }] }), "/choices/0/when"), (json!({ "choices": [{ "channel": "email", "project": elsewhere, "when": "off" }] }), "/choices/0/project"), (json!({ "choices": vec![json!({ "channel": "email", "when": "off" }); 2] }), "/choices/1"),
            (json!({ "choices": vec![json!({ "channel": "email", "when": "off" }); 501] }), "/choices"), (json!({ "quiet": true }), "/quiet"),
        ] {
            let refused = wim.put("/notification-preferences", body.clone()).await.expect_problem(422, "invalid_fields");
            assert_eq!(refused.text("/errors/0/pointer"), pointer, "{body}: {:#}", refused.body);
        }
        assert_eq!(wim.get("/notification-preferences").await.body, kept.body, "nothing was changed");
        wim.without_token().get("/notification-preferences").await.expect_problem(401, "token_missing");
        // A project that somebody may not see does not exist in their preferences, either.
        let deny = json!({ "user": id(wim).await, "permission": "*", "effect": "deny", "on": "WEB" });
        place.ada.post("/assignments", deny).await.expect_status(201);
        let refused = wim.put("/notification-preferences", json!({ "choices": kept.at("/choices") })).await.expect_problem(422, "invalid_fields");
        assert_eq!(refused.text("/errors/0/pointer"), "/choices/1/project");
    }
}

//! Every action on what is Trackside's, done once by a rule: its line in the journal names the events that it brought about,
//! these are of the kinds that the action declares, and they say what it takes to undo it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trackside_engine::Source;
use trackside_engine::access::Role;
use trackside_engine::day::Day;
use trackside_tests::both_databases;
use trackside_tests::fakes::mail::MailServer;
use trackside_tests::harness::{Database, People, Server};

use super::{PATIENCE, Place};

/// What changes with every change, or follows from another field.
const FOLLOWS: &[&str] =
    &["category", "completed_at", "edited_at", "health_at", "health_by", "status_rank", "updated_at", "version"];

struct Walk {
    place: Place,
    catalogue: BTreeMap<String, Value>,
    done: BTreeSet<String>,
    /// What the last action brought about.
    events: Vec<Value>,
}

impl Walk {
    /// `mail` is where invitations go.
    async fn open(db: &Database, mail: &MailServer) -> Self {
        let setup = Server::on(db)
            .env("TRACKSIDE_SMTP_URL", mail.url())
            .env("TRACKSIDE_MAIL_FROM", "Trackside <post@trackside.example>")
            .env("TRACKSIDE_PUBLIC_URL", "https://trackside.example/");
        let place = Place::on(db, setup).await;
        let page = place.api.get("/actions").await.expect_status(200);
        let items = page.at("/items").as_array().unwrap();
        let catalogue =
            items.iter().map(|action| (action["name"].as_str().unwrap().to_owned(), action.clone())).collect();
        Self { place, catalogue, done: BTreeSet::new(), events: Vec::new() }
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.place.api.post(path, body).await.expect_status(201).body
    }

    /// An event, which is found once it has its place in the log.
    async fn event(&self, id: &str) -> Value {
        let start = Instant::now();
        loop {
            let answer = self.place.api.get(&format!("/events/{id}")).await;
            if answer.status != 404 || start.elapsed() > PATIENCE {
                return answer.expect_status(200).body;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Does it by a rule, on what stands at this path; its output.
    async fn act(&mut self, action: &str, with: Value, at: &str) -> Value {
        let declared = self.catalogue[action].clone();
        let before = self.there(at).await;
        let rule = json!({ "name": action, "trigger": { "on": "manual" }, "steps": [{ "id": "do", "action": action, "with": with }] });
        let rule = self.place.rule(rule).await;
        let run = self.place.api.post(&format!("/rules/{rule}/run"), json!({})).await.expect_status(202).text("/id");
        let run = self.place.over(&run).await;
        assert_eq!(run.text("/state"), "succeeded", "{action}: {:#}", run.body);
        let mut events = Vec::new();
        for id in run.at("/steps/0").get("events").and_then(Value::as_array).unwrap_or(&Vec::new()) {
            let event = self.event(id.as_str().unwrap()).await;
            assert_eq!((&event["cause"]["run"], &event["cause"]["step"]), (run.at("/id"), &json!("do")), "{action}");
            let causes = declared["causes"].as_array().unwrap();
            assert!(causes.contains(&event["kind"]), "{action} declares {causes:?} and causes {}", event["kind"]);
            events.push(event);
        }
        let (output, undo) = (run.at("/steps/0/output").clone(), &declared["undo"]);
        match undo["how"].as_str().unwrap() {
            "restore" => {
                let after = self.there(at).await;
                let changed = differing(&before, &after);
                assert!(!changed.is_empty(), "{action} changed nothing at {at}");
                for field in changed {
                    let from = events.iter().find_map(|event| event["data"]["change"][&field].get("from"));
                    assert_eq!(
                        from,
                        Some(&before[&field]),
                        "{action} changed `{field}` and does not record what it was: {events:#?}"
                    );
                }
            }
            "remove" => {
                let id = first_id(&output).unwrap_or_else(|| panic!("{action} answers no id: {output:#}"));
                let told = |event: &Value| event["subject"] == id || event["data"].to_string().contains(&id);
                assert!(events.iter().any(told), "{action} made {id}, and no event holds it: {events:#?}");
            }
            "remake" => {
                let gone = with.as_object().unwrap().values().find_map(Value::as_str).unwrap();
                let held = events.iter().any(|event| holds(&event["data"], gone));
                assert!(held, "{action} removed {gone}, and no event holds it: {events:#?}");
            }
            "by" => {
                assert!(self.catalogue.contains_key(undo["action"].as_str().unwrap()), "{undo}");
                assert!(!events.is_empty(), "{action} leaves no event");
            }
            "never" => {
                assert!(!undo["because"].as_str().unwrap().is_empty());
                let silent = [json!(["notifications"]), json!([])].contains(&declared["writes"]);
                assert_eq!(silent, events.is_empty(), "{action} leaves events where it writes, and only there");
            }
            other => panic!("{action} is undone by {other}"),
        }
        self.done.insert(action.to_owned());
        self.events = events;
        output
    }

    async fn there(&self, at: &str) -> Value {
        if at.is_empty() { Value::Null } else { self.place.api.get(at).await.expect_status(200).body }
    }
}

/// The fields of what stands there that are not as they were.
fn differing(before: &Value, after: &Value) -> Vec<String> {
    let (before, after) = (before.as_object().unwrap(), after.as_object().unwrap());
    let fields =
        after.iter().filter(|(name, value)| before.get(*name) != Some(value) && !FOLLOWS.contains(&name.as_str()));
    fields.map(|(name, _)| name.clone()).collect()
}

/// The first id in what an action answered.
fn first_id(value: &Value) -> Option<String> {
    let is_id = |text: &str| text.rsplit_once('_').is_some_and(|(_, rest)| rest.len() == 26);
    match value {
        Value::String(text) => is_id(text).then(|| text.clone()),
        Value::Array(items) => items.iter().find_map(first_id),
        Value::Object(fields) => match fields.get("id") {
            Some(id) => first_id(id),
            None => fields.values().find_map(first_id),
        },
        _ => None,
    }
}

/// Whether a whole thing with this id stands somewhere in it.
fn holds(value: &Value, id: &str) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| holds(item, id)),
        Value::Object(fields) => {
            (fields.get("id").is_some_and(|own| own == id) && fields.len() > 2)
                || fields.values().any(|field| holds(field, id))
        }
        _ => false,
    }
}

both_databases! {
    async fn every_action_records_what_was_there(db) {
        let mail = MailServer::start().await;
        let mut walk = Walk::open(&db, &mail).await;
        let workspace = walk.place.api.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let tim = people.member(&walk.place.server, &workspace, "Tim", Role::TeamMember).await;
        people.leave().await;
        let (me, tims) = (walk.place.api.get("/me").await.text("/user/id"), tim.get("/me").await.text("/user/id"));
        let today = Day::utc(Source::default().now()).to_string();

        // Tasks.
        let one = walk.act("task.create", json!({ "project": "WEB", "title": "One", "labels": ["a"], "assignees": [me], "watchers": [me] }), "").await;
        let (one, at) = (one["id"].as_str().unwrap().to_owned(), "/tasks/WEB-1");
        walk.post("/projects/WEB/tasks", json!({ "title": "Two" })).await;
        walk.post("/projects/WEB/fields", json!({ "key": "size", "name": "Size", "type": "number" })).await;
        let all = json!({ "task": one, "title": "Uno", "description": "x", "type": "bug", "status": "in_progress", "priority": "high", "labels": ["b"], "assignees": [tims],
            "start_at": "2031-03-03T09:00:00Z", "due_at": "2031-03-05T17:00:00Z", "estimate": 60, "points": 3, "custom": { "size": 4 } });
        walk.act("task.update", all, at).await;
        walk.act("task.assign", json!({ "task": one, "to": [me] }), at).await;
        walk.act("task.set_status", json!({ "task": one, "status": "blocked" }), at).await;
        walk.act("task.add_label", json!({ "task": one, "label": "c" }), at).await;
        walk.act("task.remove_label", json!({ "task": one, "label": "b" }), at).await;
        walk.act("task.add_watcher", json!({ "task": one, "user": tims }), at).await;
        walk.act("task.remove_watcher", json!({ "task": one, "user": tims }), at).await;
        walk.act("task.reschedule", json!({ "task": one, "start_at": "2031-03-04T09:00:00Z", "due_at": "2031-03-06T17:00:00Z" }), at).await;
        walk.act("task.link", json!({ "task": one, "other": "WEB-2", "type": "relates_to" }), "").await;
        walk.act("task.unlink", json!({ "task": one, "other": "WEB-2" }), "").await;
        walk.act("task.add_dependency", json!({ "task": one, "predecessor": "WEB-2" }), "").await;
        walk.act("task.remove_dependency", json!({ "task": one, "predecessor": "WEB-2" }), "").await;
        let comment = walk.act("task.comment", json!({ "task": one, "body": "first" }), "").await["id"].as_str().unwrap().to_owned();
        walk.act("task.edit_comment", json!({ "comment": comment, "body": "second" }), &format!("/comments/{comment}")).await;
        walk.act("task.delete_comment", json!({ "comment": comment }), "").await;
        let file = walk.place.api.send_bytes(reqwest::Method::POST, "/tasks/WEB-1/attachments?name=a.txt", Some("text/plain"), "words").await.expect_status(201).text("/id");
        walk.act("task.remove_attachment", json!({ "attachment": file }), "").await;
        let template = walk.post("/projects/WEB/task-templates", json!({ "name": "T", "task": { "title": "Check", "subtasks": [{ "title": "Part" }] } })).await["id"].clone();
        walk.act("task.apply_template", json!({ "template": template }), "").await;
        walk.act("task.list", json!({ "filter": { "project": "WEB" } }), "").await;
        walk.act("task.delete", json!({ "task": "WEB-2" }), "").await;

        // Projects, milestones, sprints.
        walk.act("project.create", json!({ "key": "APP", "name": "App" }), "").await;
        let all = json!({ "project": "APP", "name": "Apps", "description": "x", "status": "on_hold", "owner": tims, "start_at": "2031-03-03T09:00:00Z", "due_at": "2031-04-03T09:00:00Z",
            "health": "at_risk", "health_note": "late", "is_template": true });
        walk.act("project.update", all, "/projects/APP").await;
        walk.act("project.copy", json!({ "project": "APP", "key": "NEW", "name": "New" }), "").await;
        walk.act("project.archive", json!({ "project": "NEW" }), "/projects/NEW").await;
        walk.act("project.unarchive", json!({ "project": "NEW" }), "/projects/NEW").await;
        let milestone = walk.act("milestone.create", json!({ "project": "WEB", "name": "M" }), "").await["id"].as_str().unwrap().to_owned();
        let at = format!("/milestones/{milestone}");
        walk.act("milestone.update", json!({ "milestone": milestone, "name": "N", "description": "x", "due_at": "2031-04-03T09:00:00Z" }), &at).await;
        walk.act("milestone.complete", json!({ "milestone": milestone }), &at).await;
        walk.act("milestone.reopen", json!({ "milestone": milestone }), &at).await;
        walk.place.api.patch("/tasks/WEB-1", json!({ "milestone": milestone })).await.expect_status(200);
        walk.act("milestone.delete", json!({ "milestone": milestone }), "").await;
        assert_eq!(walk.events[0]["data"]["freed"], json!([one]), "which tasks it had");
        let sprint = walk.act("sprint.create", json!({ "project": "WEB", "name": "S" }), "").await["id"].as_str().unwrap().to_owned();
        walk.place.api.patch("/tasks/WEB-1", json!({ "sprint": sprint })).await.expect_status(200);
        walk.act("sprint.start", json!({ "sprint": sprint }), "").await;
        walk.act("sprint.close", json!({ "sprint": sprint }), "").await;
        assert_eq!(walk.events[0]["data"]["tasks"], json!([one]), "which tasks it moved");
        let new = json!({ "name": "Stand-up", "rrule": "FREQ=DAILY", "dtstart": "2031-03-03T09:00:00Z", "task": { "title": "Stand-up" } });
        let recurrence = walk.post("/projects/WEB/recurrences", new).await["id"].clone();
        walk.act("recurrence.pause", json!({ "recurrence": recurrence }), "").await;
        walk.act("recurrence.resume", json!({ "recurrence": recurrence }), "").await;

        // Time, money, people.
        walk.act("time.log", json!({ "task": one, "started_at": "2026-11-23T09:00:00Z", "minutes": 30 }), "").await;
        walk.act("timer.start", json!({ "task": one }), "").await;
        walk.act("timer.stop", json!({ "task": one }), "").await;
        walk.act("timesheet.submit", json!({ "week": "2026-W48" }), "").await;
        walk.act("timesheet.approve", json!({ "week": "2026-W48", "user": me }), "").await;
        walk.place.api.put("/projects/WEB/budget", json!({ "planned": 1000, "currency": "EUR" })).await.expect_status(200);
        walk.act("budget.add_cost", json!({ "project": "WEB", "amount": "10.00" }), "").await;
        walk.act("absence.create", json!({ "user": tims, "from": today }), "").await;
        walk.act("allocation.create", json!({ "project": "WEB", "user": tims, "from": "2031-03-03", "to": "2031-03-04", "percent": 50 }), "").await;
        let given = walk.act("access.assign", json!({ "user": tims, "role": "project_manager", "on": "WEB" }), "").await["id"].clone();
        walk.act("access.end", json!({ "assignment": given }), "").await;
        walk.act("member.invite", json!({ "email": "new@people.example", "role": "viewer" }), "").await;
        walk.act("notify.send", json!({ "to": ["owner"], "message": "done" }), "").await;
        walk.act("member.deactivate", json!({ "member": tims }), "").await;

        let known: BTreeSet<String> = walk.catalogue.values().filter(|action| action["external"] == false).map(|action| action["name"].as_str().unwrap().to_owned()).collect();
        assert_eq!(walk.done, known, "each action is done here once");
        for action in walk.catalogue.values().filter(|action| action["external"] == true) {
            assert_eq!(action["undo"]["how"], "never", "{action:#}");
        }
    }
}

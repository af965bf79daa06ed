//! What is assigned reaches as far as it says, and no further.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use trackside_tests::both_databases;
use trackside_tests::harness::{Answer, Api, Socket};

use super::{Firm, found, log, seen};

async fn until(moment: DateTime<Utc>) {
    let source = trackside_engine::Source::default();
    while source.now() < moment {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A stream of events, to its end.
fn listen(api: &Api) -> JoinHandle<Answer> {
    let api = api.with_header("accept", "text/event-stream");
    tokio::spawn(async move { api.get("/events?after=latest").await })
}

/// A long poll.
fn wait(api: &Api) -> JoinHandle<Answer> {
    let api = api.clone();
    tokio::spawn(async move { api.get("/events?after=latest&wait=30").await })
}

async fn never_hears(asked: JoinHandle<Answer>, word: &str) {
    let answer = asked.await.expect("an answer");
    assert!(!answer.body.to_string().contains(word), "{answer:#?}");
}

both_databases! {
    async fn a_guest_sees_the_project_that_was_assigned_and_nothing_else(db) {
        let firm = Firm::open(&db).await;
        // Nothing yet, not even that there is something.
        for path in ["/tasks", "/projects", "/events", "/members", "/rules"] {
            firm.gus.get(path).await.expect_problem(403, "denied");
        }
        firm.gus.get("/projects/WEB").await.expect_problem(404, "project_not_found");
        firm.gus.get("/tasks/WEB-1").await.expect_status(403);

        let assignment = firm.assign(json!({ "user": firm.gus_id, "role": "viewer", "on": "WEB" })).await;
        let projects = firm.gus.get("/projects").await.expect_status(200);
        assert_eq!(projects.at("/items").as_array().unwrap().len(), 1);
        assert_eq!(projects.text("/items/0/key"), "WEB");
        assert_eq!(seen(&firm.gus, "").await, (vec!["WEB-1".into(), "WEB-2".into(), "WEB-3".into()], 3));
        assert_eq!(seen(&firm.gus, "&project=OPS").await, (vec![], 0));
        assert_eq!(seen(&firm.gus, "&q=task").await.1, 3);
        assert_eq!(found(&firm.gus, "task").await, (vec!["WEB-1".into(), "WEB-2".into(), "WEB-3".into()], 3));
        assert_eq!(found(&firm.gus, "OPS-1").await, (vec![], 0));
        firm.gus.get("/tasks/WEB-1").await.expect_status(200);
        firm.gus.get("/tasks/WEB-1/comments").await.expect_status(200);
        firm.gus.get("/projects/WEB/timeline").await.expect_status(200);
        let ops = firm.task("OPS-1").await;
        for path in ["/projects/OPS", "/projects/OPS/timeline", "/tasks/OPS-1", &format!("/tasks/{ops}"), "/tasks/OPS-1/comments", &format!("/projects/{}", firm.ops)] {
            firm.gus.get(path).await.expect_status(404).expect_refusal();
        }
        // Seeing is not doing; and what cannot be seen is not there, whatever is tried.
        firm.gus.patch("/tasks/WEB-1", json!({ "title": "mine" })).await.expect_problem(403, "denied");
        firm.gus.post("/projects/WEB/tasks", json!({ "title": "mine" })).await.expect_problem(403, "denied");
        firm.gus.patch("/tasks/OPS-1", json!({ "title": "mine" })).await.expect_problem(404, "task_not_found");
        firm.gus.delete("/tasks/OPS-1").await.expect_problem(404, "task_not_found");
        firm.gus.post("/projects/OPS/tasks", json!({ "title": "mine" })).await.expect_problem(404, "project_not_found");
        firm.gus.get("/members").await.expect_problem(403, "denied");

        // The log and the socket say no more.
        let events = log(&firm.gus).await;
        assert_eq!(events.len(), 4, "the project and three tasks: {events:#?}");
        assert!(events.iter().all(|event| event["project"] == json!(firm.web)));
        let of_ops = log(&firm.ada).await.into_iter().find(|event| event["project"] == json!(firm.ops)).unwrap();
        firm.gus.get(&format!("/events/{}", of_ops["id"].as_str().unwrap())).await.expect_problem(404, "event_not_found");
        let mut socket = Socket::hello(&firm.server, firm.gus.token()).await;
        for topic in [format!("project:{}", firm.ops), format!("task:{ops}"), "project:OPS".to_owned()] {
            socket.say(json!({ "type": "subscribe", "topic": topic })).await;
            assert_eq!(socket.hear().await["type"], "error", "{topic}");
        }
        let workspace = firm.ada.get("/me").await.text("/workspace/id");
        socket.subscribe(&format!("workspace:{workspace}"), None).await;
        firm.ada.patch("/tasks/OPS-1", json!({ "title": "secret" })).await.expect_status(200);
        firm.ada.patch("/tasks/WEB-1", json!({ "title": "open" })).await.expect_status(200);
        let (_, event) = socket.event().await;
        assert_eq!(event["data"]["task"]["title"], "open");

        // And it ends with the very next request, and on the open socket.
        firm.ada.delete(&format!("/assignments/{assignment}")).await.expect_status(204);
        firm.gus.get("/tasks").await.expect_problem(403, "denied");
        let heard = socket.hear().await;
        assert_eq!(heard["type"], "error", "{heard}");
        assert_eq!(socket.hear().await["type"], "unsubscribed");
    }

    async fn one_task_is_assigned_and_no_other_of_its_project(db) {
        let firm = Firm::open(&db).await;
        let task = firm.task("WEB-2").await;
        firm.assign(json!({ "user": firm.gus_id, "role": "team_member", "on": task })).await;
        assert_eq!(seen(&firm.gus, "").await, (vec!["WEB-2".into()], 1));
        assert_eq!(found(&firm.gus, "task").await, (vec!["WEB-2".into()], 1));
        assert_eq!(found(&firm.gus, "WEB-1").await, (vec![], 0));
        firm.gus.patch("/tasks/WEB-2", json!({ "status": "in_progress" })).await.expect_status(200);
        firm.gus.post("/tasks/WEB-2/comments", json!({ "body": "on it" })).await.expect_status(201);
        for other in ["WEB-1", "OPS-1"] {
            firm.gus.get(&format!("/tasks/{other}")).await.expect_problem(404, "task_not_found");
            firm.gus.patch(&format!("/tasks/{other}"), json!({ "title": "mine" })).await.expect_problem(404, "task_not_found");
            // Not by the way of the one that was given, either.
            firm.gus.post("/tasks/WEB-2/dependencies", json!({ "predecessor": other })).await.expect_refusal();
        }
        // The project around it is not given with it.
        firm.gus.get("/projects/WEB").await.expect_problem(404, "project_not_found");
        firm.gus.get("/projects/WEB/timeline").await.expect_problem(404, "project_not_found");
        firm.gus.post("/projects/WEB/tasks", json!({ "title": "mine" })).await.expect_problem(404, "project_not_found");
        firm.gus.patch("/tasks/WEB-2", json!({ "parent": "WEB-1" })).await.expect_refusal();
    }

    async fn what_is_denied_is_gone_whatever_else_allows_it(db) {
        let firm = Firm::open(&db).await;
        let task = firm.task("WEB-2").await;
        firm.assign(json!({ "user": firm.tom_id, "permission": "task.*", "effect": "deny", "on": task })).await;
        let left = ["WEB-1", "WEB-3", "OPS-1", "OPS-2"];
        let (mut keys, total) = seen(&firm.tom, "").await;
        keys.sort();
        assert_eq!((keys, total), (["OPS-1", "OPS-2", "WEB-1", "WEB-3"].map(String::from).to_vec(), 4));
        assert_eq!(seen(&firm.tom, "&project=WEB").await.1, 2);
        assert_eq!(found(&firm.tom, "task").await.1, 4);
        firm.tom.get("/tasks/WEB-2").await.expect_problem(404, "task_not_found");
        firm.tom.patch("/tasks/WEB-2", json!({ "title": "x" })).await.expect_problem(404, "task_not_found");
        for key in left {
            firm.tom.patch(&format!("/tasks/{key}"), json!({ "priority": "high" })).await.expect_status(200);
        }
        // A view of the whole project would show it, so it is refused rather than cut.
        firm.tom.get("/projects/WEB/timeline").await.expect_problem(403, "denied");
        firm.tom.get("/projects/OPS/timeline").await.expect_status(200);
        // Its events are gone with it.
        assert!(log(&firm.tom).await.iter().all(|event| event["subject"] != json!(task)));

        // On a project, for a group; a role that allows does not help.
        let group = firm.ada.post("/groups", json!({ "name": "Outside", "members": [firm.tom_id] })).await.expect_status(201).text("/id");
        firm.assign(json!({ "group": group, "permission": "*", "effect": "deny", "on": "OPS" })).await;
        firm.assign(json!({ "user": firm.tom_id, "role": "admin", "on": "OPS" })).await;
        assert_eq!(seen(&firm.tom, "").await, (vec!["WEB-1".into(), "WEB-3".into()], 2));
        firm.tom.get("/projects/OPS").await.expect_problem(404, "project_not_found");
        // Out of the group, and it is over.
        firm.ada.patch(&format!("/groups/{group}"), json!({ "remove": [firm.tom_id] })).await.expect_status(200);
        firm.tom.get("/projects/OPS").await.expect_status(200);
        firm.tom.delete("/projects/OPS").await.expect_status(204);
    }

    async fn what_may_not_be_seen_cannot_be_touched_named_or_heard_of(db) {
        let firm = Firm::open(&db).await;
        let task = firm.task("WEB-2").await;
        firm.ada.post("/tasks/WEB-1/links", json!({ "type": "blocks", "other": "WEB-2" })).await.expect_status(201);
        firm.ada.post("/tasks/WEB-3/dependencies", json!({ "predecessor": "WEB-2" })).await.expect_status(201);
        firm.ada.patch("/tasks/WEB-2", json!({ "title": "Hushhush" })).await.expect_status(200);
        // Only seeing is denied; whatever else a team member may, is not possible without.
        firm.assign(json!({ "user": firm.tom_id, "permission": "task.view", "effect": "deny", "on": task })).await;
        for body in [json!({}), json!({ "title": "x" })] {
            firm.tom.patch("/tasks/WEB-2", body.clone()).await.expect_problem(404, "task_not_found");
            firm.tom.with_header("if-match", "\"99\"").patch("/tasks/WEB-2", body).await.expect_problem(404, "task_not_found");
        }
        firm.tom.post("/tasks/WEB-2/comments", json!({ "body": "x" })).await.expect_problem(404, "task_not_found");
        firm.tom.post("/tasks/WEB-2/timer/start", json!({})).await.expect_problem(404, "task_not_found");
        firm.tom.patch("/tasks/WEB-1", json!({ "parent": "WEB-2" })).await.expect_problem(422, "invalid_fields");
        firm.tom.post("/tasks/WEB-1/dependencies", json!({ "predecessor": "WEB-2" })).await.expect_problem(422, "invalid_fields");
        firm.tom.delete("/tasks/WEB-3/dependencies/WEB-2").await.expect_problem(404, "task_not_found");
        let batch = json!({ "operations": [{ "op": "update", "task": "WEB-2", "patch": {} }], "atomic": false });
        let outcome = firm.tom.post("/tasks/batch", batch).await;
        assert!(!outcome.body.to_string().contains("Hushhush"), "{:#}", outcome.body);
        // What is said of those beside it does not say what it is.
        for path in ["/tasks/WEB-1/activity", "/tasks/WEB-3/activity", "/tasks/WEB-1/links", "/search?q=hushhush"] {
            let answer = firm.tom.get(path).await.expect_status(200);
            assert!(!answer.body.to_string().contains("Hushhush"), "{path}: {:#}", answer.body);
        }
        assert!(!json!(log(&firm.tom).await).to_string().contains("Hushhush"));
        // That it is hidden and that there is none is told in the same words.
        let said = async |path: &str| firm.tom.get(path).await.expect_status(404).text("/detail");
        assert_eq!(said("/tasks/WEB-2").await, said("/tasks/WEB-77").await);
        firm.assign(json!({ "user": firm.tom_id, "permission": "project.view", "effect": "deny", "on": "OPS" })).await;
        assert_eq!(said("/projects/OPS").await, said("/projects/NONE").await);
        firm.tom.patch("/projects/OPS", json!({})).await.expect_problem(404, "project_not_found");
        // A token that may see tasks only sees no money, and who may make members makes none who may more.
        let narrow = firm.ada.post("/tokens", json!({ "name": "narrow", "scopes": ["task.view", "member.manage"] })).await.expect_status(201).text("/token");
        let narrow = firm.ada.with_token(&narrow);
        narrow.post("/invitations", json!({ "email": "eve@people.example", "role": "admin" })).await.expect_problem(403, "denied");
        narrow.post("/service-accounts", json!({ "name": "robot", "role": "project_manager" })).await.expect_problem(403, "denied");
    }

    async fn a_role_of_ones_own_gives_what_it_inherits_and_names(db) {
        let firm = Firm::open(&db).await;
        let base = firm.ada.post("/roles", json!({ "name": "Reader", "inherits": ["viewer"] })).await.expect_status(201).text("/id");
        let role = json!({ "name": "Editor", "inherits": [base], "permissions": ["task.edit"], "description": "Corrects texts" });
        let role = firm.ada.post("/roles", role).await.expect_status(201);
        let effective: Vec<&str> = role.at("/effective").as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        assert!(effective.contains(&"task.view") && effective.contains(&"task.edit") && !effective.contains(&"task.create"));
        let id = role.text("/id");
        firm.assign(json!({ "user": firm.gus_id, "role": id, "on": "WEB" })).await;
        firm.gus.patch("/tasks/WEB-1", json!({ "title": "Better" })).await.expect_status(200);
        firm.gus.post("/projects/WEB/tasks", json!({ "title": "x" })).await.expect_problem(403, "denied");
        // The role changes, and with it whoever has it.
        let stale = firm.ada.with_header("if-match", "\"7\"").patch(&format!("/roles/{id}"), json!({ "permissions": [] })).await;
        stale.expect_problem(412, "stale");
        let changed = firm.ada.with_header("if-match", "\"1\"").patch(&format!("/roles/{id}"), json!({ "permissions": ["task.create"] })).await;
        assert_eq!(changed.expect_status(200).at("/version"), 2);
        firm.gus.post("/projects/WEB/tasks", json!({ "title": "x" })).await.expect_status(201);
        firm.gus.patch("/tasks/WEB-1", json!({ "title": "Worse" })).await.expect_problem(403, "denied");
        // In the middle of the chain, too.
        firm.ada.patch(&format!("/roles/{base}"), json!({ "inherits": null })).await.expect_status(200);
        firm.gus.get("/tasks/WEB-1").await.expect_status(403);
        // A copy of a default role, one permission less.
        let copy = firm.ada.post("/roles", json!({ "name": "Copy", "template": "team_member" })).await.expect_status(201);
        let member = firm.ada.get("/roles/team_member").await.expect_status(200);
        assert_eq!(copy.at("/effective"), member.at("/effective"));
        let fewer: Vec<&Value> = copy.at("/permissions").as_array().unwrap().iter().filter(|name| **name != "task.create").collect();
        firm.ada.patch(&format!("/roles/{}", copy.text("/id")), json!({ "permissions": fewer })).await.expect_status(200);
        assert_eq!(firm.ada.get("/roles").await.expect_status(200).at("/items").as_array().unwrap().len(), 5 + 3);
        // What is in use stays; what is not goes.
        firm.ada.delete(&format!("/roles/{id}")).await.expect_problem(409, "role_in_use");
        firm.ada.delete(&format!("/roles/{base}")).await.expect_problem(409, "role_in_use");
        firm.ada.delete(&format!("/roles/{}", copy.text("/id"))).await.expect_status(204);
    }

    async fn an_assignment_ends_to_the_second_on_requests_and_sockets(db) {
        let firm = Firm::open(&db).await;
        let now = trackside_engine::Source::default().now();
        let (begin, end) = (now + Duration::from_secs(2), now + Duration::from_secs(5));
        firm.assign(json!({ "user": firm.gus_id, "role": "viewer", "on": "WEB", "starts_at": begin, "ends_at": end })).await;
        firm.gus.get("/tasks").await.expect_problem(403, "denied");
        until(begin).await;
        let (stream, poll) = (listen(&firm.gus), wait(&firm.gus));
        let mut socket = Socket::hello(&firm.server, firm.gus.token()).await;
        // A slow machine may come too late for the time in between, but never see anything outside of it.
        socket.say(json!({ "type": "subscribe", "topic": format!("project:{}", firm.web) })).await;
        let subscribed = socket.hear().await["type"] == "subscribed";
        until(end).await;
        firm.gus.get("/tasks").await.expect_problem(403, "denied");
        if subscribed {
            assert_eq!(socket.hear().await["type"], "error");
            assert_eq!(socket.hear().await["type"], "unsubscribed");
        }
        firm.ada.patch("/tasks/WEB-1", json!({ "title": "too late" })).await.expect_status(200);
        assert!(socket.hear_within(Duration::from_millis(300)).await.is_none());
        never_hears(stream, "too late").await;
        never_hears(poll, "too late").await;
    }

    async fn a_token_ends_to_the_second_on_streams_and_sockets(db) {
        let firm = Firm::open(&db).await;
        let end = trackside_engine::Source::default().now() + Duration::from_secs(4);
        let token = firm.ada.post("/tokens", json!({ "name": "short", "expires_at": end })).await.expect_status(201);
        let short = firm.ada.with_token(&token.text("/token"));
        let (stream, poll) = (listen(&short), wait(&short));
        let mut socket = Socket::hello(&firm.server, short.token()).await;
        socket.say(json!({ "type": "subscribe", "topic": format!("project:{}", firm.web) })).await;
        let subscribed = socket.hear().await["type"] == "subscribed";
        until(end).await;
        firm.ada.patch("/tasks/WEB-1", json!({ "title": "too late" })).await.expect_status(200);
        if subscribed {
            assert_eq!(socket.hear().await["code"], "token_expired");
        }
        never_hears(stream, "too late").await;
        never_hears(poll, "too late").await;
    }

    async fn a_token_leaves_nothing_behind_that_outlives_it(db) {
        let firm = Firm::open(&db).await;
        let end = trackside_engine::Source::default().now() + Duration::from_secs(600);
        let made = firm.ada.post("/tokens", json!({ "name": "short", "expires_at": end })).await.expect_status(201);
        let short = firm.ada.with_token(&made.text("/token"));
        // A session would go on when the token is revoked, and a token without an end when it has ended.
        let workspace = short.get("/me").await.text("/workspace/id");
        short.post("/auth/switch", json!({ "workspace_id": workspace })).await.expect_problem(403, "denied");
        short.post("/tokens", json!({ "name": "for ever" })).await.expect_problem(422, "invalid_fields");
        let later = end + Duration::from_secs(1);
        short.post("/tokens", json!({ "name": "longer", "expires_at": later })).await.expect_problem(422, "invalid_fields");
        short.post("/tokens", json!({ "name": "as long", "expires_at": end })).await.expect_status(201);
        // Whoever has signed in is not bound by when their access token is renewed.
        firm.ada.post("/tokens", json!({ "name": "for ever" })).await.expect_status(201);
    }

    async fn events_that_tell_of_a_task_are_for_those_who_see_it(db) {
        let firm = Firm::open(&db).await;
        let milestone = firm.ada.post("/projects/OPS/milestones", json!({ "name": "Alpha" })).await.expect_status(201).text("/id");
        let template = json!({ "name": "Kit", "task": { "title": "Kit of {{ who }}" } });
        let template = firm.ada.post("/projects/OPS/task-templates", template).await.expect_status(201).text("/id");
        firm.ada.post(&format!("/task-templates/{template}/apply"), json!({ "variables": { "who": "secret" } })).await.expect_status(201);
        firm.ada.patch("/tasks/OPS-1", json!({ "title": "secret of a milestone", "milestone": milestone })).await.expect_status(200);
        firm.ada.patch("/tasks/OPS-1", json!({ "status": "completed" })).await.expect_status(200);
        firm.assign(json!({ "user": firm.tom_id, "permission": "task.view", "effect": "deny", "on": "OPS" })).await;
        for kind in ["milestone.tasks_completed", "task_template.applied"] {
            while !log(&firm.ada).await.iter().any(|event| event["kind"] == kind) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        let heard = log(&firm.tom).await;
        assert!(heard.iter().any(|event| event["kind"] == "milestone.created"), "{heard:#?}");
        assert!(!json!(heard).to_string().contains("secret"), "{heard:#?}");
        // The same for a token that may not see tasks; and one that may not read the log hears nothing on a socket.
        let token = |scopes: Value| json!({ "name": "t", "scopes": scopes });
        let made = firm.ada.post("/tokens", token(json!(["event.view", "project.view"]))).await.expect_status(201);
        let heard = log(&firm.ada.with_token(&made.text("/token"))).await;
        assert!(!heard.is_empty() && !json!(heard).to_string().contains("secret"), "{heard:#?}");
        let made = firm.ada.post("/tokens", token(json!(["project.view"]))).await.expect_status(201);
        let mut socket = Socket::hello(&firm.server, &made.text("/token")).await;
        socket.say(json!({ "type": "subscribe", "topic": "project:OPS", "after": 0 })).await;
        assert_eq!(socket.hear().await["code"], "denied");
    }

    async fn a_rule_sees_and_does_what_its_owner_may(db) {
        let firm = Firm::open(&db).await;
        firm.assign(json!({ "user": firm.gus_id, "permission": "rule.*", "on": "workspace" })).await;
        firm.assign(json!({ "user": firm.gus_id, "permission": "run.*", "on": "workspace" })).await;
        let on_web = firm.assign(json!({ "user": firm.gus_id, "role": "team_member", "on": "WEB" })).await;
        // What happened before is not the rule's.
        while log(&firm.ada).await.iter().filter(|event| event["kind"] == "task.created").count() < 5 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let rule = json!({ "name": "Echo", "trigger": { "on": "task.created" },
            "steps": [{ "id": "say", "action": "task.comment", "with": { "task": "{{ task.id }}", "body": "seen" } }] });
        let rule = firm.gus.post("/rules", rule).await.expect_status(201).text("/id");
        firm.gus.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        firm.ada.post("/projects/OPS/tasks", json!({ "title": "hidden" })).await.expect_status(201);
        firm.ada.post("/projects/WEB/tasks", json!({ "title": "shown" })).await.expect_status(201);
        let runs = async |count: usize| {
            for _ in 0..3_000 {
                let runs = firm.gus.get(&format!("/runs?rule_id={rule}")).await.expect_status(200);
                let items = runs.at("/items").as_array().unwrap().clone();
                if items.len() >= count && items.iter().all(|run| run["finished_at"].is_string()) {
                    return items;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            panic!("there are not {count} runs");
        };
        let first = runs(1).await;
        assert_eq!((first.len(), &first[0]["state"]), (1, &json!("succeeded")), "{first:#?}");
        assert_eq!(firm.ada.get("/tasks/OPS-3/comments").await.at("/items"), &json!([]));
        assert_eq!(firm.ada.get("/tasks/WEB-4/comments").await.text("/items/0/body"), "seen");
        // The owner may still see, but no longer comment: the run fails and says so.
        firm.ada.delete(&format!("/assignments/{on_web}")).await.expect_status(204);
        firm.assign(json!({ "user": firm.gus_id, "role": "viewer", "on": "WEB" })).await;
        firm.ada.post("/projects/WEB/tasks", json!({ "title": "shown again" })).await.expect_status(201);
        let second = runs(2).await;
        let failed = second.iter().find(|run| run["state"] == "failed").expect("the second run failed");
        assert!(failed["error"]["message"].as_str().unwrap().contains("task.comment"), "{failed:#}");
    }
}

//! A run asks people and goes on as they answer.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Answer, Api, Database, People};

use super::{PATIENCE, Place, told};

/// A place with people: Mia and Moe run projects, Tim works on tasks, Vic looks on.
pub(super) struct Office {
    pub place: Place,
    pub people: People,
    pub mia: Api,
    pub moe: Api,
    pub tim: Api,
}

pub(super) async fn id(api: &Api) -> String {
    api.get("/me").await.expect_status(200).text("/user/id")
}

impl Office {
    async fn open(db: &Database) -> Self {
        Self::at(db, Place::open(db).await).await
    }

    pub async fn at(db: &Database, place: Place) -> Self {
        let workspace = place.api.get("/me").await.text("/workspace/id");
        let people = People::of(db).await;
        let mia = people.member(&place.server, &workspace, "Mia", Role::ProjectManager).await;
        let moe = people.member(&place.server, &workspace, "Moe", Role::ProjectManager).await;
        let tim = people.member(&place.server, &workspace, "Tim", Role::TeamMember).await;
        Self { place, people, mia, moe, tim }
    }

    /// A rule that asks when a task is blocked, and makes a task when they agree.
    pub async fn rule(&self, approve: Value, more: Value) -> String {
        let mut step = json!({ "id": "ok", "approve": approve, "then": [
            { "id": "take", "action": "task.create", "with": { "project": "WEB", "title": "Agreed: {{ steps.ok.output.decision }}" } }] });
        step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let trigger = json!({ "on": "task.status_changed", "match": { "to": "blocked" } });
        self.place.rule(json!({ "name": "Ask first", "trigger": trigger, "steps": [step] })).await
    }

    /// Tim makes a task and blocks it; its key.
    pub async fn block(&self) -> String {
        let task = self.tim.post("/projects/WEB/tasks", json!({ "title": "Fragile" })).await.expect_status(201);
        let key = task.text("/key");
        self.tim.patch(&format!("/tasks/{key}"), json!({ "status": "blocked" })).await.expect_status(200);
        key
    }

    /// The one thing that somebody has to decide, once there is one.
    pub async fn asked(&self, api: &Api) -> Value {
        let start = Instant::now();
        loop {
            let page = api.get("/approvals").await.expect_status(200);
            if let Some(one) = page.body["items"].as_array().unwrap().first() {
                return one.clone();
            }
            assert!(start.elapsed() < PATIENCE, "nobody is asked");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until something is asked; the path of what to do with it.
    pub async fn verb(&self, api: &Api, verb: &str) -> String {
        format!("/approvals/{}/{verb}", self.asked(api).await["id"].as_str().unwrap())
    }
}

pub(super) async fn nothing_for(api: &Api) {
    assert_eq!(api.get("/approvals").await.expect_status(200).at("/items"), &json!([]));
}

pub(super) fn approve() -> Value {
    json!({ "decision": "approve" })
}

pub(super) fn reject() -> Value {
    json!({ "decision": "reject", "comment": "Not on a Friday" })
}

/// `path state` of each event about approvals, oldest first.
async fn announced(api: &Api) -> Vec<String> {
    let page = api.get("/events?after=0&limit=200").await.expect_status(200);
    let items = page.at("/items").as_array().unwrap().iter();
    let events = items.filter(|event| event["kind"].as_str().unwrap().starts_with("approval."));
    events
        .map(|event| {
            format!("{} {}", event["kind"].as_str().unwrap(), event["data"]["approval"]["state"].as_str().unwrap())
        })
        .collect()
}

pub(super) async fn ended(office: &Office, rule: &str, state: &str) -> Answer {
    let run = office.place.last(rule, 1).await;
    assert_eq!(run.text("/state"), state, "{:#}", run.body);
    run
}

both_databases! {
    async fn a_run_waits_for_somebody_to_agree_and_goes_on(db) {
        let office = Office::open(&db).await;
        let rule = office.rule(
            json!({ "by": ["role:project_manager"], "message": "May {{ task.key }} be blocked?", "timeout": "48h" }), json!({})).await;
        // Another rule answers to what is decided.
        let echo = office.place.rule(json!({ "name": "Echo", "trigger": { "on": "approval.decided", "match": { "approval.state": "approved" } },
            "steps": [{ "id": "end", "stop": "{{ vote.comment }} {{ task.key }}" }] })).await;
        let key = office.block().await;
        let asked = office.asked(&office.mia).await;
        assert_eq!((asked["message"].clone(), asked["may_decide"].clone()), (json!(format!("May {key} be blocked?")), json!(true)));
        assert_eq!(asked["by"], json!(["role:project_manager"]));
        let run = office.place.run_when(asked["run"].as_str().unwrap(), |run| run["state"] == "waiting").await;
        assert_eq!((run.text("/waiting/for"), run.at("/waiting/approval")), ("approval".into(), &asked["id"]));
        assert_eq!(told(&run), ["ok waiting"]);
        let note = crate::spine::approvals_told::told_of(&office.moe, "approval").await;
        assert_eq!((&note["message"], &note["subject"]), (&json!(format!("May {key} be blocked?")), &asked["id"]));
        nothing_for(&office.tim).await;

        let path = office.verb(&office.mia, "decide").await;
        let decided = office.mia.post(&path, json!({ "decision": "approve", "comment": "fine" })).await.expect_status(200);
        assert_eq!((decided.text("/state"), decided.text("/votes/0/comment")), ("approved".into(), "fine".into()));
        let run = ended(&office, &rule, "succeeded").await;
        assert_eq!(told(&run), ["ok succeeded", "take succeeded"]);
        assert_eq!(run.at("/steps/0/output/by"), &json!(id(&office.mia).await));
        assert!(office.place.titles().await.contains(&"Agreed: approved".to_owned()));
        nothing_for(&office.moe).await;
        assert_eq!(announced(&office.place.api).await, ["approval.requested pending", "approval.decided approved"]);
        let echo = office.place.last(&echo, 1).await;
        assert_eq!(echo.text("/steps/0/output/reason"), format!("fine {key}"));
        let audit = office.place.api.get("/audit?action=approval.approved").await.expect_status(200);
        assert_eq!(audit.at("/items/0/subject"), &asked["id"]);
        let all = office.place.api.get(&format!("/approvals?run_id={}", run.text("/id"))).await.expect_status(200);
        assert_eq!(all.text("/items/0/state"), "approved");
        let activity = office.tim.get(&format!("/tasks/{key}/activity")).await.expect_status(200);
        assert!(activity.body.to_string().contains("approval.decided"), "{:#}", activity.body);
        office.people.leave().await;
    }

    /// The same twice is one decision, another one is refused, and of many at once one counts.
    async fn a_double_click_decides_once(db) {
        let office = Office::open(&db).await;
        let rule = office.rule(json!({ "by": ["role:project_manager"], "need": 2 }), json!({})).await;
        office.block().await;
        let path = office.verb(&office.mia, "decide").await;
        let clicks = (0..8).map(|_| { let (api, path) = (office.mia.clone(), path.clone()); async move { api.post(&path, approve()).await } });
        for answer in futures::future::join_all(clicks).await {
            assert_eq!(answer.expect_status(200).at("/votes").as_array().unwrap().len(), 1);
        }
        office.mia.post(&path, reject()).await.expect_problem(409, "already_decided");
        office.moe.post(&path, approve()).await.expect_status(200);
        ended(&office, &rule, "succeeded").await;
        assert_eq!(office.moe.post(&path, approve()).await.expect_status(200).text("/state"), "approved", "also when it is over");
        office.place.api.post(&path, approve()).await.expect_status(409);
        assert_eq!(announced(&office.place.api).await, ["approval.requested pending", "approval.voted pending", "approval.decided approved"]);
        assert_eq!((db.count("approval_votes").await, db.count("audit_entries where action = 'approval.approved'").await), (2, 2));
        office.people.leave().await;
    }

    async fn nobody_agrees_to_what_they_caused_themselves(db) {
        let office = Office::open(&db).await;
        let tim = id(&office.tim).await;
        let alone = office.rule(json!({ "by": [format!("user:{tim}")] }), json!({})).await;
        office.block().await;
        let run = ended(&office, &alone, "failed").await;
        assert!(run.text("/error/message").contains("allow_self"), "{:#}", run.body);
        office.place.api.post(&format!("/rules/{alone}/pause"), json!({})).await.expect_status(200);

        // Also through a rule between them, and when a run is started by hand.
        let chain = office.place.rule(json!({ "name": "Chain", "trigger": { "on": "task.status_changed", "match": { "to": "in_progress" } },
            "steps": [{ "id": "on", "action": "task.update", "with": { "task": "{{ task.id }}", "status": "blocked" } }] })).await;
        let rule = office.place.rule(json!({ "name": "Ask", "trigger": { "on": "task.status_changed", "match": { "to": "blocked" } },
            "policy": { "cause": { "accept_rules": true } }, "steps": [{ "id": "ok", "approve": { "by": ["role:team_member", "role:project_manager"] } }] })).await;
        let task = office.tim.post("/projects/WEB/tasks", json!({ "title": "Chained" })).await.expect_status(201).text("/key");
        office.tim.patch(&format!("/tasks/{task}"), json!({ "status": "in_progress" })).await.expect_status(200);
        office.place.last(&chain, 1).await;
        let path = office.verb(&office.mia, "decide").await;
        nothing_for(&office.tim).await;
        let refused = office.tim.post(&path, approve()).await.expect_problem(403, "denied");
        assert!(refused.text("/detail").contains("You caused"), "{:#}", refused.body);
        office.mia.post(&path, approve()).await.expect_status(200);
        ended(&office, &rule, "succeeded").await;

        let by_hand = office.place.rule(json!({ "name": "By hand", "trigger": { "on": "manual" },
            "steps": [{ "id": "ok", "approve": { "by": ["role:project_manager"] } }] })).await;
        let run = office.mia.post(&format!("/rules/{by_hand}/run"), json!({})).await.expect_status(202).text("/id");
        let path = office.verb(&office.moe, "decide").await;
        office.mia.post(&path, approve()).await.expect_problem(403, "denied");
        office.moe.post(&path, approve()).await.expect_status(200);
        assert_eq!(office.place.over(&run).await.text("/state"), "succeeded");

        let allowed = office.rule(json!({ "by": [format!("user:{tim}")], "allow_self": true }), json!({})).await;
        office.place.api.post(&format!("/rules/{rule}/pause"), json!({})).await.expect_status(200);
        office.block().await;
        let path = office.verb(&office.tim, "decide").await;
        office.tim.post(&path, approve()).await.expect_status(200);
        ended(&office, &allowed, "succeeded").await;
        office.people.leave().await;
    }

    /// Whoever has lost the right, was never asked, or may not see what it is about.
    async fn only_those_decide_who_may_at_that_moment(db) {
        let office = Office::open(&db).await;
        let (mia, moe) = (id(&office.mia).await, id(&office.moe).await);
        // Moe may not see the project.
        let deny = json!({ "user": moe, "permission": "task.*", "effect": "deny", "on": "WEB" });
        office.place.api.post("/assignments", deny).await.expect_status(201);
        let rule = office.rule(json!({ "by": ["role:project_manager"] }), json!({})).await;
        office.block().await;
        let asked = office.asked(&office.mia).await;
        let path = format!("/approvals/{}", asked["id"].as_str().unwrap());
        let decide = format!("{path}/decide");
        nothing_for(&office.moe).await;
        assert_eq!(office.moe.get("/notifications").await.expect_status(200).at("/items"), &json!([]));
        office.moe.get(&path).await.expect_problem(404, "approval_not_found");
        office.moe.post(&decide, approve()).await.expect_problem(404, "approval_not_found");
        let events = office.moe.get("/events?after=0&limit=200").await.expect_status(200);
        assert!(!events.body.to_string().contains("approval."), "{:#}", events.body);
        let run = format!("/approvals?run_id={}", asked["run"].as_str().unwrap());
        office.moe.get(&run).await.expect_problem(404, "run_not_found");
        // Who is not asked, and who is of another workspace.
        office.tim.get(&path).await.expect_status(200);
        office.place.api.post(&decide, approve()).await.expect_problem(403, "denied");
        let stranger = office.people.owner_elsewhere(&office.place.server, "Stranger").await;
        for answer in [stranger.post(&decide, approve()).await, stranger.get(&path).await] {
            answer.expect_problem(404, "approval_not_found");
        }
        stranger.get(&run).await.expect_problem(404, "run_not_found");
        office.place.api.without_token().post(&decide, approve()).await.expect_problem(401, "token_missing");
        let narrow = json!({ "name": "narrow", "scopes": ["task.view"] });
        let narrow = office.mia.post("/tokens", narrow).await.expect_status(201).text("/token");
        office.mia.with_token(&narrow).post(&decide, approve()).await.expect_problem(403, "denied");
        // Mia was asked, and is a project manager no more.
        office.place.api.patch(&format!("/members/{mia}"), json!({ "role": "team_member" })).await.expect_status(200);
        nothing_for(&office.mia).await;
        let refused = office.mia.post(&decide, approve()).await.expect_problem(403, "denied");
        assert!(refused.text("/detail").contains("not any more"), "{:#}", refused.body);
        office.place.api.patch(&format!("/members/{mia}"), json!({ "role": "project_manager" })).await.expect_status(200);
        office.mia.post(&decide, approve()).await.expect_status(200);
        ended(&office, &rule, "succeeded").await;
        office.people.leave().await;
    }

    async fn a_refusal_ends_the_run_or_goes_its_own_way(db) {
        let office = Office::open(&db).await;
        let plain = office.rule(json!({ "by": ["role:project_manager"], "need": "all" }), json!({})).await;
        office.block().await;
        let path = office.verb(&office.moe, "decide").await;
        office.mia.post(&path, approve()).await.expect_status(200);
        office.moe.post(&path, reject()).await.expect_status(200);
        let run = ended(&office, &plain, "skipped").await;
        assert_eq!((run.text("/error/code"), run.text("/steps/0/output/comment")), ("rejected".into(), "Not on a Friday".into()));
        office.place.api.post(&format!("/rules/{plain}/pause"), json!({})).await.expect_status(200);
        let rule = office.rule(json!({ "by": ["role:project_manager"] }), json!({ "on_reject": [
            { "id": "tell", "action": "notify.send", "with": { "to": ["{{ actor.id }}"], "message": "No: {{ steps.ok.output.comment }}" } }] })).await;
        office.block().await;
        let path = office.verb(&office.moe, "decide").await;
        office.moe.post(&path, reject()).await.expect_status(200);
        assert_eq!(told(&ended(&office, &rule, "succeeded").await), ["ok succeeded", "tell succeeded"]);
        assert_eq!(crate::spine::approvals_told::told_of(&office.tim, "rule").await["message"], "No: Not on a Friday");
        office.people.leave().await;
    }

    /// Time runs out, the next ones are asked; who answers too late is told so.
    async fn time_runs_out_and_others_are_asked(db) {
        let office = Office::open(&db).await;
        let mia = id(&office.mia).await;
        let rule = office.rule(json!({ "by": [format!("user:{mia}")], "timeout": "1s" }), json!({ "on_timeout": [
            { "id": "up", "approve": { "by": ["role:admin"], "timeout": "1h", "message": "Nobody answers" },
              "then": [{ "id": "late", "action": "task.create", "with": { "project": "WEB", "title": "Escalated" } }] }] })).await;
        office.block().await;
        let early = office.verb(&office.mia, "decide").await;
        let path = office.verb(&office.place.api, "decide").await;
        let late = office.mia.post(&early, approve()).await.expect_problem(409, "approval_over");
        assert!(late.text("/detail").contains("timed_out"), "{:#}", late.body);
        office.place.api.post(&path, approve()).await.expect_status(200);
        assert_eq!(told(&ended(&office, &rule, "succeeded").await), ["ok succeeded", "up succeeded", "late succeeded"]);
        assert_eq!(announced(&office.place.api).await,
            ["approval.requested pending", "approval.timed_out timed_out", "approval.requested pending", "approval.decided approved"]);
        office.place.api.post(&format!("/rules/{rule}/pause"), json!({})).await.expect_status(200);
        let plain = office.rule(json!({ "by": [format!("user:{mia}")], "timeout": "500ms" }), json!({})).await;
        office.block().await;
        assert_eq!(ended(&office, &plain, "timed_out").await.text("/error/code"), "approval_timed_out");
        office.people.leave().await;
    }

    async fn a_place_is_passed_on_and_counts_once(db) {
        let office = Office::open(&db).await;
        let (mia, moe, tim) = (id(&office.mia).await, id(&office.moe).await, id(&office.tim).await);
        let workspace = office.place.api.get("/me").await.text("/workspace/id");
        let ann = office.people.member(&office.place.server, &workspace, "Ann", Role::Viewer).await;
        let ann_id = id(&ann).await;
        let rule = office.rule(json!({ "by": ["role:project_manager"], "need": "all" }), json!({})).await;
        office.block().await;
        let path = office.verb(&office.mia, "delegate").await;
        for (to, status, code) in [(&moe, 409, "already_approver"), (&mia, 422, "invalid_fields"), (&tim, 422, "invalid_fields")] {
            office.mia.post(&path, json!({ "to": to })).await.expect_problem(status, code);
        }
        ann.post(&path, json!({ "to": mia })).await.expect_problem(403, "denied");
        nothing_for(&ann).await;
        let passed = office.mia.post(&path, json!({ "to": ann_id })).await.expect_status(200);
        assert_eq!(passed.at("/delegations/0/delegate"), &json!(ann_id));
        office.mia.post(&path, json!({ "to": ann_id })).await.expect_status(200);
        office.moe.post(&path, json!({ "to": ann_id })).await.expect_problem(409, "already_approver");
        let decide = office.verb(&ann, "decide").await;
        ann.post(&decide.replace("decide", "delegate"), json!({ "to": mia })).await.expect_problem(403, "denied");
        ann.post(&decide, approve()).await.expect_status(200);
        let taken = office.mia.post(&decide, reject()).await.expect_problem(409, "already_decided");
        assert!(taken.text("/detail").contains(&ann_id), "{:#}", taken.body);
        office.moe.post(&decide, approve()).await.expect_status(200);
        ended(&office, &rule, "succeeded").await;
        assert_eq!(db.count("audit_entries where action = 'approval.delegated'").await, 1);
        assert_eq!(db.count("events where kind = 'approval.delegated'").await, 1);
        office.people.leave().await;
    }

    /// What a delegate may hangs on whoever passed it on.
    async fn a_delegate_of_one_who_lost_the_right_decides_nothing(db) {
        let office = Office::open(&db).await;
        let (mia, workspace) = (id(&office.mia).await, office.place.api.get("/me").await.text("/workspace/id"));
        let ann = office.people.member(&office.place.server, &workspace, "Ann", Role::Viewer).await;
        office.rule(json!({ "by": ["role:project_manager"] }), json!({})).await;
        office.block().await;
        let path = office.verb(&office.mia, "delegate").await;
        office.mia.post(&path, json!({ "to": id(&ann).await })).await.expect_status(200);
        office.place.api.patch(&format!("/members/{mia}"), json!({ "role": "viewer" })).await.expect_status(200);
        ann.post(&path.replace("delegate", "decide"), approve()).await.expect_problem(403, "denied");
        office.people.leave().await;
    }

    async fn groups_addresses_and_templates_are_asked(db) {
        let office = Office::open(&db).await;
        let moe = id(&office.moe).await;
        office.place.api.post("/groups", json!({ "name": "Board", "members": [moe] })).await.expect_status(201);
        let rule = office.rule(json!({ "by": ["group:Board", "user:mia@people.example", "{{ task.assignees }}", "{{ project.owner }}"], "need": 3 }), json!({})).await;
        office.block().await;
        let asked = office.asked(&office.moe).await;
        assert_eq!(asked["by"].as_array().unwrap().len(), 3, "{asked:#}");
        let path = format!("/approvals/{}/decide", asked["id"].as_str().unwrap());
        for api in [&office.mia, &office.moe, &office.place.api] {
            api.post(&path, approve()).await.expect_status(200);
        }
        ended(&office, &rule, "succeeded").await;
        let nobody = office.place.on_hook("Nobody", json!([{ "id": "ok", "approve": { "by": ["group:Missing"] } }])).await;
        office.place.post(json!({})).await;
        let run = office.place.last(&nobody, 1).await;
        assert!(run.text("/error/message").contains("group:Missing"), "{:#}", run.body);
        office.people.leave().await;
    }

    /// A new version, a pause, a restart; a run that is cancelled asks nobody any more.
    async fn it_holds_through_versions_pauses_and_restarts(db) {
        let mut office = Office::open(&db).await;
        let rule = office.rule(json!({ "by": ["role:project_manager"] }), json!({})).await;
        office.block().await;
        let path = office.verb(&office.mia, "decide").await;
        let other = json!({ "name": "Ask first", "trigger": { "on": "manual" }, "steps": [{ "id": "end", "stop": "other" }] });
        office.place.api.put(&format!("/rules/{rule}"), other).await.expect_status(200);
        office.place.api.post(&format!("/rules/{rule}/pause"), json!({})).await.expect_status(200);
        office.place.server.kill9();
        office.place.server.restart().await;
        office.place.api = office.place.api.at(&office.place.server);
        office.mia = office.mia.at(&office.place.server);
        office.mia.post(&path, approve()).await.expect_status(200);
        let run = ended(&office, &rule, "succeeded").await;
        assert_eq!((run.at("/rule_version"), told(&run)), (&json!(1), vec!["ok succeeded".to_owned(), "take succeeded".into()]));

        office.tim = office.tim.at(&office.place.server);
        let rule = office.rule(json!({ "by": ["role:project_manager"] }), json!({})).await;
        office.block().await;
        let path = office.verb(&office.mia, "decide").await;
        let run = office.place.runs(&rule).await[0]["id"].as_str().unwrap().to_owned();
        office.place.api.post(&format!("/runs/{run}/cancel"), json!({})).await.expect_status(200);
        nothing_for(&office.mia).await;
        office.mia.post(&path, approve()).await.expect_problem(409, "approval_over");
        office.place.quiet().await;
        assert_eq!(announced(&office.place.api).await.last().unwrap(), "approval.withdrawn withdrawn");
        // A shadow asks nobody.
        office.place.api.post(&format!("/rules/{rule}/shadow"), json!({})).await.expect_status(200);
        office.block().await;
        let shadow = office.place.last(&rule, 2).await;
        assert_eq!(told(&shadow), ["ok recorded", "take recorded"]);
        nothing_for(&office.mia).await;
        office.people.leave().await;
    }

    async fn what_is_wrong_with_an_approval_is_said(db) {
        let place = Place::open(&db).await;
        let check = async |step: Value| {
            let rule = json!({ "name": "X", "trigger": { "on": "task.created" }, "steps": [step] });
            place.api.post("/rules/check", json!({ "rule": rule })).await.expect_status(200)
        };
        for (approve, more, pointer, said) in [
            (json!({ "by": [] }), json!({}), "/by", "who may approve"),
            (json!({ "by": ["role:project_manger"] }), json!({}), "/by/0", "no role `project_manger`"),
            (json!({ "by": ["boss"] }), json!({}), "/by/0", "nobody"),
            (json!({ "by": ["owner"], "need": 2 }), json!({}), "/need", "only 1"),
            (json!({ "by": ["owner"], "need": 0 }), json!({}), "/need", "At least one"),
            (json!({ "by": ["owner"], "timeout": "0s" }), json!({}), "/timeout", "no time"),
            (json!({ "by": ["owner"] }), json!({ "on_timeout": [] }), "/on_timeout", "never done"),
            (json!({ "by": ["{{ task.assigneees }}"] }), json!({}), "/by/0", "assigneees"),
            (json!({ "by": ["owner"], "message": "{{ taks.key }}" }), json!({}), "/message", "taks"),
        ] {
            let mut step = json!({ "id": "ok", "approve": approve });
            step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let verdict = check(step.clone()).await;
            let problem = verdict.at("/problems/0");
            assert_eq!(verdict.at("/ok"), &json!(false), "{step}");
            assert!(problem["pointer"].as_str().unwrap().ends_with(pointer), "{step}: {problem:#}");
            assert!(problem["message"].as_str().unwrap().contains(said), "{step}: {problem:#}");
        }
        let role = check(json!({ "id": "ok", "approve": { "by": ["role:project_manger"] } })).await;
        assert_eq!((role.text("/problems/0/suggestion"), role.at("/problems/0/line"), role.at("/problems/0/column")), ("project_manager".into(), &json!(1), &json!(6)));
        let never = json!({ "id": "a", "if": "true", "then": [{ "id": "b", "stop": "x" }, { "id": "c", "stop": "y" }] });
        let never = check(never).await;
        assert_eq!((never.text("/problems/0/code"), never.text("/problems/0/pointer"), never.at("/ok")), ("unreachable".into(), "/steps/0/then/1".into(), &json!(true)));
        let decide = "/approvals/appr_01h455vb4pex5vsknk084sn02q/decide";
        place.api.post(decide, approve()).await.expect_problem(404, "approval_not_found");
        place.api.post(decide, json!({ "decision": "maybe" })).await.expect_status(422);
        place.api.post(decide, json!({})).await.expect_status(422);
        place.api.get("/approvals?run_id=nonsense").await.expect_status(422);
    }
}

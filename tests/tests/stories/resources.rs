//! Absences, allocations, and days that are too full.

use serde_json::{Value, json};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, Database, People, Server};

use crate::time_entries::announced;

/// Projects `WEB` and `APP`, Ada who owns them, and Wim who works, with his id.
async fn office(server: &Server, db: &Database) -> (Api, Api, String) {
    let api = Api::set_up(server).await;
    for key in ["WEB", "APP"] {
        api.post("/projects", json!({ "key": key, "name": key })).await.expect_status(201);
    }
    api.post("/projects/WEB/tasks", json!({ "title": "One" })).await.expect_status(201);
    let workspace = api.get("/me").await.text("/workspace/id");
    let people = People::of(db).await;
    let wim = people.member(server, &workspace, "Wim", Role::TeamMember).await;
    people.leave().await;
    let id = wim.get("/me").await.text("/user/id");
    (api, wim, id)
}

/// From, to and days of what was announced as too full, and from and to of what was resolved.
async fn told(api: &Api, over: usize, resolved: usize) -> (Vec<(String, String, i64)>, Vec<(String, String)>) {
    let text = |event: &Value, name: &str| event["data"][name].as_str().unwrap().to_owned();
    let all = announced(api, "resource.over_allocat", over + resolved).await;
    let (resolved, over): (Vec<_>, Vec<_>) =
        all.iter().partition(|event| event["kind"] == "resource.over_allocation_resolved");
    (
        over.iter()
            .map(|event| (text(event, "from"), text(event, "to"), event["data"]["over_days"].as_i64().unwrap()))
            .collect(),
        resolved.iter().map(|event| (text(event, "from"), text(event, "to"))).collect(),
    )
}

fn range(from: &str, to: &str, days: i64) -> (String, String, i64) {
    (from.to_owned(), to.to_owned(), days)
}

/// The year far ahead, so that no day of a story is past: 2031-03-03 is a Monday.
const MONDAY: &str = "2031-03-03";

both_databases! {
    async fn people_are_planned_and_too_much_is_announced_once(db) {
        let server = Server::start(&db).await;
        let (ada, wim, wims) = office(&server, &db).await;
        let plan = async |project: &str, body: Value| {
            let mut body = body;
            body["user"] = json!(wims);
            ada.post(&format!("/projects/{project}/allocations"), body).await.expect_status(201).text("/id")
        };
        let web = plan("WEB", json!({ "task": "WEB-1", "from": MONDAY, "to": "2031-03-11", "minutes_per_day": 300 })).await;
        let app = plan("APP", json!({ "from": "2031-03-05", "to": "2031-03-10", "percent": 50 })).await;
        // Wednesday to Friday, and the Monday after: one range, four days.
        assert_eq!(told(&ada, 1, 0).await, (vec![range("2031-03-05", "2031-03-10", 4)], vec![]));
        let days = ada.get(&format!("/resources?from={MONDAY}&to=2031-03-09&user={wims}")).await.expect_status(200);
        let day = |at: usize| days.at(&format!("/items/0/days/{at}")).clone();
        assert_eq!(day(0), json!({ "date": MONDAY, "working": 480, "capacity": 480, "allocated": 300, "free": 180, "over": 0 }));
        assert_eq!(day(2), json!({ "date": "2031-03-05", "working": 480, "capacity": 480, "allocated": 540, "free": 0, "over": 60 }));
        assert_eq!(day(5), json!({ "date": "2031-03-08", "working": 0, "capacity": 0, "allocated": 0, "free": 0, "over": 0 }));
        assert_eq!(days.at("/items/0/allocations").as_array().unwrap().len(), 2);

        // An absence fills days, too; those that were too full already are no news.
        let away = wim.post("/absences", json!({ "from": "2031-03-04", "to": "2031-03-05", "kind": "sick", "note": "Flu" })).await.expect_status(201);
        assert_eq!((away.text("/kind"), away.text("/note"), away.text("/part")), ("sick".into(), "Flu".into(), "full".into()));
        assert_eq!(told(&ada, 2, 0).await.0[1], range("2031-03-04", "2031-03-04", 1));
        // Half a day away is enough for 240 of 300 minutes to be missing.
        let path = format!("/absences/{}", away.text("/id"));
        wim.patch(&path, json!({ "to": "2031-03-04", "part": "afternoon" })).await.expect_status(200);
        wim.patch(&path, json!({ "from": "2031-03-11", "to": "2031-03-11", "part": "full" })).await.expect_status(200);
        assert_eq!(told(&ada, 3, 1).await, (vec![range("2031-03-05", "2031-03-10", 4), range("2031-03-04", "2031-03-04", 1), range("2031-03-11", "2031-03-11", 1)], vec![("2031-03-04".into(), "2031-03-04".into())]));
        // Working hours that change: Wim works on Mondays only from now on, five hours.
        wim.patch("/me", json!({ "working_hours": { "monday": { "from": "09:00", "to": "14:00" } } })).await.expect_status(200);
        let (over, resolved) = told(&ada, 3, 2).await;
        assert_eq!((over.len(), &resolved[1..]), (3, &[("2031-03-05".into(), "2031-03-07".into()), ("2031-03-11".into(), "2031-03-11".into())][..]));
        let left = ada.get(&format!("/resources?from=2031-03-10&to=2031-03-10&user={wims}")).await;
        assert_eq!((left.at("/items/0/days/0/capacity"), left.at("/items/0/days/0/over")), (&json!(300), &json!(150)));
        ada.patch(&format!("/allocations/{web}"), json!({ "percent": 50 })).await.expect_status(200);
        assert_eq!(told(&ada, 3, 4).await.1[3], ("2031-03-10".to_owned(), "2031-03-10".to_owned()));
        let web = ada.get(&format!("/allocations/{web}")).await.expect_status(200);
        assert_eq!((web.at("/minutes_per_day"), web.at("/percent"), web.at("/version")), (&Value::Null, &json!(50), &json!(2)));
        ada.patch(&format!("/allocations/{app}"), json!({ "percent": 51 })).await.expect_status(200);
        assert_eq!(told(&ada, 4, 4).await.0[3], range("2031-03-10", "2031-03-10", 1));
        // What goes with its project is announced.
        ada.delete("/projects/APP").await.expect_status(204);
        assert_eq!(told(&ada, 4, 5).await.1[4], ("2031-03-10".to_owned(), "2031-03-10".to_owned()));
        ada.get(&format!("/allocations/{app}")).await.expect_problem(404, "allocation_not_found");
        ada.delete(&format!("/allocations/{}", web.text("/id"))).await.expect_status(204);
        assert_eq!(ada.get("/projects/WEB/allocations").await.at("/items"), &json!([]));
    }

    async fn why_somebody_is_away_is_theirs(db) {
        let server = Server::start(&db).await;
        let (ada, wim, wims) = office(&server, &db).await;
        let workspace = ada.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let zoe = people.member(&server, &workspace, "Zoe", Role::TeamMember).await;
        people.leave().await;
        let id = wim.post("/absences", json!({ "from": MONDAY, "kind": "sick", "note": "Flu" })).await.expect_status(201).text("/id");
        let path = format!("/absences/{id}");
        assert_eq!((wim.get(&path).await.text("/note"), ada.get(&path).await.text("/kind")), ("Flu".into(), "sick".into()));
        let seen = zoe.get(&path).await.expect_status(200);
        assert_eq!((seen.at("/kind"), seen.at("/note"), seen.text("/from")), (&Value::Null, &Value::Null, MONDAY.into()));
        assert_eq!(zoe.get("/absences").await.at("/items/0/kind"), &Value::Null);
        assert!(!format!("{:?}", announced(&zoe, "resource.absence_added", 1).await).contains("Flu"));
        zoe.patch(&path, json!({ "to": "2031-03-04" })).await.expect_problem(403, "denied");
        zoe.delete(&path).await.expect_problem(403, "denied");
        zoe.post("/absences", json!({ "user": wims, "from": MONDAY })).await.expect_problem(403, "denied");
        zoe.post("/projects/WEB/allocations", json!({ "user": wims, "from": MONDAY, "to": MONDAY, "percent": 10 })).await.expect_problem(403, "denied");
        ada.post("/absences", json!({ "user": wims, "from": "2031-04-01", "to": "2031-04-10" })).await.expect_status(201);
        for (query, count) in [("", 2), (&*format!("?user={wims}&from=2031-03-04"), 1), ("?to=2031-03-31", 1), ("?from=2031-04-11", 0)] {
            assert_eq!(ada.get(&format!("/absences{query}")).await.expect_status(200).at("/items").as_array().unwrap().len(), count, "{query}");
        }
        wim.with_header("if-match", "\"9\"").patch(&path, json!({ "to": "2031-03-04" })).await.expect_problem(412, "stale");
        wim.delete(&path).await.expect_status(204);
        wim.get(&path).await.expect_problem(404, "absence_not_found");
    }

    async fn plans_made_at_once_announce_each_day_once(db) {
        let server = Server::start(&db).await;
        let (ada, _, wims) = office(&server, &db).await;
        let plans: Vec<_> = (0..8).map(|_| {
            let (ada, wims) = (ada.clone(), wims.clone());
            tokio::spawn(async move {
                let plan = json!({ "user": wims, "from": MONDAY, "to": "2031-03-07", "percent": 30 });
                ada.post("/projects/WEB/allocations", plan).await.expect_status(201);
            })
        }).collect();
        for plan in plans {
            plan.await.unwrap();
        }
        announced(&ada, "resource.allocation_added", 8).await;
        assert_eq!(told(&ada, 1, 0).await, (vec![range(MONDAY, "2031-03-07", 5)], vec![]));
    }

    async fn a_rule_plans_and_hears_of_too_much(db) {
        let server = Server::start(&db).await;
        let (ada, _, wims) = office(&server, &db).await;
        for rule in [
            json!({ "name": "Plan", "trigger": { "on": "task.assigned" }, "steps": [
                { "id": "plan", "action": "allocation.create", "with": { "project": "WEB", "task": "{{ task.id }}", "user": wims, "from": MONDAY, "to": "2031-03-07", "percent": 120 } },
                { "id": "away", "action": "absence.create", "with": { "user": wims, "from": "2031-03-10", "kind": "training" } }] }),
            json!({ "name": "Warn", "trigger": { "on": "resource.over_allocated" }, "policy": { "cause": { "accept_rules": true } }, "steps": [
                { "id": "say", "action": "task.comment", "with": { "task": "WEB-1", "body": "Too much from {{ from }} to {{ to }}" } }] }),
        ] {
            let rule = ada.post("/rules", rule).await.expect_status(201).text("/id");
            ada.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        }
        ada.patch("/tasks/WEB-1", json!({ "assignees": [wims] })).await.expect_status(200);
        let start = std::time::Instant::now();
        loop {
            let comments = ada.get("/tasks/WEB-1/comments").await.expect_status(200);
            if let Some(comment) = comments.at("/items").as_array().unwrap().first() {
                assert_eq!(comment["body"], format!("Too much from {MONDAY} to 2031-03-07"));
                break;
            }
            assert!(start.elapsed() < std::time::Duration::from_secs(30));
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        announced(&ada, "resource.absence_added", 1).await;
    }

    async fn what_is_no_plan_is_refused(db) {
        let server = Server::start(&db).await;
        let (ada, _, wims) = office(&server, &db).await;
        ada.post("/projects/APP/tasks", json!({ "title": "Other" })).await.expect_status(201);
        let plan = |more: Value| {
            let mut plan = json!({ "user": wims, "from": MONDAY, "to": "2031-03-07" });
            plan.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            plan
        };
        for (body, pointer) in [
            (plan(json!({})), "/minutes_per_day"), (plan(json!({ "minutes_per_day": 60, "percent": 50 })), "/percent"), (plan(json!({ "minutes_per_day": 0 })), "/minutes_per_day"), (plan(json!({ "minutes_per_day": 1441 })), "/minutes_per_day"),
            (plan(json!({ "percent": 0 })), "/percent"), (plan(json!({ "percent": -5 })), "/percent"), (plan(json!({ "percent": 1001 })), "/percent"), (plan(json!({ "percent": 33.3 })), "/percent"), (plan(json!({ "percent": 50, "to": "2031-03-02" })), "/to"),
            (plan(json!({ "percent": 50, "to": "2034-03-04" })), "/to"), (plan(json!({ "percent": 50, "from": "2031-02-29" })), "/from"), (plan(json!({ "percent": 50, "user": "user_01h455vb4pex5vsknk084sn02q" })), "/user"),
            (plan(json!({ "percent": 50, "task": "WEB-9" })), "/task"), (plan(json!({ "percent": 50, "task": "APP-1" })), "/task"), (plan(json!({ "percent": 50, "note": "x".repeat(2001) })), "/note"), (plan(json!({ "percent": 50, "hours": 2 })), "/hours"),
        ] {
            let refused = ada.post("/projects/WEB/allocations", body.clone()).await.expect_problem(422, "invalid_fields");
            assert_eq!(refused.text("/errors/0/pointer"), pointer, "{body}: {:#}", refused.body);
        }
        for (body, pointer) in [
            (json!({}), "/from"), (json!({ "from": MONDAY, "to": "2031-03-02" }), "/to"), (json!({ "from": MONDAY, "to": "2032-03-03" }), "/to"), (json!({ "from": MONDAY, "part": "noon" }), "/part"), (json!({ "from": MONDAY, "kind": "bored" }), "/kind"),
            (json!({ "from": "3.3.2031" }), "/from"), (json!({ "from": MONDAY, "note": "a\u{0}" }), "/note"), (json!({ "from": MONDAY, "user": "user_01h455vb4pex5vsknk084sn02q" }), "/user"),
        ] {
            let refused = ada.post("/absences", body.clone()).await.expect_problem(422, "invalid_fields");
            assert_eq!(refused.text("/errors/0/pointer"), pointer, "{body}: {:#}", refused.body);
        }
        for query in ["from=2031-03-03&to=2031-03-02", "from=2031-01-01&to=2032-01-02", "from=soon", "limit=200&from=2031-01-01&to=2031-12-31", "day=2031-03-03"] {
            ada.get(&format!("/resources?{query}")).await.expect_refusal().expect_status(422);
        }
        ada.get("/resources?user=user_01h455vb4pex5vsknk084sn02q").await.expect_problem(404, "member_not_found");
        let page = ada.get("/resources?limit=1&from=2031-03-03&to=2031-03-03").await.expect_status(200);
        let rest = ada.get(&format!("/resources?from=2031-03-03&to=2031-03-03&cursor={}", page.text("/next_cursor"))).await.expect_status(200);
        assert_eq!((page.at("/items").as_array().unwrap().len(), rest.text("/items/0/user"), rest.at("/next_cursor")), (1, wims, &Value::Null));
        for path in ["/absences/abs_nonsense", "/absences/abs_01h455vb4pex5vsknk084sn02q", "/allocations/alloc_01h455vb4pex5vsknk084sn02q", "/projects/NONE/allocations"] {
            ada.get(path).await.expect_refusal().expect_status(404);
        }
    }
}
